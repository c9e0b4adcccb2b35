package broadcast

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// attempt lets one request leave. First the ledger holds the quota for good, then the journal says that
// the request is leaving; only then does it. Whatever comes back is in the journal before the caller
// hears of it, even where the caller no longer waits.
func (b *Client) attempt(ctx context.Context, r record) (record, error) {
	if now, err := b.charge(ctx, r); err != nil || now.version != r.version {
		return now, err
	}
	began := time.Now()
	r, err := b.jobs.apply(ctx, r, sending{})
	if err != nil {
		return r, err
	}
	// A process that was paused until others may have taken over must not wake up and send.
	paused := max(elapsed(began), r.stored.Sub(r.LastSent))
	o, cause := b.post(ctx, r, patience-paused)

	ctx = context.WithoutCancel(ctx)
	now, err := b.jobs.insist(ctx, r, answered{r.Attempts, o})
	switch {
	case err != nil && o.verdict == acceptedNow:
		return r, fmt.Errorf("accepted with msg_id %d, which could not be written down: %w", o.msgID, err)
	case err != nil:
		return r, fmt.Errorf("%w; which could not be written down: %w", cause, err)
	case o.verdict == acceptedNow && now.MsgID != o.msgID:
		b.client.Logger().ErrorContext(ctx, "wechat broadcast: accepted twice", "key", r.Key, "msg_id", now.MsgID, "second", o.msgID)
	case o.spent && now.State == Released:
		cause = b.exhausted(ctx, now, cause)
	}
	if now.verdict() == nil {
		return now, nil
	}
	return now, cause
}

// post makes the request and judges its answer, in the time that is left.
func (b *Client) post(ctx context.Context, r record, left time.Duration) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	answer, err := wechat.Post[sendAnswer](ctx, b.client, pathSendAll, wechat.ClassKeyed, r.Body)
	o := judge("POST "+pathSendAll, answer, err)
	if o.earlier {
		return b.verify(ctx, r, o, err)
	}
	return o, err
}

// verify looks into a msg_id that the platform gave for a key it knows (45065). It has been seen to give
// that of another broadcast: so it counts only if no other job has it and the platform knows it.
func (b *Client) verify(ctx context.Context, r record, o outcome, cause error) (outcome, error) {
	owner, err := b.jobs.owner(ctx, o.msgID, r.Key)
	if err == nil && owner == "" {
		_, err = b.status(ctx, o.msgID)
	}
	switch {
	case err != nil:
		return o, fmt.Errorf("%w; verify: %w", cause, err)
	case owner != "":
		o.conflict = owner
		return o, fmt.Errorf("%w: %q has msg_id %d: %w", ErrConflict, owner, o.msgID, cause)
	}
	o.verdict = acceptedNow
	return o, nil
}

// elapsed is the time since t by whichever of the process's clocks says more: the monotonic one stands
// still while the machine sleeps, and the other can be set.
func elapsed(t time.Time) time.Duration {
	now := time.Now()
	return max(now.Sub(t), now.Round(0).Sub(t.Round(0)))
}

// release ends a round in which nothing was sent.
func (b *Client) release(ctx context.Context, r record, why error) (record, error) {
	now, err := b.jobs.apply(ctx, r, refused{why.Error()})
	switch {
	case err == nil:
		return now, why
	case errors.Is(err, errMoved):
		return now, err
	}
	return now, fmt.Errorf("%w; then %w", why, err)
}
