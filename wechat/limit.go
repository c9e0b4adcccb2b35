package wechat

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Limit is how many calls of a group of endpoints an account makes: at most PerMinute in any minute, and at
// most Burst of them at once.
type Limit struct {
	Prefix    string // of the path
	PerMinute int
	Burst     int
}

// defaultLimits keep a little below the platform's, as a network can push calls together: it allows 60
// broadcast calls a minute (/doc/service/guide/product/message/Batch_Sends).
var defaultLimits = []Limit{{Prefix: "/cgi-bin/message/mass/", PerMinute: 58, Burst: 5}}

type bucket struct {
	prefix  string
	limiter *rate.Limiter
}

type buckets []bucket

// newBuckets gives each group its bucket, the longest prefix first; of two with one prefix the later wins.
func newBuckets(limits []Limit) buckets {
	var bs buckets
	for _, l := range slices.Backward(slices.Concat(defaultLimits, limits)) {
		if !slices.ContainsFunc(bs, func(b bucket) bool { return b.prefix == l.Prefix }) {
			// A bucket that starts full lets its burst through on top of its rate.
			burst := min(l.Burst, l.PerMinute)
			bs = append(bs, bucket{l.Prefix, rate.NewLimiter(rate.Limit(l.PerMinute-burst+1)/60, burst)})
		}
	}
	slices.SortFunc(bs, func(a, b bucket) int { return len(b.prefix) - len(a.prefix) })
	return bs
}

// wait takes a place for path. Where the place would come after the context's deadline it fails at once
// with the time to try again.
func (bs buckets) wait(ctx context.Context, path string) (retryAt time.Time, err error) {
	for _, b := range bs {
		if !strings.HasPrefix(path, b.prefix) {
			continue
		}
		if err := b.limiter.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return time.Time{}, ctx.Err()
			}
			missing := 1 - b.limiter.Tokens()
			return time.Now().Add(time.Duration(missing / float64(b.limiter.Limit()) * float64(time.Second))), context.DeadlineExceeded
		}
		return time.Time{}, nil
	}
	return time.Time{}, nil
}
