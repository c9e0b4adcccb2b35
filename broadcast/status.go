package broadcast

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// status asks the platform what has become of an accepted broadcast.
func (b *Client) status(ctx context.Context, msgID int64) (string, error) {
	a, err := wechat.Post[statusAnswer](ctx, b.client, pathStatus, wechat.ClassRead, struct {
		MsgID string `json:"msg_id"`
	}{strconv.FormatInt(msgID, 10)})
	return a.Status, err
}

type statusAnswer struct {
	Status string `json:"msg_status"`
}

// Check refuses an answer without a status.
func (a *statusAnswer) Check() error {
	if a.Status == "" {
		return errors.New("no msg_status in the answer")
	}
	return nil
}

// Refresh asks the platform once what has become of an accepted broadcast, and keeps the answer. Any other
// job, and one whose msg_id nobody knows, is returned as it is. The error is a [*JobError] where the
// platform did not send what it had accepted (/doc/service/api/notify/message/api_massmsgget).
func (b *Client) Refresh(ctx context.Context, key string) (Job, error) {
	r, err := b.load(ctx, key)
	if err != nil || r.State != Accepted || r.MsgID == 0 {
		return r.Job, err
	}
	status, err := b.status(ctx, r.MsgID)
	if err != nil {
		return r.Job, fmt.Errorf("broadcast %q: %w", key, err)
	}
	if status == r.Status {
		return r.Job, nil
	}
	now, err := b.jobs.apply(ctx, r, reported{status})
	switch {
	case err != nil && !errors.Is(err, errMoved):
		return now.Job, fmt.Errorf("broadcast %q: %w", key, err)
	case now.State == Rejected:
		return now.Job, now.verdict()
	}
	return now.Job, nil
}

// How long Wait lets pass between looks, and how often it looks in vain.
const (
	firstPoll = 5 * time.Second
	lastPoll  = time.Minute
	maxVain   = 3
)

// Wait resumes a broadcast and waits until it is done: settles a lost answer when its time has come, and
// asks the platform now and then until the broadcast is finished or rejected. It returns early, with what
// is known, where the context would end before the next step, where something fails three times in a row,
// and where there is nothing to wait for: a broadcast that was refused, say, or one that somebody decided
// was sent without knowing its msg_id. The error is nil only where the broadcast is accepted.
func (b *Client) Wait(ctx context.Context, key string) (Job, error) {
	poll, vain := firstPoll, 0
	for {
		r, err := b.resume(ctx, key)
		job := r.Job
		if err == nil && job.State == Accepted && job.MsgID != 0 {
			job, err = b.Refresh(ctx, key)
		}
		rest := time.Duration(0)
		if at := job.ResolveAt(); !at.IsZero() {
			rest = at.Sub(r.clock())
		}
		if vain++; err == nil || rest > 0 {
			vain = 0 // nothing failed but what only time settles
		}
		polling := job.State == Accepted && job.MsgID != 0 || !job.ResolveAt().IsZero()
		if !polling || vain == maxVain {
			return job, err
		}
		rest = max(rest, poll)
		poll = min(lastPoll, poll*3/2)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= rest {
			return job, early(key, err, fmt.Errorf("the next step is in %s: %w", rest.Round(time.Second), context.DeadlineExceeded))
		}
		if !sleep(ctx, rest) {
			return job, early(key, err, ctx.Err())
		}
	}
}

// early is the error of a wait that was cut short, with what stood in the way so far.
func early(key string, err, why error) error {
	if err == nil {
		return fmt.Errorf("broadcast %q: wait: %w", key, why)
	}
	return fmt.Errorf("%w; wait: %w", err, why)
}
