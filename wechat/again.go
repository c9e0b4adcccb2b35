package wechat

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	maxAttempts = 3
	firstWait   = 200 * time.Millisecond
	longestWait = 5 * time.Second
	maxWait     = 60 * time.Second
)

// again decides whether there is another attempt, and after which pause: first by what happened and the
// class, then by the budget and the deadline.
func (k *call) again() bool {
	if k.err == nil {
		k.client.budget.earn()
		return false
	}
	if k.ctx.Err() != nil || k.client.closed.Load() {
		return false
	}
	if k.tokenRefused() {
		return true
	}
	if k.repeats+1 >= maxAttempts || !k.mayRepeat() {
		return false
	}
	if k.wait == 0 {
		ceiling := min(longestWait, firstWait<<k.repeats)
		k.wait = jitter(time.Millisecond, ceiling)
	}
	if deadline, ok := k.ctx.Deadline(); ok && time.Until(deadline) <= k.wait {
		if !k.err.retryAt.IsZero() && !errors.Is(k.err, ErrRateLimited) {
			k.err.kinds = append(k.err.kinds, ErrRateLimited)
		}
		k.wait = 0
		return false
	}
	cost := int64(budgetRepeat)
	if errors.Is(k.err, context.DeadlineExceeded) {
		cost = budgetTimeout
	}
	if !k.client.budget.take(cost) {
		k.wait = 0
		return false
	}
	k.repeats++
	return true
}

// tokenRefused tells the one case in which every class is sent again: the platform refuses tokens before
// it carries anything out.
func (k *call) tokenRefused() bool {
	switch k.err.Code {
	case codeSecret, codeBadToken, codeExpired:
		if k.open || k.refused != "" || k.status != http.StatusOK {
			return false
		}
		k.refused = k.token
		return true
	}
	return false
}

// mayRepeat asks the class.
func (k *call) mayRepeat() bool {
	switch k.class {
	case ClassRead, ClassReplace:
		if k.err.Code == codePerMinute && k.given {
			k.wait = time.Until(k.err.retryAt) + jitter(0, time.Second)
			return true
		}
		return k.passing && (k.sink == nil || !k.sink.started)
	case ClassUpload:
		return k.unsent || (k.doubt && k.passing && k.repeats == 0)
	case ClassScarce:
		return false
	default:
		return k.unsent
	}
}

// retryAfter reads a Retry-After header: seconds or a date, never 0 and at most a minute.
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	if header == "" {
		return 0, false
	}
	wait := maxWait
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil {
		if seconds < int64(maxWait/time.Second) {
			wait = time.Duration(seconds) * time.Second
		}
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	} else {
		return 0, false
	}
	return min(max(wait, firstWait), maxWait), true
}

// jitter is a random time from low to high.
func jitter(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + rand.N(high-low)
}

// sleep waits, or not as long as the context lives.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
