package wechat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// toxic is a store in which things go wrong. before is asked before each operation, swapped told of each
// change, and shift added to the store's clock.
type toxic struct {
	store.Store
	mu      sync.Mutex
	before  func(ctx context.Context, op, key string) error
	swapped func(key string, value []byte)
	shift   time.Duration
	gets    map[string]int
}

func newToxic() *toxic { return &toxic{Store: store.NewMemory(), gets: map[string]int{}} }

// fail makes the store go wrong from now on; nil heals it.
func (s *toxic) fail(before func(ctx context.Context, op, key string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

func (s *toxic) enter(ctx context.Context, op, key string) error {
	s.mu.Lock()
	before := s.before
	if op == "get" {
		s.gets[key]++
	}
	s.mu.Unlock()
	if before != nil {
		return before(ctx, op, key)
	}
	return nil
}

func (s *toxic) reads(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gets[key]
}

func (s *toxic) Get(ctx context.Context, key string) (store.Record, error) {
	if err := s.enter(ctx, "get", key); err != nil {
		return store.Record{}, err
	}
	r, err := s.Store.Get(ctx, key)
	r.Now = r.Now.Add(s.shift)
	return r, err
}

func (s *toxic) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (store.Record, bool, error) {
	if err := s.enter(ctx, "swap", key); err != nil {
		return store.Record{}, false, err
	}
	r, ok, err := s.Store.Swap(ctx, key, version, value, ttl)
	r.Now = r.Now.Add(s.shift)
	if ok && s.swapped != nil {
		s.swapped(key, value)
	}
	return r, ok, err
}

// toxics are the ways in which a store goes wrong.
var toxics = map[string]func(ctx context.Context, op, key string) error{
	"down":    func(context.Context, string, string) error { return store.ErrUnavailable },
	"corrupt": func(context.Context, string, string) error { return store.ErrCorrupt },
	"schema":  func(context.Context, string, string) error { return store.ErrSchema },
	"hangs": func(ctx context.Context, _, _ string) error {
		<-ctx.Done()
		return ctx.Err()
	},
	"5 s": func(ctx context.Context, _, _ string) error { return nap(ctx, 5*time.Second) },
	"0.4 s": func(ctx context.Context, _, _ string) error {
		return nap(ctx, 400*time.Millisecond)
	},
	"writes fail": func(_ context.Context, op, _ string) error {
		if op == "swap" {
			return store.ErrUnavailable
		}
		return nil
	},
	"writes hang": func(ctx context.Context, op, _ string) error {
		if op == "swap" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	},
}

// nap sleeps as long as the context lives.
func nap(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestABrokenStoreAddsNothingWhileATokenIsValid(t *testing.T) {
	for name, before := range toxics {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, st := wechattest.New(), newToxic()
				c, acct := connect(t, p, wechat.WithStore(st))
				if err := read(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				st.fail(before)
				end := time.Now().Add(6 * time.Hour)
				for time.Now().Before(end) {
					if d := took(func() {
						if err := read(t.Context(), c); err != nil {
							t.Errorf("%v before the end: %v", time.Until(end), err)
						}
					}); d != 0 {
						t.Errorf("%v before the end: a call took %v longer", time.Until(end), d)
					}
					time.Sleep(rand.N(40 * time.Second))
				}
				if n := acct.TokenFetches(); n < 4 || n > 5 {
					t.Errorf("%d token fetches in 6 hours, want the first and one at each of the 3 renewals", n)
				}
			})
		})
	}
}

func TestABrokenStoreAddsAtMostASecond(t *testing.T) {
	for name, before := range toxics {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, st := wechattest.New(), newToxic()
				st.fail(before)
				c, acct := connect(t, p, wechat.WithStore(st))
				for _, when := range []string{"cold", "revoked"} {
					if d := took(func() {
						if err := read(t.Context(), c); err != nil {
							t.Errorf("%s: %v", when, err)
						}
					}); d > time.Second {
						t.Errorf("%s: the store added %v, want at most 1 s", when, d)
					}
					time.Sleep(time.Minute)
					acct.RevokeTokens()
				}
			})
		})
	}
}

func TestTheStoreIsReadOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, st := wechattest.New(), newToxic()
		c, acct := connect(t, p, wechat.WithStore(st))
		for range 3600 {
			if err := read(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if n := st.reads(acct.AppID() + "/token"); n < 55 || n > 63 {
			t.Errorf("%d reads of the token in an hour of calls, want about 60", n)
		}
	})
}

func TestANewerTokenIsSeenWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, st := wechattest.New(), store.NewMemory()
		a, acct := connect(t, p, wechat.WithStore(st))
		b := process(t, p, acct, wechat.WithStore(st))
		for _, c := range []*wechat.Client{a, b} {
			if err := read(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(40 * time.Second)
		if err := a.RenewToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		if err := read(t.Context(), b); err != nil { // due for a look; goes on with the old token, and heals
			t.Fatal(err)
		}
		synctest.Wait()
		before := p.Requests(readPath)
		if err := read(t.Context(), b); err != nil || p.Requests(readPath) != before+1 {
			t.Errorf("after a minute: %v in %d requests, want success in 1", err, p.Requests(readPath)-before)
		}
		if n := p.Requests(tokenPath); n != 2 {
			t.Errorf("%d token requests, want 2", n)
		}
	})
}

// What every process writes has a higher generation than what it replaces, whatever happens.
func TestGenerationsOnlyGrow(t *testing.T) {
	for seed := range uint64(pick(3, 10, 200)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, st := wechattest.New(), newToxic()
				c, acct := connect(t, p, wechat.WithStore(st))
				var last int64
				var writes int
				st.swapped = func(key string, value []byte) {
					var now struct{ Generation int64 }
					if key != acct.AppID()+"/token" {
						return
					}
					if err := json.Unmarshal(value, &now); err != nil || now.Generation <= last {
						t.Errorf("generation %d after %d (%v)", now.Generation, last, err)
					}
					last = now.Generation
					writes++
				}
				rng := rand.New(rand.NewPCG(seed, 0))
				delays := []time.Duration{0, time.Millisecond, 3 * time.Second, 14 * time.Second}
				var mu sync.Mutex
				st.fail(func(ctx context.Context, op, _ string) error {
					mu.Lock()
					d, broken := time.Duration(rng.IntN(100))*time.Millisecond, rng.IntN(20) == 0
					mu.Unlock()
					if err := nap(ctx, d); err != nil || !broken {
						return err
					}
					return store.ErrUnavailable
				})
				acct.FlapTokens(0.05, seed)
				var wg sync.WaitGroup
				end := time.Now().Add(8 * time.Hour)
				for i := range 5 {
					one := c
					if i > 0 {
						one = process(t, p, acct, wechat.WithStore(st))
					}
					wg.Go(func() {
						for time.Now().Before(end) {
							_ = read(t.Context(), one)
							mu.Lock()
							d, revoke := time.Duration(rng.IntN(180))*time.Second, rng.IntN(200) == 0
							slow := delays[rng.IntN(len(delays))]
							mu.Unlock()
							time.Sleep(d)
							if revoke {
								p.Fault(wechattest.Fault{Path: tokenPath, Latency: slow, Times: 1})
								acct.RevokeTokens()
							}
						}
					})
				}
				wg.Wait()
				if writes < 5 {
					t.Errorf("%d writes, too few to tell anything", writes)
				}
			})
		})
	}
}

