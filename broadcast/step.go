package broadcast

import (
	"fmt"
	"time"
)

// The platform recognises a repeat by its key for 24 hours, and answers one that comes within a minute
// with an error that says nothing. So doubt is resolved with the same request, at least 65 seconds after
// the last attempt and at most 23 hours after the first.
const (
	coolDown  = 65 * time.Second
	keyMemory = 23 * time.Hour
	// fresh is how long a durable "sending" may be used to send: a process that was paused for longer
	// must not wake up and send.
	fresh = 10 * time.Minute
)

// event is something that happens to a job.
//
//sumtype:decl
type event interface{ event() }

type (
	// reserved: the ledger holds the quota.
	reserved struct{}
	// refused: before anything was sent, something did not allow it.
	refused struct{ reason string }
	// reopened: a released job is begun anew.
	reopened struct{}
	// sending: a request is about to leave.
	sending struct{}
	// lost: whoever was sending has not been heard of since.
	lost struct{}
	// answered: a request came to something.
	answered struct{ outcome }
	// tooLate: the platform no longer knows the key.
	tooLate struct{}
	// decided: an operator knows better.
	decided struct {
		sent  bool
		msgID int64
		by    string
	}
	// reported: the platform was asked about the accepted broadcast.
	reported struct{ status string }
)

func (reserved) event() {}
func (refused) event()  {}
func (reopened) event() {}
func (sending) event()  {}
func (lost) event()     {}
func (answered) event() {}
func (tooLate) event()  {}
func (decided) event()  {}
func (reported) event() {}

// step is the state machine: what a job becomes by an event at a time of the store's clock. It is pure.
func step(r record, e event, now time.Time) (record, error) {
	illegal := func() (record, error) { return r, fmt.Errorf("%s job, %T: %w", r.State, e, ErrState) }
	r.Updated = now
	switch e := e.(type) {
	case reserved:
		if r.State != Draft {
			return illegal()
		}
		r.State = Reserved
	case refused:
		if r.State != Draft && r.State != Reserved {
			return illegal()
		}
		r.State, r.Reason = Released, e.reason
	case reopened:
		if r.State != Released {
			return illegal()
		}
		r.State, r.Round, r.Attempts = Draft, r.Round+1, 0
		r.Code, r.Reason, r.FirstSent, r.LastSent = 0, "", time.Time{}, time.Time{}
	case sending:
		return r.send(now, illegal)
	case lost:
		if r.State != Sending || now.Sub(r.LastSent) < coolDown {
			return illegal()
		}
		r.State, r.Reason = Unknown, "the process that was sending it did not finish"
	case answered:
		if r.State != Sending && r.State != Unknown {
			return illegal()
		}
		r.answer(e.outcome, now)
	case tooLate:
		if r.State != Unknown || now.Sub(r.FirstSent) < keyMemory {
			return illegal()
		}
		r.State = NeedsOperator
	case decided:
		if r.State != Unknown && r.State != NeedsOperator {
			return illegal()
		}
		r.By = e.by
		if r.State = Failed; e.sent {
			r.State, r.MsgID, r.Conflict = Accepted, e.msgID, ""
		}
	case reported:
		if r.State != Accepted {
			return illegal()
		}
		r.report(e.status)
	}
	return r, nil
}

// send lets a request leave: the first of a reserved job, or the same again for an unknown one whose time
// has come.
func (r record) send(now time.Time, illegal func() (record, error)) (record, error) {
	switch {
	case r.State == Reserved:
	case r.State == Unknown && r.Conflict == "" && now.Sub(r.LastSent) >= coolDown && now.Sub(r.FirstSent) < keyMemory:
	default:
		return illegal()
	}
	r.State, r.LastSent = Sending, now
	r.Attempts++
	if r.FirstSent.IsZero() {
		r.FirstSent = now
	}
	return r, nil
}

// answer takes in what a request came to. Whatever a repeated request comes to, short of an acceptance,
// tells nothing about the first one.
func (r *record) answer(o outcome, now time.Time) {
	r.Code, r.Reason = o.code, o.reason
	verdict := o.verdict
	if r.Attempts > 1 && verdict != acceptedNow {
		verdict = maybe
	}
	if r.State == Unknown && verdict != acceptedNow {
		return // somebody else has given the attempt up; this late word decides nothing
	}
	switch verdict {
	case acceptedNow:
		r.State, r.MsgID, r.MsgDataID = Accepted, o.msgID, o.msgDataID
		r.Code, r.Reason = 0, ""
	case unsentNow:
		r.State = Released
	case refusedNow:
		r.State = Failed
	default:
		r.State, r.LastSent, r.Conflict = Unknown, now, o.conflict
	}
}

// report takes in the platform's own word for an accepted broadcast. Words it does not know it keeps.
func (r *record) report(status string) {
	r.Status = status
	switch status {
	case "SEND_SUCCESS", "SEND SUCCESS", "DELETE":
		r.State = Finished
	case "SEND_FAIL":
		r.State, r.Reason = Rejected, "the platform accepted the broadcast and then did not send it"
	}
}
