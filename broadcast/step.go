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
	// patience is how long one attempt may take from the moment it is announced: less than the cool-down,
	// so that nobody takes over while a request is under way.
	patience = time.Minute
	// setBack is by how much the store's clock may go back before ages measured by it mean nothing.
	setBack = 30 * time.Minute
)

// pause is how long an unresolved attempt has to rest. It doubles up to 35 minutes, as the platform takes
// no more than 100 requests a day for all broadcasts of an account.
func (j Job) pause() time.Duration { return coolDown << min(max(j.Attempts-1, 0), 5) }

// event is something that happens to a job.
//
//sumtype:decl
type event interface{ event() }

type (
	// reserved: the ledger holds the quota.
	reserved struct{}
	// refused: before anything was sent, something did not allow it.
	refused struct{ reason string }
	// forgotten: the ledger knows a broadcast of that name, whose job is lost.
	forgotten struct{ reason string }
	// reopened: a released job is begun anew.
	reopened struct{}
	// sending: a request is about to leave.
	sending struct{}
	// lost: whoever was sending has not been heard of since.
	lost struct{}
	// answered: a request came to something.
	answered struct {
		attempt int
		outcome
	}
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

func (reserved) event()  {}
func (refused) event()   {}
func (forgotten) event() {}
func (reopened) event()  {}
func (sending) event()   {}
func (lost) event()      {}
func (answered) event()  {}
func (tooLate) event()   {}
func (decided) event()   {}
func (reported) event()  {}

// step is the state machine: what a job becomes by an event at a time of the store's clock. It is pure.
// What the state does not allow is [ErrState], and the job stays as it was.
func step(r record, e event, now time.Time) (record, error) {
	next, legal := r, false
	if now.After(r.Updated) { // a clock that was set back stays visible
		next.Updated = now
	}
	switch e := e.(type) {
	case reserved:
		legal = r.State == Draft
		next.State = Reserved
	case refused:
		legal = r.State == Draft || r.State == Reserved
		next.State, next.Reason = Released, e.reason
	case forgotten:
		legal = r.State == Draft || r.State == Reserved
		next.State, next.Reason = NeedsOperator, e.reason
	case reopened:
		legal = r.State == Released
		next.State, next.Round, next.Attempts = Draft, r.Round+1, 0
		next.Code, next.Reason, next.FirstSent, next.LastSent = 0, "", time.Time{}, time.Time{}
	case sending:
		legal = r.State == Reserved || r.State == Unknown && r.due(now) && !r.tooOld(now)
		next.State, next.LastSent, next.Attempts = Sending, now, r.Attempts+1
		if r.FirstSent.IsZero() {
			next.FirstSent = now
		}
	case lost:
		legal = r.State == Sending && (now.Sub(r.LastSent) >= coolDown || r.tooOld(now))
		next.State, next.Reason = Unknown, "the process that was sending it did not finish"
	case answered:
		legal = r.Attempts >= e.attempt
		next.answer(e, now)
	case tooLate:
		legal = r.State == Unknown && r.Conflict == "" && r.tooOld(now)
		next.State = NeedsOperator
	case decided:
		legal = r.State == Unknown || r.State == NeedsOperator
		next.decide(e)
	case reported:
		legal = r.State == Accepted
		next.report(e.status)
	}
	if !legal {
		return r, fmt.Errorf("%s, %T: %w", r.State, e, ErrState)
	}
	return next, nil
}

// due reports whether an unknown job has rested long enough to be asked for again.
func (r record) due(now time.Time) bool {
	return r.Conflict == "" && now.Sub(r.LastSent) >= r.pause()
}

// tooOld reports whether the platform may have forgotten the key: the first attempt is too long ago, or a
// clock that was set back does not tell how long.
func (r record) tooOld(now time.Time) bool {
	return now.Sub(r.FirstSent) >= keyMemory || now.Before(r.Updated.Add(-setBack))
}

// answer takes in what a request came to. An acceptance counts whoever hears of it and when. Anything else
// counts only as the answer to the attempt that is under way, and ends doubt only if that is the first:
// what a repeat comes to tells nothing about the request before it.
func (r *record) answer(e answered, now time.Time) {
	switch {
	case e.verdict == acceptedNow && (r.State == Accepted || r.State == Finished || r.State == Rejected):
		if r.MsgID == 0 {
			r.MsgID, r.MsgDataID = e.msgID, e.msgDataID
		} else if r.MsgID != e.msgID {
			r.Reason = fmt.Sprintf("the platform accepted it twice: also as %d", e.msgID)
		}
	case e.verdict == acceptedNow:
		r.State, r.MsgID, r.MsgDataID = Accepted, e.msgID, e.msgDataID
		r.Code, r.Reason, r.Conflict = 0, "", ""
	case r.State != Sending || r.Attempts != e.attempt:
	case r.Attempts == 1 && e.verdict == unsentNow:
		r.State, r.Code, r.Reason = Released, e.code, e.reason
	case r.Attempts == 1 && e.verdict == refusedNow:
		r.State, r.Code, r.Reason = Failed, e.code, e.reason
	default:
		r.State, r.LastSent, r.Conflict = Unknown, now, e.conflict
		r.Code, r.Reason = e.code, e.reason
	}
}

// decide takes in what an operator says.
func (r *record) decide(e decided) {
	r.By, r.Conflict = e.by, ""
	if e.sent {
		r.State, r.MsgID, r.Code, r.Reason = Accepted, e.msgID, 0, ""
		return
	}
	r.State, r.Reason = Failed, "it was not sent, says "+e.by
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
