package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

func TestThousandCallersOnAColdClientFetchOneToken(t *testing.T) {
	p := wechattest.New()
	p.Fault(wechattest.Fault{Path: tokenPath, Latency: 50 * time.Millisecond})
	c, acct := connect(t, p)
	var wg sync.WaitGroup
	var failed atomic.Int64
	for range 1000 {
		wg.Go(func() {
			if read(t.Context(), c) != nil {
				failed.Add(1)
			}
		})
	}
	wg.Wait()
	if n, fetches := failed.Load(), acct.TokenFetches(); n != 0 || fetches != 1 {
		t.Errorf("1,000 calls: %d failed, %d token fetches; want 0 and 1", n, fetches)
	}
}

func TestACancelledWaiterLeavesTheOthersWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		p.Fault(wechattest.Fault{Path: tokenPath, Latency: 10 * time.Second})
		c, acct := connect(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var wg sync.WaitGroup
		wg.Go(func() {
			var err error
			if d := took(func() { err = read(ctx, c) }); d != time.Second || !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled waiter: %v after %v, want context.Canceled after 1 s", err, d)
			}
		})
		wg.Go(func() {
			var err error
			if d := took(func() { err = read(t.Context(), c) }); d != 10*time.Second || err != nil {
				t.Errorf("other waiter: %v after %v, want success after 10 s", err, d)
			}
		})
		wg.Wait()
		if n := acct.TokenFetches(); n != 1 {
			t.Errorf("%d token fetches, want 1", n)
		}
	})
}

func TestRenewalHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		before := acct.Token()
		p.Fault(wechattest.Fault{Path: tokenPath, Latency: 10 * time.Second})
		time.Sleep(2*time.Hour - 4*time.Minute)
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				time.Sleep(rand.N(20 * time.Second))
				if d := took(func() {
					if err := read(t.Context(), c); err != nil {
						t.Errorf("during the renewal: %v", err)
					}
				}); d != 0 {
					t.Errorf("a call took %v longer because of the renewal", d)
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		if n := acct.TokenFetches(); n != 2 {
			t.Errorf("%d token fetches, want 2: the first and one renewal", n)
		}
		if acct.Token() == before {
			t.Error("the token was not renewed")
		}
	})
}

func TestRevokedTokenHealsUnderCallsInFlight(t *testing.T) {
	for _, op := range []string{"POST " + showPath, "GET " + readPath} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := wechattest.New()
				var seen attempts
				c, acct := connect(t, p, wechat.WithHook(seen.hook), wechat.WithRateLimit("/cgi-bin/message/mass/preview", 1000, 1000))
				follower := acct.AddFollowers(1)[0]
				call := func() error { return read(t.Context(), c) }
				if op == "POST "+showPath {
					call = func() error { return show(t.Context(), c, follower) }
				}
				if err := read(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				_, path, _ := strings.Cut(op, " ")
				before := p.Executions(path)
				p.Fault(wechattest.Fault{Path: path, Stall: time.Second, Times: 500})
				time.AfterFunc(500*time.Millisecond, acct.RevokeTokens)
				var wg sync.WaitGroup
				var failed atomic.Int64
				for range 500 {
					wg.Go(func() {
						if err := call(); err != nil {
							failed.Add(1)
						}
					})
				}
				wg.Wait()
				if n, fetches := failed.Load(), acct.TokenFetches(); n != 0 || fetches != 2 {
					t.Errorf("500 calls: %d failed, %d token fetches; want 0 and 2", n, fetches)
				}
				if n, did := seen.deepest(op), p.Executions(path)-before; n != 2 || did != 500 {
					t.Errorf("up to %d attempts a call and %d executions, want 2 and 500", n, did)
				}
			})
		})
	}
}

func TestFlappingRefusalsCannotStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		var seen attempts
		c, acct := connect(t, p, wechat.WithHook(seen.hook))
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		warm := acct.TokenFetches()
		acct.FlapTokens(0.45, 7)
		end := time.Now().Add(26 * time.Minute)
		var ok, failed atomic.Int64
		var wg sync.WaitGroup
		for range 18 { // together about the 27,795 calls of the account that measured this
			wg.Go(func() {
				for time.Now().Before(end) {
					time.Sleep(rand.N(2 * time.Second))
					if err := read(t.Context(), c); err == nil {
						ok.Add(1)
					} else if failed.Add(1); !errors.Is(err, wechat.ErrTokenRejected) {
						t.Errorf("error %v, want one of kind ErrTokenRejected", err)
					}
				}
			})
		}
		wg.Wait()
		if n := acct.TokenFetches() - warm; n > 52 || n < 40 {
			t.Errorf("%d token fetches in 26 minutes, want about one in 30 s and at most 52", n)
		}
		if n := seen.deepest("GET " + readPath); n != 2 {
			t.Errorf("up to %d attempts a call, want 2", n)
		}
		// Two refusals in a row: 45 % of 45 %.
		if share := float64(failed.Load()) / float64(ok.Load()+failed.Load()); share > 0.25 {
			t.Errorf("%.0f %% of the calls failed, want about 20", 100*share)
		}
	})
}

func TestATokenRefusedAndConfirmedIsTriedOnceMoreAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		var seen attempts
		c, acct := connect(t, p, wechat.WithHook(seen.hook))
		p.Fault(wechattest.Fault{Path: readPath, Kind: wechattest.Errcode, Code: 40001, Times: 1})
		d := took(func() {
			if err := read(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		})
		if d < 200*time.Millisecond || d > time.Second {
			t.Errorf("the second attempt came after %v, want 0.2 to 1 s", d)
		}
		if n := acct.TokenFetches(); n != 2 {
			t.Errorf("%d token fetches, want 2", n)
		}
		if d := took(func() {
			if err := read(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}); d != 0 {
			t.Errorf("the next call took %v, want none: the token was confirmed", d)
		}
		if n := len(seen.of("GET " + readPath)); n != 3 || acct.TokenFetches() != 2 {
			t.Errorf("%d attempts and %d fetches, want 3 and 2", n, acct.TokenFetches())
		}
	})
}

// A token that was refused is not sent again before another is known; while the gate is closed that means
// that calls fail here.
func TestARefusedTokenIsNotUsedWhileTheGateIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		acct.RevokeTokens()
		if err := read(t.Context(), c); err != nil { // closes the gate
			t.Fatal(err)
		}
		acct.RevokeTokens()
		closed := time.Now()
		err := read(t.Context(), c)
		wantKind(t, err, wechat.ErrTokenRejected)
		if e := details(t, err); e.Code != 40001 || e.RID == "" || !e.RetryAt().Equal(closed.Add(30*time.Second)) {
			t.Errorf("error %v, want 40001 with its rid and the time the gate opens", e)
		}
		before := p.Requests(readPath)
		for range 20 {
			time.Sleep(time.Second)
			d := took(func() { err = read(t.Context(), c) })
			wantKind(t, err, wechat.ErrTokenRejected)
			if d != 0 || !details(t, err).RetryAt().Equal(closed.Add(30*time.Second)) {
				t.Errorf("error %v after %v, want one at once that names %v", err, d, closed.Add(30*time.Second))
			}
		}
		if n := p.Requests(readPath) - before; n != 0 {
			t.Errorf("%d requests with a token known to be refused, want 0", n)
		}
		time.Sleep(11 * time.Second)
		if err := read(t.Context(), c); err != nil {
			t.Errorf("after the gate opened: %v", err)
		}
		if n := acct.TokenFetches(); n != 3 {
			t.Errorf("%d token fetches, want 3", n)
		}
	})
}

