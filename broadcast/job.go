package broadcast

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// State is where a broadcast stands.
//
//	Draft → Reserved → Sending → Accepted → Finished
//
// Beside that line: Released (nothing was sent, and the quota is free again), Failed (the platform refused
// the broadcast as it is), Unknown (it may have been accepted), NeedsOperator (nobody but a person can find
// out), Rejected (accepted, and then not sent).
type State string

// The states.
const (
	Draft         State = "draft"
	Reserved      State = "reserved"
	Sending       State = "sending"
	Unknown       State = "unknown"
	Accepted      State = "accepted"
	Finished      State = "finished"
	Released      State = "released"
	Failed        State = "failed"
	Rejected      State = "rejected"
	NeedsOperator State = "needs operator"
)

// Done reports whether nothing more will happen to the broadcast by itself.
func (s State) Done() bool {
	return s == Finished || s == Failed || s == Rejected || s == Released || s == NeedsOperator
}

// unsent reports whether nothing of the broadcast has left yet, or is about to.
func (s State) unsent() bool { return s == Draft || s == Reserved || s == Released }

// doubtful reports whether the broadcast may have been accepted without anybody knowing.
func (s State) doubtful() bool { return s == Sending || s == Unknown || s == NeedsOperator }

// Job is a broadcast on its way, as the store keeps it.
type Job struct {
	// Key is the Message's.
	Key string `json:"key"`
	// State is where it stands.
	State State `json:"state"`
	// Kind and To say what is sent to whom, for people.
	Kind string `json:"kind"`
	To   string `json:"to"`
	// ClientMsgID is the key by which the platform recognises a repeat.
	ClientMsgID string `json:"clientmsgid"`
	// MsgID is the platform's number of the accepted broadcast. It is 0 before, and where somebody decided
	// that it was sent without knowing its number.
	MsgID int64 `json:"msg_id,omitempty"`
	// MsgDataID is its number in the article statistics; only articles have one.
	MsgDataID int64 `json:"msg_data_id,omitempty"`
	// Digest is the SHA-256 of the request's body in hexadecimal.
	Digest string `json:"digest"`
	// Attempts counts the requests that left, or may have, since it was last begun.
	Attempts int `json:"attempts"`
	// FirstSent and LastSent are when that was, by the store's clock.
	FirstSent time.Time `json:"first_sent,omitzero"`
	LastSent  time.Time `json:"last_sent,omitzero"`
	// Created and Updated are when the job was made and last changed.
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	// Code and Reason tell what the last attempt came to, where it did not succeed.
	Code   int    `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Status is the platform's own word for the broadcast: SEND_SUCCESS, SENDING, SEND_FAIL, DELETE.
	Status string `json:"status,omitempty"`
	// Conflict is the Key of another job that has the msg_id which the platform gave for this one.
	Conflict string `json:"conflict,omitempty"`
	// By says who decided about a job that needed an operator.
	By string `json:"by,omitempty"`
}

// ResolveAt is the earliest time at which a lost answer may be resolved by asking the platform again, by
// the store's clock, and zero where there is nothing to resolve.
func (j Job) ResolveAt() time.Time {
	if j.State != Unknown && j.State != Sending || j.Conflict != "" {
		return time.Time{}
	}
	return j.LastSent.Add(j.pause())
}

// JobError is a broadcast that is not accepted, or not known to be. It unwraps to what stood in the way:
// [wechat.ErrOutcomeUnknown] where it may have been sent, [quota.ErrExhausted], a [*wechat.Error] and others.
type JobError struct {
	// Job is where the broadcast stands.
	Job Job
	// Err is what stood in the way.
	Err error
}

// Error says where the broadcast stands, why, and what can be done.
func (e *JobError) Error() string {
	s := fmt.Sprintf("broadcast %q: %s", e.Job.Key, e.Job.State)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if hint := e.Job.hint(); hint != "" && !errors.Is(e.Err, ErrMismatch) {
		s += "; " + hint
	}
	return s
}

// hint says what can be done.
func (j Job) hint() string {
	switch j.State {
	case Draft, Reserved:
		return "nothing was sent yet: Send or Resume goes on"
	case Released:
		return "nothing was sent and no quota spent: the same Key can be sent again"
	case Failed:
		return "a corrected broadcast needs a Key of its own"
	case NeedsOperator:
		return "look into the console and Decide"
	case Sending, Unknown:
		if j.Conflict != "" {
			return "look into the console and Decide"
		}
		return "Resume settles it without sending twice, from " + j.ResolveAt().In(quotaZone).Format(stamp)
	case Accepted, Finished, Rejected:
	}
	return ""
}

// Unwrap gives what stood in the way.
func (e *JobError) Unwrap() error { return e.Err }

// stands is the error of a job that is not accepted because of err. One that may have been sent always
// says so.
func (j Job) stands(err error) error {
	if j.State.doubtful() && !errors.Is(err, wechat.ErrOutcomeUnknown) {
		err = fmt.Errorf("%w: %w", wechat.ErrOutcomeUnknown, err)
	}
	return &JobError{j, err}
}

// verdict is the error of a job as it stands, nil where it is accepted.
func (j Job) verdict() error {
	switch {
	case j.State == Accepted || j.State == Finished:
		return nil
	case j.State == Unknown && j.Conflict != "":
		return j.stands(fmt.Errorf("%w: %q", ErrConflict, j.Conflict))
	}
	return j.stands(errors.New(j.Reason))
}

// quotaZone is the platform's clock.
var quotaZone = time.FixedZone("UTC+8", 8*60*60)

const stamp = "2006-01-02 15:04:05 -07:00"

// Errors about jobs.
var (
	// ErrMismatch: the Key belongs to a broadcast with other content or another audience.
	ErrMismatch = errors.New("the key belongs to another broadcast")
	// ErrNoJob: there is no broadcast with that Key.
	ErrNoJob = errors.New("no such broadcast")
	// ErrState: the job's state does not allow that.
	ErrState = errors.New("the broadcast's state does not allow this")
	// ErrConflict: the platform gave the msg_id of another broadcast of the account for this one, so that
	// it tells nothing; Job.Conflict names the other.
	ErrConflict = errors.New("the platform named another broadcast")
)
