package broadcast

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Send sends a broadcast, once: the job is in the store before anything leaves and its outcome before Send
// returns. A second Send with the same Key and content finds the job, goes on where it stands and returns
// it; with other content it is [ErrMismatch].
//
// The error is nil where the platform has accepted the broadcast, which is not yet sent to everybody: see
// [Client.Wait]. Where the answer was lost the error is a [*JobError] that unwraps to
// [wechat.ErrOutcomeUnknown]: the quota stays charged, and [Client.Resume] settles it. Input that breaks a
// rule is a [*wechat.InputError]; then, and where the quota is used up, nothing was sent or spent.
//
// The platform allows 60 requests a minute, and 100 a day
// (/doc/service/api/notify/message/api_sendall).
func (b *Client) Send(ctx context.Context, m Message) (Job, error) {
	if err := ctx.Err(); err != nil {
		return Job{}, fmt.Errorf("broadcast %q: %w", m.Key, err)
	}
	if err := b.client.Permit(ctx, pathSendAll); err != nil {
		return Job{}, fmt.Errorf("broadcast %q: %w", m.Key, err)
	}
	if err := wechat.Refuse("broadcast", m.problems(b.rules)); err != nil {
		return Job{}, err
	}
	r, err := b.draft(ctx, m)
	if err != nil {
		return r.Job, err
	}
	if !b.durable() {
		b.client.Logger().WarnContext(ctx, "wechat broadcast: the store is in memory, so a crash forgets the job", "key", m.Key)
	}
	return b.advance(ctx, r)
}

// Resume goes on with a broadcast wherever it stands: sends what was not sent, settles a lost answer by
// asking with the same key once that is safe, and brings the ledger into line. It does not wait. It may be
// called at any time, by any process: after a crash, or for every job that is not done.
func (b *Client) Resume(ctx context.Context, key string) (Job, error) {
	if err := b.client.Permit(ctx, pathSendAll); err != nil {
		return Job{}, fmt.Errorf("broadcast %q: %w", key, err)
	}
	r, err := b.jobs.load(ctx, key)
	if err != nil {
		return r.Job, err
	}
	return b.advance(ctx, r)
}

// draft finds the message's job or makes it, after everything was checked that could refuse it.
func (b *Client) draft(ctx context.Context, m Message) (record, error) {
	id := clientMsgID(b.client.AppID(), m.Key, 0)
	body, err := m.body(id)
	if err != nil {
		return record{}, wechat.Refuse("broadcast", []wechat.Problem{{Field: "content", Rule: "text", Message: err.Error()}})
	}
	r, err := b.jobs.load(ctx, m.Key)
	if !errors.Is(err, ErrNoJob) {
		if err == nil && r.Digest != digest(body) {
			err = &JobError{r.Job, ErrMismatch}
		}
		return r, err
	}
	if err := wechat.Refuse("broadcast", expired(m.Content, r.stored)); err != nil {
		return record{}, err
	}
	if b.ledger != nil {
		if err := b.ledger.Check(ctx, quota.Spend{ID: id, Reach: m.To.reach, Digest: digest(body)}); err != nil {
			return record{}, fmt.Errorf("broadcast %q: %w", m.Key, err)
		}
	}
	now := r.stored
	r, err = b.jobs.write(ctx, record{
		Job: Job{
			Key: m.Key, State: Draft, Kind: m.Content.Kind(), To: m.To.String(),
			ClientMsgID: id, Digest: digest(body), Created: now, Updated: now,
		},
		Reach: m.To.reach, Body: body,
	})
	if errors.Is(err, errMoved) { // another process was first
		if err = nil; r.Digest != digest(body) {
			err = &JobError{r.Job, ErrMismatch}
		}
	}
	return r, err
}

// advance moves a job on until it is accepted, done, or has to wait. It is the life of a broadcast.
func (b *Client) advance(ctx context.Context, r record) (Job, error) {
	again := false
	for {
		var err error
		switch r.State {
		case Draft:
			r, err = b.reserve(ctx, r)
		case Reserved:
			r, err = b.attempt(ctx, r)
		case Sending:
			if r.clock().Sub(r.LastSent) < coolDown {
				return r.Job, unknown(r, "it is being sent, or was when its process ended")
			}
			r, err = b.jobs.apply(ctx, r, lost{})
		case Unknown:
			now := r.clock()
			switch {
			case r.Conflict == "" && now.Sub(r.FirstSent) >= keyMemory:
				r, err = b.jobs.apply(ctx, r, tooLate{})
			case r.Conflict != "" || now.Sub(r.LastSent) < coolDown:
				return r.Job, unknown(r, r.Reason)
			default:
				r, err = b.attempt(ctx, r)
			}
		case Released:
			if again {
				return r.Job, &JobError{r.Job, errors.New(r.Reason)}
			}
			b.reconcile(ctx, r)
			again = true
			r, err = b.jobs.apply(ctx, r, reopened{})
		default:
			b.reconcile(ctx, r)
			return r.Job, verdictError(r)
		}
		if err != nil && !errors.Is(err, errMoved) {
			return r.Job, err
		}
	}
}

// unknown is the error of a job whose outcome is not known.
func unknown(r record, reason string) error {
	return &JobError{r.Job, fmt.Errorf("%w: %s", wechat.ErrOutcomeUnknown, reason)}
}

