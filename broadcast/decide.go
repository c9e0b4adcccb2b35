package broadcast

import (
	"context"
	"fmt"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Decide settles a broadcast that is Unknown or NeedsOperator by what a person has found out. sent says
// whether the console shows it, msgID its number, 0 where that is not known, and by who says so. What was
// not sent gives its quota back, and its Key is spent. Deciding is final, but for an acceptance by the
// platform that arrives late. In any other state the error is [ErrState], and the job stays as it is.
func (b *Client) Decide(ctx context.Context, key string, sent bool, msgID int64, by string) (Job, error) {
	if err := b.permit(ctx, key); err != nil {
		return Job{}, err
	}
	if err := wechat.Refuse("broadcast: decide", decisionProblems(sent, msgID, by)); err != nil {
		return Job{}, err
	}
	r, err := b.load(ctx, key)
	if err != nil {
		return Job{}, err
	}
	if msgID != 0 {
		owner, err := b.jobs.owner(ctx, msgID, key)
		if err == nil && owner != "" {
			err = wechat.Refuse("decide", []wechat.Problem{{Field: "msg_id", Rule: "conflict", Message: fmt.Sprintf("%d is the number of %q", msgID, owner)}})
		}
		if err != nil {
			return r.Job, fmt.Errorf("broadcast %q: %w", key, err)
		}
	}
	now, err := b.jobs.insist(ctx, r, decided{sent, msgID, by})
	if err != nil {
		return now.Job, fmt.Errorf("broadcast %q: decide: %w", key, err)
	}
	_ = b.conclude(ctx, now, nil) // how it stands is what was asked for
	return now.Job, nil
}

func decisionProblems(sent bool, msgID int64, by string) []wechat.Problem {
	var ps []wechat.Problem
	switch {
	case msgID < 0:
		ps = append(ps, wechat.Problem{Field: "msg_id", Rule: "range", Message: fmt.Sprintf("%d, not negative", msgID), Fix: "0 where it is not known"})
	case msgID > 0 && !sent:
		ps = append(ps, wechat.Problem{Field: "msg_id", Rule: "conflict", Message: "what was not sent has no number"})
	}
	return append(ps, nameProblems("by", by, "say who found out")...)
}
