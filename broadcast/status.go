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
// job is returned as it is (/doc/service/api/notify/message/api_massmsgget).
func (b *Client) Refresh(ctx context.Context, key string) (Job, error) {
	r, err := b.jobs.load(ctx, key)
	if err != nil || r.State != Accepted {
		return r.Job, err
	}
	status, err := b.status(ctx, r.MsgID)
	if err != nil {
		return r.Job, fmt.Errorf("broadcast %q: %w", key, err)
	}
	now, err := b.jobs.apply(ctx, r, reported{status})
	if errors.Is(err, errMoved) {
		err = nil
	}
	return now.Job, err
}

// Intervals between looks at a broadcast that is being sent.
const (
	firstPoll = 5 * time.Second
	lastPoll  = time.Minute
)

// Wait resumes a broadcast and waits until it is done: settles a lost answer when its time has come, and
// asks the platform now and then until the broadcast is finished or rejected. It returns early, with what
// is known, where the context would end before the next step.
func (b *Client) Wait(ctx context.Context, key string) (Job, error) {
	poll := firstPoll
	for {
		job, err := b.Resume(ctx, key)
		if job.State == Accepted && err == nil {
			job, err = b.Refresh(ctx, key)
		}
		var wait time.Duration
		switch {
		case job.State.Done():
			return job, err
		case job.State == Accepted:
			wait, poll = poll, min(lastPoll, poll*3/2)
		case errors.Is(err, wechat.ErrOutcomeUnknown) && !job.ResolveAt().IsZero():
			r, lerr := b.jobs.load(ctx, key)
			if lerr != nil {
				return job, errors.Join(err, lerr)
			}
			wait = max(r.ResolveAt().Sub(r.clock()), time.Second)
		default:
			return job, err
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
			return job, errors.Join(err, fmt.Errorf("broadcast %q: the next step is in %s: %w", key, wait.Round(time.Second), context.DeadlineExceeded))
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return job, errors.Join(err, fmt.Errorf("broadcast %q: %w", key, ctx.Err()))
		case <-t.C:
		}
	}
}

// Decide settles a broadcast that only a person can: one in state NeedsOperator, or Unknown with a
// conflict. sent says whether the console shows it, msgID its number where it is known, and by who says
// so. What was not sent gives its quota back.
func (b *Client) Decide(ctx context.Context, key string, sent bool, msgID int64, by string) (Job, error) {
	if by == "" {
		return Job{}, wechat.Refuse("broadcast: decide", []wechat.Problem{{Field: "by", Rule: "required", Message: "nobody is named"}})
	}
	if err := b.client.Permit(ctx, pathSendAll); err != nil {
		return Job{}, fmt.Errorf("broadcast %q: %w", key, err)
	}
	r, err := b.jobs.load(ctx, key)
	if err != nil {
		return r.Job, err
	}
	now, err := b.jobs.apply(ctx, r, decided{sent, msgID, by})
	if err != nil {
		return now.Job, err
	}
	b.reconcile(ctx, now)
	return now.Job, nil
}