func TestEveryCallRefused(t *testing.T) {
	for name, refuse := range map[string]func(*wechattest.Platform, *wechattest.Console){
		"same token again": func(_ *wechattest.Platform, acct *wechattest.Console) { acct.FlapTokens(1, 1) },
		"another token": func(p *wechattest.Platform, _ *wechattest.Console) {
			p.Fault(wechattest.Fault{Path: readPath, Kind: wechattest.Errcode, Code: 40001})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := wechattest.New()
				var seen attempts
				c, acct := connect(t, p, wechat.WithHook(seen.hook))
				refuse(p, acct)
				start := time.Now()
				var wg sync.WaitGroup
				for range 1000 {
					wg.Go(func() {
						for range 10 {
							err := read(t.Context(), c)
							if e := details(t, err); !errors.Is(err, wechat.ErrTokenRejected) || e.Code == 40001 && e.RID == "" {
								t.Errorf("error %v, want ErrTokenRejected with the rid", err)
							}
							time.Sleep(rand.N(20 * time.Second))
						}
					})
				}
				wg.Wait()
				most := 2 + int(time.Since(start)/(30*time.Second))
				if n := acct.TokenFetches(); n > most {
					t.Errorf("%d token fetches in %v, want at most %d", n, time.Since(start), most)
				}
				if n := seen.deepest("GET " + readPath); n != 2 {
					t.Errorf("up to %d attempts a call, want 2", n)
				}
			})
		})
	}
}

func TestTokenAnswers(t *testing.T) {
	const token = `"access_token":"84_abcdefghijklmnopqrstuvwxyz"`
	for _, tt := range []struct {
		name, body string
		fails      bool
		life       time.Duration // what is kept, 0: nothing
	}{
		{"usual", `{` + token + `,"expires_in":7200}`, false, 2 * time.Hour},
		{"string", `{` + token + `,"expires_in":"7200"}`, false, 2 * time.Hour},
		{"clamped", `{` + token + `,"expires_in":1000000000000}`, false, 2 * time.Hour},
		{"short", `{` + token + `,"expires_in":300}`, false, 5 * time.Minute},
		{"used once", `{` + token + `,"expires_in":60}`, false, 0},
		{"zero", `{` + token + `,"expires_in":0}`, true, 0},
		{"negative", `{` + token + `,"expires_in":-1}`, true, 0},
		{"no life", `{` + token + `}`, true, 0},
		{"fraction", `{` + token + `,"expires_in":0.5}`, true, 0},
		{"no token", `{"expires_in":7200}`, true, 0},
		{"empty token", `{"access_token":"","expires_in":7200}`, true, 0},
		{"null", `null`, true, 0},
		{"empty", ``, true, 0},
		{"only errcode 0", `{"errcode":0,"errmsg":"ok"}`, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var fetches, used int
				rt := script(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == tokenPath {
						fetches++
						return answer(r, 200, tt.body), nil
					}
					used++
					return answer(r, 200, `{"ip_list":["192.0.2.1"]}`), nil
				})
				c := process(t, wechattest.New(), wechattest.New().AddAccount(verified), wechat.WithTransport(rt))
				err := read(t.Context(), c)
				if tt.fails {
					wantKind(t, err, wechat.ErrBadResponse)
					first := fetches
					if read(t.Context(), c) == nil || fetches == first || used != 0 {
						t.Errorf("then %d fetches and %d calls, want another fetch and no call", fetches, used)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if tt.life == 0 {
					if err := read(t.Context(), c); err != nil || fetches != 2 {
						t.Errorf("second call: %v with %d fetches in all, want 2: the first token was not to be kept", err, fetches)
					}
					return
				}
				time.Sleep(tt.life/2 - time.Second)
				if err := read(t.Context(), c); err != nil || fetches != 1 {
					t.Errorf("in the first half of its life: %v, %d fetches; want 1", err, fetches)
				}
				time.Sleep(tt.life/2 + time.Second)
				if err := read(t.Context(), c); err != nil || fetches != 2 {
					t.Errorf("after its life: %v, %d fetches; want 2", err, fetches)
				}
			})
		})
	}
}

func TestCaptivePortalLeavesNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		portal := p.Fault(wechattest.Fault{Path: tokenPath, Kind: wechattest.CaptivePortal})
		err := read(t.Context(), c)
		wantKind(t, err, wechat.ErrBadResponse)
		if e := details(t, err); e.HTTPStatus != 200 {
			t.Errorf("status %d, want 200", e.HTTPStatus)
		}
		if r, err := c.Store().Get(t.Context(), acct.AppID()+"/token"); err != nil || r.Version != 0 {
			t.Errorf("the store has %v, %v; want nothing", r, err)
		}
		portal.Remove()
		if err := read(t.Context(), c); err != nil || p.Executions(readPath) != 1 {
			t.Errorf("behind the portal: %v, %d executions; want 1", err, p.Executions(readPath))
		}
	})
}

// One failure of the token endpoint must not turn a revoked token into half a minute without calls.
func TestAFailedFetchOpensTheGateAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		acct.RevokeTokens()
		p.Fault(wechattest.Fault{Path: tokenPath, Kind: wechattest.BadGateway, Times: 3})
		if err := read(t.Context(), c); !errors.Is(err, wechat.ErrTokenRejected) || !errors.Is(err, wechat.ErrBusy) {
			t.Errorf("error %v, want ErrTokenRejected, and ErrBusy as its reason", err)
		}
		if err := read(t.Context(), c); err != nil {
			t.Errorf("the next call: %v", err)
		}
	})
}

// The platform says that the secret is wrong: asking again for every call would not help.
func TestARefusedFetchIsNotAskedForEveryCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		acct.RevokeTokens()
		acct.FreezeSecret()
		before := p.Requests(tokenPath)
		for range 25 {
			if err := read(t.Context(), c); !errors.Is(err, wechat.ErrCredentials) {
				t.Errorf("error %v, want ErrCredentials", err)
			}
			time.Sleep(time.Second)
		}
		if n := p.Requests(tokenPath) - before; n != 1 {
			t.Errorf("%d token requests in 25 s, want 1", n)
		}
		if n := p.Requests(readPath); n != 2 {
			t.Errorf("%d requests, want 2: the one that worked and the one that was refused", n)
		}
	})
}

func TestRenewTokenVoidsTheOldOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		other := process(t, p, acct, wechat.WithStore(c.Store()))
		for _, one := range []*wechat.Client{c, other} {
			if err := read(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute) // the platform forces no sooner
		before := acct.Token()
		if err := c.RenewToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		if acct.Token() == before {
			t.Error("the token is the same")
		}
		requests := p.Requests(readPath)
		for _, one := range []*wechat.Client{c, other, c, other} {
			if err := read(t.Context(), one); err != nil {
				t.Error(err)
			}
		}
		if n := p.Requests(readPath) - requests; n > 5 {
			t.Errorf("%d requests for 4 calls, want at most 5: one refusal", n)
		}
		if n := p.Requests(tokenPath); n != 2 {
			t.Errorf("%d token requests, want 2: the first and the forced one", n)
		}
	})
}

func TestVerifyAsksWhateverIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		for n := range 3 {
			if err := c.Verify(t.Context()); err != nil || acct.TokenFetches() != n+1 {
				t.Errorf("Verify: %v, %d fetches; want %d", err, acct.TokenFetches(), n+1)
			}
		}
		if err := read(t.Context(), c); err != nil || acct.TokenFetches() != 3 {
			t.Errorf("then a call: %v, %d fetches; want the verified token to be used", err, acct.TokenFetches())
		}
		acct.SetWhitelist("198.51.100.1")
		err := c.Verify(t.Context())
		wantKind(t, err, wechat.ErrIPNotAllowed)
		if ip := details(t, err).IP(); ip.String() != "203.0.113.7" {
			t.Errorf("address %v, want the caller's", ip)
		}
	})
}

// What kept calls from being tried ends when the platform is seen to give tokens again.
func TestVerifyEndsARest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		acct.FreezeSecret()
		for range 3 {
			wantKind(t, read(t.Context(), c), wechat.ErrCredentials)
		}
		acct.UnfreezeSecret()
		if err := read(t.Context(), c); !errors.Is(err, wechat.ErrCredentials) || p.Requests(tokenPath) != 1 {
			t.Errorf("error %v after %d token requests, want ErrCredentials after 1", err, p.Requests(tokenPath))
		}
		if err := c.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := read(t.Context(), c); err != nil {
			t.Errorf("after Verify: %v", err)
		}
	})
}