// verdictError is the error of a job that is settled, nil where it was accepted.
func verdictError(r record) error {
	switch r.State {
	case Accepted, Finished:
		return nil
	case NeedsOperator:
		return unknown(r, r.Reason)
	default:
		return &JobError{r.Job, errors.New(r.Reason)}
	}
}

// reserve takes the job's share of the quota.
func (b *Client) reserve(ctx context.Context, r record) (record, error) {
	if b.ledger != nil {
		_, err := b.ledger.Reserve(ctx, b.spend(r))
		switch {
		case errors.Is(err, quota.ErrExhausted), errors.Is(err, quota.ErrConflict):
			return b.release(ctx, r, err)
		case err != nil:
			return r, &JobError{r.Job, err}
		}
	}
	return b.jobs.apply(ctx, r, reserved{})
}

// release ends a round in which nothing was sent.
func (b *Client) release(ctx context.Context, r record, why error) (record, error) {
	now, err := b.jobs.apply(ctx, r, refused{why.Error()})
	if err != nil {
		return now, err
	}
	return now, &JobError{now.Job, why}
}

func (b *Client) spend(r record) quota.Spend {
	return quota.Spend{ID: r.reservation(), Reach: r.Reach, Digest: r.Digest}
}

// attempt lets one request leave. First the ledger holds the quota for good, then the journal says that
// the request is leaving; only then does it. Whatever comes back is in the journal before the caller
// hears of it, even where the caller no longer waits.
func (b *Client) attempt(ctx context.Context, r record) (record, error) {
	if b.ledger != nil {
		err := b.ledger.Doubt(ctx, r.reservation())
		switch {
		case r.State == Reserved && errors.Is(err, quota.ErrConflict): // the reservation lapsed
			return b.jobs.apply(ctx, r, refused{err.Error()})
		case err != nil:
			return r, &JobError{r.Job, err}
		}
	}
	before := time.Now()
	r, err := b.jobs.apply(ctx, r, sending{})
	if err != nil {
		return r, err
	}
	o, cause := outcome{verdict: unsentNow, reason: "the process was paused for too long"}, errors.New("paused")
	if time.Since(before) < fresh {
		o, cause = b.post(ctx, r)
	}
	safe, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	now, err := b.jobs.insist(safe, r, answered{o})
	if err != nil {
		r.State, r.Reason = Unknown, o.reason
		return r, &JobError{r.Job, errors.Join(wechat.ErrOutcomeUnknown, err, cause)}
	}
	b.reconcile(safe, now)
	if o.spent && now.State == Released && b.ledger != nil {
		cause = b.exhausted(safe, now, cause)
	}
	if now.State != Accepted {
		if now.State == Unknown && !errors.Is(cause, wechat.ErrOutcomeUnknown) {
			cause = fmt.Errorf("%w: %w", wechat.ErrOutcomeUnknown, cause)
		}
		return now, &JobError{now.Job, cause}
	}
	return now, nil
}

// exhausted closes the period that the platform calls used up, and answers as the ledger does.
func (b *Client) exhausted(ctx context.Context, r record, cause error) error {
	spend := b.spend(r)
	if err := b.ledger.Exhausted(ctx, spend); err != nil {
		b.client.Logger().WarnContext(ctx, "wechat broadcast: the ledger could not be closed", "key", r.Key, "error", err.Error())
		return cause
	}
	spend.ID += ".check"
	return errors.Join(b.ledger.Check(ctx, spend), cause)
}

// post makes the request and judges its answer.
func (b *Client) post(ctx context.Context, r record) (outcome, error) {
	answer, err := wechat.Post[sendAnswer](ctx, b.client, pathSendAll, wechat.ClassKeyed, r.Body)
	o := judge("POST "+pathSendAll, answer, err)
	if !o.earlier {
		return o, err
	}
	return b.verify(ctx, r, o, err)
}

// verify looks into a msg_id that the platform gave for a key it knows (45065). It has been seen to give
// that of another broadcast: so it counts only if no other job has it and the platform knows it.
func (b *Client) verify(ctx context.Context, r record, o outcome, cause error) (outcome, error) {
	for other, err := range b.jobs.all(ctx) {
		if err != nil {
			return o, errors.Join(cause, err)
		}
		if other.MsgID == o.msgID && other.Key != r.Key {
			o.conflict = other.Key
			return o, cause
		}
	}
	if _, err := b.status(ctx, o.msgID); err != nil {
		return o, errors.Join(cause, err)
	}
	o.verdict = acceptedNow
	return o, nil
}

// reconcile brings the ledger into line with the job. It is repeated whenever a job is touched, so an
// error is only worth a warning: what is charged stays charged until then.
func (b *Client) reconcile(ctx context.Context, r record) {
	if b.ledger == nil {
		return
	}
	var err error
	switch r.State {
	case Accepted, Finished, Rejected:
		err = b.ledger.Commit(ctx, r.reservation())
	case Released, Failed:
		if err = b.ledger.Release(ctx, r.reservation()); errors.Is(err, quota.ErrNotReserved) {
			err = nil // it was never reserved
		}
	}
	if err != nil {
		b.client.Logger().WarnContext(ctx, "wechat broadcast: the ledger is behind the job", "key", r.Key, "state", string(r.State), "error", err.Error())
	}
}
