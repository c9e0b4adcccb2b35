package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// arrivals is a transport that notes when requests came. It is safe for concurrent use.
type arrivals struct {
	mu sync.Mutex
	at map[string][]time.Time
}

func (a *arrivals) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == nil {
		a.at = map[string][]time.Time{}
	}
	a.at[r.URL.Path] = append(a.at[r.URL.Path], time.Now())
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return answer(r, 200, `{"errcode":0,"errmsg":"ok"}`), nil
}

// most is the greatest number of times in any window.
func most(at []time.Time, window time.Duration) int {
	slices.SortFunc(at, time.Time.Compare)
	n, from := 0, 0
	for i, t := range at {
		for t.Sub(at[from]) >= window {
			from++
		}
		n = max(n, i-from+1)
	}
	return n
}

func TestBroadcastCallsStayUnderTheLimitInAnyMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		c := scripted(t, came.RoundTrip)
		rng := rand.New(rand.NewPCG(1, 1))
		var mu sync.Mutex
		random := func(n time.Duration) time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return time.Duration(rng.Int64N(int64(n)))
		}
		var wg sync.WaitGroup
		total := pick(100_000, 1_000_000, 1_000_000)
		const callers = 100
		for range callers {
			wg.Go(func() {
				for i := range total / callers {
					ctx, cancel := context.WithTimeout(t.Context(), random(10*time.Second)+1)
					err := c.Call(ctx, wechat.Request{Path: massPath}, nil)
					cancel()
					if err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
					if i%50 == 0 {
						time.Sleep(random(4 * time.Minute)) // sometimes a crowd, sometimes nobody
					}
				}
			})
		}
		wg.Wait()
		at := came.at[massPath]
		if n := most(at, time.Minute); n > 60 || n < 50 {
			t.Errorf("%d of %d calls within a minute, want at most 60, and nearly as many", n, len(at))
		}
	})
}

// Calls that wait for a token together must not be sent together.
func TestWaitingForATokenSavesNoPlacesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		p.Fault(wechattest.Fault{Path: tokenPath, Latency: 10 * time.Second, Times: 1})
		var came arrivals
		c, _ := connect(t, p, wechat.WithTransport(script(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == tokenPath {
				return p.Transport().RoundTrip(r)
			}
			return came.RoundTrip(r)
		})))
		var wg sync.WaitGroup
		for range 70 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				if err := c.Call(ctx, wechat.Request{Path: massPath}, nil); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(time.Millisecond)
		}
		wg.Wait()
		if n := most(came.at[massPath], time.Minute); n > 60 {
			t.Errorf("%d calls within a minute, want at most 60", n)
		}
	})
}

func TestALimitHoldsInAnyMinute(t *testing.T) {
	for _, l := range []struct{ perMinute, burst int }{{1, 1}, {2, 1}, {2, 2}, {7, 3}, {10, 10}, {10, 25}, {60, 5}, {60, 60}, {61, 1}, {600, 100}} {
		t.Run(fmt.Sprintf("%d a minute, %d at once", l.perMinute, l.burst), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var came arrivals
				c := scripted(t, came.RoundTrip, wechat.WithRateLimit("/x/", l.perMinute, l.burst))
				for range 5 * l.perMinute {
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					if err := c.Call(ctx, wechat.Request{Path: "/x/y", Body: struct{}{}}, nil); err != nil {
						t.Fatal(err)
					}
					cancel()
				}
				if n := most(came.at["/x/y"], time.Minute); n > l.perMinute {
					t.Errorf("%d calls within a minute, want at most %d", n, l.perMinute)
				}
				if n := most(came.at["/x/y"], 1); n != min(l.burst, l.perMinute) {
					t.Errorf("%d calls at once, want %d", n, min(l.burst, l.perMinute))
				}
			})
		})
	}
}

func TestAWaitBeyondTheDeadlineFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		c := scripted(t, came.RoundTrip, wechat.WithRateLimit("/x/", 2, 1))
		call := func(d time.Duration) (err error) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			return c.Call(ctx, wechat.Request{Path: "/x/y", Body: struct{}{}}, nil)
		}
		if err := call(time.Second); err != nil {
			t.Fatal(err)
		}
		free := time.Now().Add(30 * time.Second)
		var err error
		if d := took(func() { err = call(29 * time.Second) }); d != 0 {
			t.Errorf("it took %v, want none", d)
		}
		wantKind(t, err, wechat.ErrRateLimited, context.DeadlineExceeded)
		if errors.Is(err, wechat.ErrOutcomeUnknown) {
			t.Errorf("error %v, but nothing was sent", err)
		}
		if at := details(t, err).RetryAt(); at.Sub(free).Abs() > time.Millisecond {
			t.Errorf("try again at %v, want %v", at, free)
		}
		if d := took(func() { err = call(31 * time.Second) }); err != nil || d.Round(time.Millisecond) != 30*time.Second {
			t.Errorf("with a deadline that allows it: %v after %v, want success after 30 s", err, d)
		}
		if n := len(came.at["/x/y"]); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
	})
}

func TestAnEndedContextIsNotARateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		c := scripted(t, came.RoundTrip, wechat.WithRateLimit("/x/", 2, 1))
		_ = c.Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		ctx, stop := context.WithTimeout(ctx, time.Hour)
		defer stop()
		var err error
		d := took(func() { err = c.Call(ctx, wechat.Request{Path: "/x/y", Body: struct{}{}}, nil) })
		if d != 5*time.Second || !errors.Is(err, context.Canceled) || errors.Is(err, wechat.ErrRateLimited) {
			t.Errorf("error %v after %v, want context.Canceled alone after 5 s", err, d)
		}
		// The place it gave back is the next one's.
		d = took(func() { err = c.Call(contextOf(t, time.Hour), wechat.Request{Path: "/x/y", Body: struct{}{}}, nil) })
		if err != nil || d.Round(time.Millisecond) != 25*time.Second {
			t.Errorf("the next call: %v after %v, want success after 25 s", err, d)
		}
	})
}

func TestTheLongestPrefixCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came arrivals
		c := scripted(t, came.RoundTrip,
			wechat.WithRateLimit("/x/", 1, 1), wechat.WithRateLimit("/x/fast/", 1000, 1000),
			wechat.WithRateLimit("/cgi-bin/message/mass/", 1000, 500)) // instead of the default
		for path, n := range map[string]int{"/x/fast/y": 100, massPath: 100, "/other": 100, "/x/slow": 1} {
			for range n {
				if d := took(func() {
					if err := c.Call(t.Context(), wechat.Request{Path: path, Body: struct{}{}}, nil); err != nil {
						t.Error(err)
					}
				}); d != 0 {
					t.Errorf("%s waited %v, want none", path, d)
				}
			}
		}
		if err := c.Call(t.Context(), wechat.Request{Path: "/x/slow", Body: struct{}{}}, nil); !errors.Is(err, wechat.ErrRateLimited) {
			t.Errorf("/x/slow: %v, want ErrRateLimited", err)
		}
	})
}

// One account that spends its places leaves another's alone, on one platform and transport.
func TestEachAccountHasItsOwnPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		a, _ := connect(t, p)
		b, _ := connect(t, p)
		derived := a.Guard(func(context.Context, string) error { return nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		for i := range 5 {
			if err := send(ctx, a, fmt.Sprint("key", i)); errors.Is(err, wechat.ErrRateLimited) {
				t.Fatal(err)
			}
		}
		if err := send(ctx, derived, "key5"); !errors.Is(err, wechat.ErrRateLimited) {
			t.Errorf("the sixth at once, on a derived client: %v, want ErrRateLimited", err)
		}
		if err := send(ctx, b, "key"); err != nil {
			t.Errorf("the other account: %v", err)
		}
	})
}