func TestACallWithoutATokenNamesBothOperations(t *testing.T) {
	p := wechattest.New()
	c, acct := connect(t, p)
	acct.FreezeSecret()
	err := read(t.Context(), c)
	if e := details(t, err); e.Op != "GET "+readPath+": POST "+tokenPath || e.Code != 40243 || e.RID == "" {
		t.Errorf("error %v, want 40243 of %s with its rid", err, tokenPath)
	}
}

func TestStaticTokenIsTriedOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tokens []string
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			tokens = append(tokens, r.URL.Query().Get("access_token"))
			return answer(r, 200, `{"errcode":42001,"errmsg":"expired rid: 61725984-6126f6f9-040f19c4"}`), nil
		})
		var err error
		d := took(func() { err = read(t.Context(), c) })
		wantKind(t, err, wechat.ErrTokenRejected)
		if len(tokens) != 2 || d < 200*time.Millisecond || d > time.Second {
			t.Errorf("%d attempts in %v, want 2 with a pause of 0.2 to 1 s", len(tokens), d)
		}
		if err := c.RenewToken(t.Context()); err == nil {
			t.Error("RenewToken: no error, but the token is not the client's")
		}
	})
}

type sourceFunc func(ctx context.Context, refused string) (string, error)

func (f sourceFunc) Token(ctx context.Context, refused string) (string, error) {
	return f(ctx, refused)
}

func TestOwnTokenSourceIsToldWhatWasRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		source := sourceFunc(func(_ context.Context, refused string) (string, error) {
			asked = append(asked, refused)
			if refused == "first" {
				return "second", nil
			}
			return "first", nil
		})
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("access_token") == "first" {
				return answer(r, 200, `{"errcode":40014,"errmsg":"invalid access_token"}`), nil
			}
			return answer(r, 200, `{"errcode":0}`), nil
		}, wechat.WithTokens(source))
		if d := took(func() {
			if err := c.Call(t.Context(), wechat.Request{Path: massPath, Body: struct{}{}}, nil); err != nil {
				t.Error(err)
			}
		}); d != 0 {
			t.Errorf("it took %v, want no pause for another token", d)
		}
		if fmt.Sprint(asked) != "[ first]" {
			t.Errorf("the source was told %q, want nothing and then the refused token", asked)
		}
	})
}

func TestErrorsOfAnOwnTokenSource(t *testing.T) {
	down := errors.New("token server down")
	for name, source := range map[string]sourceFunc{
		"error": func(context.Context, string) (string, error) { return "", down },
		"empty": func(context.Context, string) (string, error) { return "", nil },
		"url": func(ctx context.Context, _ string) (string, error) {
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:1/?password=hunter2", nil)
			_, err := new(http.Client).Do(r)
			return "", err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := scripted(t, func(*http.Request) (*http.Response, error) {
				t.Error("a request was sent without a token")
				return nil, down
			}, wechat.WithTokens(source))
			err := read(t.Context(), c)
			if err == nil || errors.Is(err, wechat.ErrTokenRejected) {
				t.Errorf("error %v, want one that does not say that the platform refused a token", err)
			}
			if verify := c.Verify(t.Context()); fmt.Sprint(verify) == "<nil>" || strings.Contains(fmt.Sprint(verify), "hunter2") {
				t.Errorf("Verify: %v, want the same without the URL", verify)
			}
			if name == "error" && !errors.Is(err, down) {
				t.Errorf("error %v, want it to wrap the source's", err)
			}
			if s := fmt.Sprintf("%+v", err); name == "url" && (s == "" || strings.Contains(s, "hunter2")) {
				t.Errorf("error %q shows the source's URL", s)
			}
		})
	}
}
