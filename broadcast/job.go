package broadcast

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// State is where a broadcast stands.
//
//	Draft → Reserved → Sending → Accepted → Finished
//
// Beside that line: Released (nothing was sent, and the quota is free again), Failed (the platform refused
// the broadcast as it is), Unknown (it may have been accepted), NeedsOperator (it was Unknown too long to
// be resolved safely), Rejected (accepted, and then not sent).
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
	// MsgID is the platform's number of the accepted broadcast, and 0 before.
	MsgID int64 `json:"msg_id,omitempty"`
	// MsgDataID is its number in the article statistics; only articles have one.
	MsgDataID int64 `json:"msg_data_id,omitempty"`
	// Digest is the SHA-256 of the request's body in hexadecimal.
	Digest string `json:"digest"`
	// Attempts counts the requests that left, or may have.
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

// ResolveAt is the earliest time at which a lost answer may be resolved by asking the platform again, and
// zero where there is nothing to resolve.
func (j Job) ResolveAt() time.Time {
	if j.State != Unknown && j.State != Sending || j.Conflict != "" {
		return time.Time{}
	}
	return j.LastSent.Add(coolDown)
}

// record is a job with what only the machine needs.
type record struct {
	Schema int `json:"schema"`
	Job
	// Round counts how often the job was begun anew after it had been released: each has a reservation of
	// its own in the ledger.
	Round int `json:"round,omitempty"`
	// Reach is what the audience spends.
	Reach quota.Reach `json:"reach"`
	// Body is the request, byte for byte.
	Body json.RawMessage `json:"body"`
	// Write names the last write, so that its writer knows it again.
	Write string `json:"write"`

	version uint64
	stored  time.Time // the store's clock when the record was read
	read    time.Time // ours
}

// clock is the store's clock now: what it said, and how long ago that was.
func (r record) clock() time.Time { return r.stored.Add(time.Since(r.read)) }

// schema is the version of the record's layout.
const schema = 1

// reservation is the id under which the round's share of the quota is kept.
func (r record) reservation() string {
	if r.Round == 0 {
		return r.ClientMsgID
	}
	return fmt.Sprintf("%s.%d", r.ClientMsgID, r.Round)
}

func (r record) seen(rec store.Record) record {
	r.version, r.stored, r.read = rec.Version, rec.Now, time.Now()
	return r
}

func (r record) encode() ([]byte, error) {
	r.Schema = schema
	return json.Marshal(r)
}

// decode reads a record. What it does not understand it does not guess.
func decode(rec store.Record) (record, error) {
	var r record
	if err := json.Unmarshal(rec.Value, &r); err != nil {
		return record{}, fmt.Errorf("job record: %w", store.ErrCorrupt)
	}
	switch {
	case r.Schema != schema:
		return record{}, fmt.Errorf("job record of schema %d: %w", r.Schema, store.ErrSchema)
	case r.Key == "" || r.ClientMsgID == "" || digest(r.Body) != r.Digest:
		return record{}, fmt.Errorf("job record: %w", store.ErrCorrupt)
	}
	return r.seen(rec), nil
}

// JobError is a broadcast that is not accepted, or not known to be. It unwraps to what stood in the way:
// [wechat.ErrOutcomeUnknown] where it may have been sent, [quota.ErrExhausted], a [*wechat.Error] …
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
	switch {
	case e.Job.Conflict != "":
		s += fmt.Sprintf("; the platform gave it the msg_id of %q: only Decide can settle it", e.Job.Conflict)
	case e.Job.State == NeedsOperator:
		s += "; the platform no longer recognises a repeat: look into the console and Decide"
	case !e.Job.ResolveAt().IsZero():
		s += "; Resume settles it without sending twice, from " + e.Job.ResolveAt().In(quotaZone).Format(stamp)
	case e.Job.State == Released:
		s += "; nothing was sent and no quota spent: the same Key can be sent again"
	}
	return s
}

// Unwrap gives what stood in the way.
func (e *JobError) Unwrap() error { return e.Err }

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
)
