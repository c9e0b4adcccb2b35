package broadcast

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// lease is how long after it was last touched a broadcast of which nothing has left may still be begun by
// Resume. Older news is nobody's wish any more until somebody calls Send.
const lease = 15 * time.Minute

// Send sends a broadcast, once: the job is in the store before anything leaves and its outcome before Send
// returns. A second Send with the same Key and content finds the job, goes on where it stands and returns
// it; with other content it is [ErrMismatch].
//
// The error is nil where the platform has accepted the broadcast, which is not yet sent to everybody: see
// [Client.Wait]. Where the answer was lost the error is a [*JobError] that unwraps to
// [wechat.ErrOutcomeUnknown]: the quota stays charged, and [Client.Resume] settles it. Input that breaks a
// rule is a [*wechat.InputError]; then, and where the quota is used up, nothing was sent or spent. One
// attempt takes a minute at most, whatever the context allows.
//
// The platform allows 60 requests a minute, and 100 a day
// (/doc/service/api/notify/message/api_sendall).
func (b *Client) Send(ctx context.Context, m Message) (Job, error) {
	if err := ctx.Err(); err != nil {
		return Job{}, fmt.Errorf("broadcast %q: %w", m.Key, err)
	}
	if err := b.permit(ctx, m.Key); err != nil {
		return Job{}, err
	}
	if err := wechat.Refuse("broadcast", m.problems(b.rules)); err != nil {
		return Job{}, err
	}
	r, err := b.begin(ctx, m)
	switch {
	case err != nil && r.version == 0:
		return Job{}, err // there is no job
	case err != nil:
		return r.Job, err
	}
	if !b.durable() {
		b.client.Logger().WarnContext(ctx, "wechat broadcast: the store is in memory, so a crash forgets the job", "key", m.Key)
	}
	r, err = b.advance(ctx, r)
	return r.Job, err
}

// Resume goes on with a broadcast wherever it stands: sends what was about to be sent, settles a lost answer
// by asking with the same key once that is safe, and brings the ledger into line. It does not wait. The
// error is as Send's.
//
// It may be called at any time, by any process, for every job of [Client.Jobs]: that is how a program
// begins after a crash. What was released it leaves alone, and it releases what nobody has touched for 15
// minutes and was never sent, as a broadcast must not go out days late because a program was started again.
func (b *Client) Resume(ctx context.Context, key string) (Job, error) {
	r, err := b.resume(ctx, key)
	return r.Job, err
}

func (b *Client) resume(ctx context.Context, key string) (record, error) {
	if err := b.permit(ctx, key); err != nil {
		return record{}, err
	}
	r, err := b.load(ctx, key)
	if err != nil {
		return r, err
	}
	if (r.State == Draft || r.State == Reserved) && r.clock().Sub(r.Updated) > lease {
		now, err := b.release(ctx, r, errors.New("it was not sent in time"))
		if !errors.Is(err, errMoved) {
			return now, b.conclude(ctx, now, err)
		}
		r = now
	}
	return b.advance(ctx, r)
}

// begin finds the message's job or makes it. What was not sent yet is looked at once more: its media may
// have expired by now, or the quota be used up.
func (b *Client) begin(ctx context.Context, m Message) (record, error) {
	fresh, err := b.draft(m)
	if err != nil {
		return record{}, err
	}
	r, err := b.jobs.load(ctx, m.Key)
	switch {
	case errors.Is(err, ErrNoJob):
		r = fresh.from(r)
	case err != nil:
		return r, fmt.Errorf("broadcast %q: %w", m.Key, err)
	case r.Digest != fresh.Digest:
		return r, &JobError{r.Job, ErrMismatch}
	case !r.State.unsent():
		return r, nil
	}
	if err := wechat.Refuse("broadcast", expired(m.Content, r.clock())); err != nil {
		return r, err
	}
	next := r
	switch {
	case r.State == Released:
		if err := b.reconcile(ctx, r); err != nil { // a round must not begin while the last is still charged
			return r, r.stands(err)
		}
		if next, err = step(r, reopened{}, r.clock()); err != nil {
			return r, r.stands(err)
		}
	case r.version != 0:
		return r, nil
	}
	if err := b.afford(ctx, next.spend()); err != nil {
		return r, fmt.Errorf("broadcast %q: %w", m.Key, err)
	}
	next.Write = rand.Text()
	now, err := b.jobs.write(ctx, next)
	switch {
	case err != nil && !errors.Is(err, errMoved):
		return r, r.stands(err)
	case now.Digest != fresh.Digest: // another process was first
		return now, &JobError{now.Job, ErrMismatch}
	}
	return now, nil
}

// draft makes the message's job as it begins.
func (b *Client) draft(m Message) (record, error) {
	id := clientMsgID(b.client.AppID(), m.Key, 0)
	body, err := m.body(id)
	if err != nil {
		return record{}, wechat.Refuse("broadcast", []wechat.Problem{{Field: "content", Rule: "text", Message: err.Error()}})
	}
	return record{
		Job:   Job{Key: m.Key, State: Draft, Kind: m.Content.Kind(), To: m.To.String(), ClientMsgID: id, Digest: digest(body)},
		Reach: m.To.reach, Body: body,
	}, nil
}

// advance moves a job on until it is accepted, done, or has to wait. It is the life of a broadcast.
func (b *Client) advance(ctx context.Context, r record) (record, error) {
	for {
		var err error
		switch r.State {
		case Draft:
			r, err = b.reserve(ctx, r)
		case Reserved:
			r, err = b.attempt(ctx, r)
		case Sending:
			if now := r.clock(); now.Sub(r.LastSent) < coolDown && !r.tooOld(now) {
				return r, r.stands(errors.New("it is being sent, or was when its process ended"))
			}
			r, err = b.jobs.apply(ctx, r, lost{})
		case Unknown:
			switch now := r.clock(); {
			case r.Conflict == "" && r.tooOld(now):
				r, err = b.jobs.apply(ctx, r, tooLate{})
			case !r.due(now):
				return r, r.verdict()
			default:
				r, err = b.attempt(ctx, r)
			}
		default:
			return r, b.conclude(ctx, r, nil)
		}
		if err != nil && !errors.Is(err, errMoved) {
			return r, b.conclude(ctx, r, err)
		}
	}
}

// conclude brings the ledger into line with the job, even where the caller no longer waits, and says how it
// stands: nil where it is accepted, else with what stood in the way. A ledger that is behind is only worth
// a warning: what is charged stays charged, and the next to touch the job tries again.
func (b *Client) conclude(ctx context.Context, r record, why error) error {
	safe, cancel := detach(ctx)
	defer cancel()
	if err := b.reconcile(safe, r); err != nil {
		b.client.Logger().WarnContext(ctx, "wechat broadcast: the ledger is behind the job", "key", r.Key, "state", string(r.State), "error", err.Error())
	}
	if why == nil {
		return r.verdict()
	}
	return r.stands(why)
}

// detach gives a context for what has to be written down after the caller's has ended.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}