func TestARecordThatMakesNoSenseIsReplaced(t *testing.T) {
	for name, value := range map[string]string{
		"not JSON":     "\x00\x01garbage",
		"empty object": "{}",
		"number":       "42",
		"no token":     `{"token":"","generation":7,"expires":"2000-01-01T01:00:00Z","renew":"2000-01-01T00:30:00Z"}`,
		"for ever":     `{"token":"a-token-of-somebody","generation":7,"expires":"9999-01-01T00:00:00Z","renew":"9998-01-01T00:00:00Z"}`,
		"last number":  `{"token":"a-token-of-somebody","generation":9223372036854775807,"expires":"2000-01-01T01:00:00Z","renew":"2000-01-01T00:30:00Z"}`,
		"huge":         `{"token":"` + strings.Repeat("x", 300_000) + `","generation":7,"expires":"2000-01-01T01:00:00Z","renew":"2000-01-01T00:30:00Z"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, st := wechattest.New(), store.NewMemory()
				c, acct := connect(t, p, wechat.WithStore(st))
				key := acct.AppID() + "/token"
				if _, _, err := st.Swap(t.Context(), key, 0, []byte(value), 0); err != nil {
					t.Fatal(err)
				}
				if err := read(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				other := process(t, p, acct, wechat.WithStore(st))
				if err := read(t.Context(), other); err != nil || acct.TokenFetches() != 1 || p.Requests(readPath) != 2 {
					t.Errorf("another process: %v, %d fetches, %d requests; want 1 and 2", err, acct.TokenFetches(), p.Requests(readPath))
				}
			})
		})
	}
}

// Each process goes by its own clock; what they share is by the store's.
func TestClocksMayDiffer(t *testing.T) {
	for _, shift := range []time.Duration{-30 * time.Minute, 30 * time.Minute} {
		t.Run(fmt.Sprint(shift), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, shared := wechattest.New(), store.NewMemory()
				right := &toxic{Store: shared, gets: map[string]int{}}
				wrong := &toxic{Store: shared, gets: map[string]int{}, shift: shift} // as one sees it whose clock is off
				a, acct := connect(t, p, wechat.WithStore(right))
				if err := read(t.Context(), a); err != nil {
					t.Fatal(err)
				}
				// The record as the store's clock has it is off by shift for b, whose own clock this is.
				r, err := shared.Get(t.Context(), acct.AppID()+"/token")
				if err != nil {
					t.Fatal(err)
				}
				var kept map[string]any
				if err := json.Unmarshal(r.Value, &kept); err != nil {
					t.Fatal(err)
				}
				for _, field := range []string{"expires", "renew"} {
					at, err := time.Parse(time.RFC3339Nano, kept[field].(string))
					if err != nil {
						t.Fatal(err)
					}
					kept[field] = at.Add(shift)
				}
				value, _ := json.Marshal(kept)
				if _, ok, err := shared.Swap(t.Context(), r.Key, r.Version, value, time.Hour*2); !ok {
					t.Fatal(err)
				}
				b := process(t, p, acct, wechat.WithStore(wrong))
				time.Sleep(110 * time.Minute)
				if err := read(t.Context(), b); err != nil || acct.TokenFetches() != 1 {
					t.Errorf("10 minutes before the end: %v, %d fetches; want 1", err, acct.TokenFetches())
				}
				time.Sleep(7 * time.Minute)
				if err := read(t.Context(), b); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				if n := acct.TokenFetches(); n != 2 {
					t.Errorf("3 minutes before the end: %d fetches, want 2", n)
				}
			})
		})
	}
}

// However late the platform begins to count a token's life, it is asked once for each.
func TestASlowTokenEndpointIsAskedOncePerExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		p.Fault(wechattest.Fault{Path: tokenPath, Stall: 8 * time.Second})
		c, acct := connect(t, p)
		const expiries = 50
		end := time.Now().Add(expiries*(2*time.Hour-5*time.Minute) + time.Hour)
		for time.Now().Before(end) {
			if err := read(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Second)
		}
		if n := acct.TokenFetches(); n != 1+expiries {
			t.Errorf("%d token fetches over %d expiries, want one each and the first", n, expiries)
		}
	})
}

// A flight that could not give its lease back finds it again.
func TestAnOwnLeaseLeftOverIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, st := wechattest.New(), newToxic()
		c, acct := connect(t, p, wechat.WithStore(st))
		var leases int
		st.fail(func(_ context.Context, op, key string) error {
			if op == "swap" && strings.HasSuffix(key, "/lease") {
				if leases++; leases == 2 {
					return errors.New("the lease is not given back")
				}
			}
			return nil
		})
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		acct.RevokeTokens()
		if d := took(func() {
			if err := read(t.Context(), c); err != nil {
				t.Error(err)
			}
		}); d != 0 || leases < 3 {
			t.Errorf("the call took %v with %d dealings with the lease, want no wait", d, leases)
		}
	})
}

func TestTheLeaseOfADeadProcessEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, st := wechattest.New(), store.NewMemory()
		c, acct := connect(t, p, wechat.WithStore(st))
		if _, _, err := st.Swap(t.Context(), acct.AppID()+"/token/lease", 0, []byte("dead"), 10*time.Second); err != nil {
			t.Fatal(err)
		}
		if d := took(func() {
			if err := read(t.Context(), c); err != nil {
				t.Error(err)
			}
		}); d < 9*time.Second || d > 11*time.Second {
			t.Errorf("the call took %v, want 10 s: as long as the lease", d)
		}
	})
}

// Two processes are refused at once: one fetches, and the other takes what it got, or waits at the gate.
func TestTheGateHoldsOverTheFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, st := wechattest.New(), store.NewMemory()
		var fleet []*wechat.Client
		c, acct := connect(t, p, wechat.WithStore(st))
		fleet = append(fleet, c)
		for range 15 {
			fleet = append(fleet, process(t, p, acct, wechat.WithStore(st)))
		}
		for _, c := range fleet {
			if err := read(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		warm := acct.TokenFetches()
		acct.FlapTokens(0.45, 3)
		end := time.Now().Add(26 * time.Minute)
		var wg sync.WaitGroup
		for _, c := range fleet {
			wg.Go(func() {
				for time.Now().Before(end) {
					if err := read(t.Context(), c); err != nil && !errors.Is(err, wechat.ErrTokenRejected) {
						t.Error(err)
					}
					time.Sleep(rand.N(2 * time.Second))
				}
			})
		}
		wg.Wait()
		if n := acct.TokenFetches() - warm; warm != 1 || n > 52 || n < 40 {
			t.Errorf("%d token fetches before and %d in 26 minutes, want 1 and at most 52", warm, n)
		}
	})
}

// Without a shared store every process fetches, and stable_token gives all of them the same token. The
// classic call does not, which shows that the fake platform would notice.
func TestSixteenProcessesWithoutASharedStore(t *testing.T) {
	const life = 20 * time.Minute
	expiries := pick(20, 1000, 1000)
	run := func(t *testing.T, expiries int, opts func(p *wechattest.Platform, acct *wechattest.Console) []wechat.Option) (refusals int) {
		synctest.Test(t, func(t *testing.T) {
			p := wechattest.New()
			acct := p.AddAccount(verified)
			acct.SetTokenLife(life)
			acct.SetQuota(readPath, 1<<40)
			acct.SetQuota("/cgi-bin/token", 1<<40)
			var seen attempts
			end := time.Now().Add(time.Duration(expiries) * (life - 5*time.Minute))
			var wg sync.WaitGroup
			var mu sync.Mutex
			for range 16 {
				c := process(t, p, acct, append(opts(p, acct), wechat.WithHook(seen.refusals))...)
				wg.Go(func() {
					for time.Now().Before(end) {
						if err := read(t.Context(), c); err != nil && !errors.Is(err, wechat.ErrTokenRejected) {
							t.Error(err)
						}
						time.Sleep(rand.N(3 * time.Minute))
					}
				})
			}
			wg.Wait()
			mu.Lock()
			defer mu.Unlock()
			refusals = len(seen.all)
		})
		return refusals
	}
	if n := run(t, expiries, func(*wechattest.Platform, *wechattest.Console) []wechat.Option { return nil }); n != 0 {
		t.Errorf("stable tokens: %d refusals over %d expiries, want 0", n, expiries)
	}
	if n := run(t, 5, func(p *wechattest.Platform, acct *wechattest.Console) []wechat.Option {
		return []wechat.Option{wechat.WithTokens(&classic{p: p, acct: acct})}
	}); n == 0 {
		t.Error("classic tokens: 0 refusals; the fake platform does not let processes void each other's tokens")
	}
}

// classic is a source of tokens as clients have it that do without stable_token.
type classic struct {
	p    *wechattest.Platform
	acct *wechattest.Console

	mu      sync.Mutex
	token   string
	expires time.Time
}

func (s *classic) Token(ctx context.Context, refused string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != "" && s.token != refused && time.Now().Before(s.expires) {
		return s.token, nil
	}
	var out struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	err := getJSON(ctx, s.p.Client(), "https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential&appid="+
		s.acct.AppID()+"&secret="+s.acct.Secret(), &out)
	s.token, s.expires = out.AccessToken, time.Now().Add(time.Duration(out.ExpiresIn)*time.Second-time.Minute)
	return s.token, err
}
