package broadcast

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// record is a job with what only the machine needs.
type record struct { //nolint:recvcheck // a value, which two methods of step fill in
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

// schema is the version of the record's layout.
const schema = 1

// clock is the store's clock now: what it said, and how long ago that was.
func (r record) clock() time.Time { return r.stored.Add(time.Since(r.read)) }

// reservation is the id under which the round's share of the quota is kept.
func (r record) reservation() string {
	if r.Round == 0 {
		return r.ClientMsgID
	}
	return fmt.Sprintf("%s.%d", r.ClientMsgID, r.Round)
}

// spend is the round's share of the quota.
func (r record) spend() quota.Spend {
	return quota.Spend{ID: r.reservation(), Reach: r.Reach, Digest: r.Digest}
}

// from dates a new record by the clock that came with the news that there is none.
func (r record) from(none record) record {
	r.stored, r.read, r.Created, r.Updated = none.stored, none.read, none.stored, none.stored
	return r
}

func (r record) seen(rec store.Record) record {
	r.version, r.stored, r.read = rec.Version, rec.Now, time.Now()
	return r
}

// encode writes the record. The body keeps its bytes: what encoding/json escapes by default, the & of a
// link for example, would be another request.
func (r record) encode() ([]byte, error) {
	r.Schema = schema
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("job record: %w", err)
	}
	return b.Bytes(), nil
}

// decode reads a record. What it does not understand it does not guess.
func decode(rec store.Record) (record, error) {
	var r record
	if err := json.Unmarshal(rec.Value, &r); err != nil {
		var other struct {
			Schema int `json:"schema"`
		}
		if json.Unmarshal(rec.Value, &other) == nil && other.Schema > schema {
			return record{}, fmt.Errorf("job record of schema %d: %w", other.Schema, store.ErrSchema)
		}
		return record{}, fmt.Errorf("job record: %w", store.ErrCorrupt)
	}
	if r.Schema > schema {
		return record{}, fmt.Errorf("job record of schema %d: %w", r.Schema, store.ErrSchema)
	}
	if flaw := r.flaw(); flaw != "" {
		return record{}, fmt.Errorf("job record: %s: %w", flaw, store.ErrCorrupt)
	}
	return r.seen(rec), nil
}

// flaw says what no writer of this package has written, or nothing.
func (r record) flaw() string {
	tried := r.Attempts > 0 && !r.FirstSent.IsZero() && !r.LastSent.IsZero()
	switch {
	case r.Schema != schema:
		return "no schema"
	case r.Key == "" || r.ClientMsgID == "":
		return "no key"
	case digest(r.Body) != r.Digest:
		return "the body is not the one of the digest"
	case r.Attempts < 0 || r.Round < 0 || r.MsgID < 0:
		return "negative count"
	}
	switch r.State {
	case Sending, Unknown:
		if !tried {
			return "sent, but no attempt"
		}
	case Accepted, Finished, Rejected:
		if r.MsgID == 0 && r.By == "" {
			return "accepted, but no msg_id"
		}
	case Draft, Reserved, Released, Failed, NeedsOperator:
	default:
		return "unknown state"
	}
	return ""
}
