package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const origin = "https://api.weixin.qq.com"

var classes = []wechat.Class{
	wechat.ClassOnce, wechat.ClassRead, wechat.ClassReplace, wechat.ClassKeyed, wechat.ClassUpload, wechat.ClassScarce,
}

// repeatable are the classes that may be carried out twice.
func repeatable(c wechat.Class) bool { return c == wechat.ClassRead || c == wechat.ClassReplace }

// A transport that says nothing of what it did may have carried the request out.
func TestASwappedTransportLeavesDoubt(t *testing.T) {
	lost := errors.New("the answer was lost")
	for _, class := range classes {
		t.Run(class.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mock := httpmock.NewMockTransport()
				mock.RegisterResponder(http.MethodPost, "=~^"+origin+"/x/y", httpmock.NewErrorResponder(lost))
				c := scripted(t, mock.RoundTrip)
				err := c.Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}, Class: class}, nil)
				if !errors.Is(err, lost) || errors.Is(err, wechat.ErrOutcomeUnknown) == repeatable(class) {
					t.Errorf("error %v; ErrOutcomeUnknown wanted: %v", err, !repeatable(class))
				}
				want := map[wechat.Class]int{wechat.ClassRead: 3, wechat.ClassReplace: 3, wechat.ClassUpload: 2}[class]
				if n := mock.GetTotalCallCount(); n != max(want, 1) {
					t.Errorf("%d requests, want %d", n, max(want, 1))
				}
			})
		})
	}
}

// What provably never left is sent again, scarce calls excepted, and leaves no doubt.
func TestWhatNeverLeftIsRepeated(t *testing.T) {
	for _, kind := range []wechattest.Kind{wechattest.NoSuchHost, wechattest.Refused, wechattest.TLSFailure} {
		for _, class := range classes {
			t.Run(fmt.Sprint(wechattest.Fault{Kind: kind}, " ", class), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := wechattest.New()
					var seen attempts
					c, _ := connect(t, p, wechat.WithHook(seen.hook))
					p.Fault(wechattest.Fault{Path: "/x/y", Kind: kind})
					err := c.Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}, Class: class}, nil)
					if err == nil || errors.Is(err, wechat.ErrOutcomeUnknown) {
						t.Errorf("error %v, want one without doubt", err)
					}
					want := 3
					if class == wechat.ClassScarce {
						want = 1
					}
					if n := len(seen.of("POST /x/y")); n != want {
						t.Errorf("%d attempts, want %d", n, want)
					}
				})
			})
		}
	}
}

// half is a transport that asks for a connection and then does the work by other means, so that what it
// said of one attempt must not count for the next.
type half struct {
	p        *wechattest.Platform
	attempts int
	carried  int
}

func (h *half) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.attempts++; h.attempts == 1 {
		return h.p.Transport().RoundTrip(r) // fails to connect, and says so
	}
	h.carried++
	_ = r.Body.Close()
	return nil, errors.New("the answer was lost") // says nothing
}

func TestWhatOneAttemptToldDoesNotCountForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		p.Fault(wechattest.Fault{Path: massPath, Kind: wechattest.Refused})
		h := &half{p: p}
		c := scripted(t, h.RoundTrip)
		err := c.Call(t.Context(), wechat.Request{Path: massPath, Body: struct{}{}}, nil)
		wantKind(t, err, wechat.ErrOutcomeUnknown)
		if h.carried != 1 {
			t.Errorf("carried out %d times, want once", h.carried)
		}
	})
}

// A connection was refused after one on which the token was: that is provably unsent still.
func TestADialThatFailsAfterARefusedTokenIsUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		p.Fault(wechattest.Fault{Path: massPath, Kind: wechattest.Errcode, Code: 42001, Times: 1})
		p.Fault(wechattest.Fault{Path: massPath, Kind: wechattest.Refused, Times: 1})
		acct.AddFollowers(3)
		if err := send(t.Context(), c, "key"); err != nil || p.Executions(massPath) != 1 {
			t.Errorf("%v with %d executions, want 1", err, p.Executions(massPath))
		}
	})
}

// An upload whose answer was lost and that then cannot be repeated has still happened, perhaps.
func TestDoubtOutlastsAnAttemptThatNeverLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, _ := connect(t, p)
		p.Fault(wechattest.Fault{Path: "/x/y", Kind: wechattest.Close, Times: 1})
		p.Fault(wechattest.Fault{Path: "/x/y", Kind: wechattest.Refused})
		err := c.Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}, Class: wechat.ClassUpload}, nil)
		wantKind(t, err, wechat.ErrOutcomeUnknown)
	})
}

// The platform failed inside: that is no refusal.
func TestBusyPlatformLeavesDoubt(t *testing.T) {
	for _, code := range []int{-1, 61450} {
		for _, class := range classes {
			synctest.Test(t, func(t *testing.T) {
				c := scripted(t, func(r *http.Request) (*http.Response, error) {
					return answer(r, 200, fmt.Sprintf(`{"errcode":%d,"errmsg":"system error"}`, code)), nil
				})
				err := c.Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}, Class: class}, nil)
				wantKind(t, err, wechat.ErrBusy)
				if errors.Is(err, wechat.ErrOutcomeUnknown) == repeatable(class) {
					t.Errorf("%s, %d: %v; ErrOutcomeUnknown wanted: %v", class, code, err, !repeatable(class))
				}
			})
		}
	}
}

// net/http repeats requests of its own accord when they have one of these.
func TestNothingInvitesTheTransportToRepeat(t *testing.T) {
	for _, class := range classes {
		var n int
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			n++
			for _, h := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
				if _, ok := r.Header[h]; ok {
					t.Errorf("%s: header %s", class, h)
				}
			}
			if r.GetBody != nil {
				t.Errorf("%s: GetBody is set", class)
			}
			if r.ContentLength <= 0 || len(r.TransferEncoding) > 0 {
				t.Errorf("%s: length %d, transfer encoding %v", class, r.ContentLength, r.TransferEncoding)
			}
			return answer(r, 200, `{"errcode":0}`), nil
		})
		if err := c.Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}, Class: class}, nil); err != nil || n != 1 {
			t.Errorf("%s: %v, %d requests", class, err, n)
		}
	}
}

// net/http sends a GET again when a kept connection breaks, whatever the server did with it.
func TestAKeptConnectionDoesNotRepeatByItself(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for _, class := range classes {
			t.Run(method+" "+class.String(), func(t *testing.T) {
				var executed atomic.Int64
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/x/y" {
						_, _ = io.WriteString(w, `{"errcode":0}`)
						return
					}
					if b, err := io.ReadAll(r.Body); err != nil || r.Method == http.MethodGet && (len(b) > 0 || len(r.TransferEncoding) > 0) {
						t.Errorf("a GET with body %q, encoding %v, %v", b, r.TransferEncoding, err)
					}
					executed.Add(1)
					panic(http.ErrAbortHandler)
				}))
				defer srv.Close()
				c, err := wechat.New(wechat.Credentials{AppID: "wx0123456789abcdef"}, wechat.WithBaseURL(srv.URL),
					wechat.WithTokens(wechat.StaticToken("a-static-token")), wechat.WithHTTPClient(srv.Client()))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if err := c.Call(t.Context(), wechat.Request{Path: "/x/warm"}, nil); err != nil { // leaves a connection
					t.Fatal(err)
				}
				err = c.Call(t.Context(), wechat.Request{Method: method, Path: "/x/y", Class: class}, nil)
				want := map[wechat.Class]int64{wechat.ClassOnce: 1, wechat.ClassKeyed: 1, wechat.ClassScarce: 1, wechat.ClassUpload: 2}[class]
				if n := executed.Load(); err == nil || want > 0 && n != want {
					t.Errorf("carried out %d times, want %d: %v", n, want, err)
				}
			})
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int64
	b := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer b.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, class := range classes {
			for _, given := range []bool{false, true} {
				t.Run(fmt.Sprint(status, " ", class, " own client ", given), func(t *testing.T) {
					var here atomic.Int64
					a := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						here.Add(1)
						http.Redirect(w, r, b.URL+"/x/y", status)
					}))
					defer a.Close()
					opts := []wechat.Option{wechat.WithBaseURL(a.URL), wechat.WithTokens(wechat.StaticToken("a-static-token"))}
					if given {
						follows := &http.Client{Transport: a.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
						opts = append(opts, wechat.WithHTTPClient(follows))
					}
					c, err := wechat.New(wechat.Credentials{AppID: "wx0123456789abcdef"}, opts...)
					if err != nil {
						t.Fatal(err)
					}
					defer c.Close()
					err = c.Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}, Class: class}, nil)
					wantKind(t, err, wechat.ErrUnexpectedRedirect)
					if errors.Is(err, wechat.ErrOutcomeUnknown) == repeatable(class) {
						t.Errorf("error %v; ErrOutcomeUnknown wanted: %v", err, !repeatable(class))
					}
					if here.Load() != 1 || elsewhere.Load() != 0 {
						t.Errorf("%d requests here and %d elsewhere, want 1 and 0", here.Load(), elsewhere.Load())
					}
				})
			}
		}
	}
}

func TestAPlatformThatFailsEverythingIsNotAskedThreeTimes(t *testing.T) {
	for name, tt := range map[string]struct {
		body    string
		status  int
		err     error
		repeats int
	}{
		"bad gateway": {"<html>", 502, nil, 20},
		"busy":        {`{"errcode":-1,"errmsg":"system error"}`, 200, nil, 20},
		"reset":       {"", 0, errors.New("connection reset by peer"), 20},
		"timeout":     {"", 0, context.DeadlineExceeded, 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n int
				c := scripted(t, func(r *http.Request) (*http.Response, error) {
					if n++; tt.err != nil {
						return nil, tt.err
					}
					return answer(r, tt.status, tt.body), nil
				})
				for range 10_000 {
					if read(t.Context(), c) == nil {
						t.Fatal("no error")
					}
				}
				if n -= 10_000; n != tt.repeats {
					t.Errorf("%d repeats of 10,000 failing calls, want %d", n, tt.repeats)
				}
			})
		})
	}
}

func TestFewFailuresCostFewRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		const calls = 100_000
		var n, failed int
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			if n++; rng.IntN(100) == 0 {
				return answer(r, 502, "<html>"), nil
			}
			return answer(r, 200, `{"ip_list":["192.0.2.1"]}`), nil
		})
		for range calls {
			if read(t.Context(), c) != nil {
				failed++
			}
		}
		if extra := float64(n-calls) / calls; extra > 0.02 || failed > 10 {
			t.Errorf("%.2f %% more requests and %d failed calls, want at most 2 %% and next to none", 100*extra, failed)
		}
	})
}

func TestPausesGrowAndAreRandom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen attempts
		c := scripted(t, func(r *http.Request) (*http.Response, error) { return answer(r, 502, ""), nil }, wechat.WithHook(seen.hook))
		for range 10 {
			start := time.Now()
			if err := read(t.Context(), c); err == nil {
				t.Fatal("no error")
			}
			if d := time.Since(start); d > 600*time.Millisecond {
				t.Errorf("both pauses took %v, want at most 200 and 400 ms", d)
			}
		}
		distinct := map[time.Duration]bool{}
		for _, a := range seen.all {
			if a.Again {
				distinct[a.Wait] = true
			}
		}
		if len(distinct) < 15 {
			t.Errorf("%d different pauses of 20, want random ones", len(distinct))
		}
	})
}

func TestRetryAfterIsClamped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
		for _, tt := range []struct {
			header string
			in     time.Duration // where the header is a date
			want   time.Duration // 0: the usual pause
		}{
			{"31536000", 0, time.Minute},
			{"9999999999999", 0, time.Minute},
			{"7", 0, 7 * time.Second},
			{"0", 0, 200 * time.Millisecond},
			{"-5", 0, 200 * time.Millisecond},
			{"99999999999999999999999", 0, 0},
			{"soon", 0, 0},
			{"", -time.Hour, 200 * time.Millisecond},
			{"", 20 * time.Second, 20 * time.Second},
			{"", time.Hour, time.Minute},
		} {
			for _, status := range []int{429, 503} {
				time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // a date has no fractions
				var n int
				header, want := tt.header, tt.want
				if tt.in != 0 {
					header = date(tt.in)
				}
				c := scripted(t, func(r *http.Request) (*http.Response, error) {
					if n++; n == 1 {
						return answer(r, status, "", "Retry-After", header), nil
					}
					return answer(r, 200, `{"ip_list":["192.0.2.1"]}`), nil
				})
				var err error
				d := took(func() { err = read(contextOf(t, 2*time.Minute), c) })
				if want == 0 && d > 200*time.Millisecond || want > 0 && d != want || err != nil {
					t.Errorf("%d, Retry-After: %s: %v after %v, want success after %v", status, header, err, d, want)
				}
			}
		}
	})
}

func TestAPauseThatDoesNotFitIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{429, 503} {
			var n int
			c := scripted(t, func(r *http.Request) (*http.Response, error) {
				n++
				return answer(r, status, "", "Retry-After", "16"), nil
			})
			start := time.Now()
			err := read(t.Context(), c) // 15 s, by its class
			wantKind(t, err, wechat.ErrRateLimited)
			if at := details(t, err).RetryAt(); !at.Equal(start.Add(16*time.Second)) || !time.Now().Equal(start) || n != 1 {
				t.Errorf("%d: try again at %v after %v and %d requests, want in 16 s, at once, 1", status, at, time.Since(start), n)
			}
		}
	})
}

func TestPerMinuteQuotaIsWaitedForIfTheCallerAllowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n int
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			if n++; n%2 == 1 {
				return answer(r, 200, `{"errcode":45011,"errmsg":"api minute-quota reach limit"}`), nil
			}
			return answer(r, 200, `{"ip_list":["192.0.2.1"]}`), nil
		})
		time.Sleep(20 * time.Second) // into the minute
		next := time.Now().Truncate(time.Minute).Add(time.Minute)
		err := read(t.Context(), c)
		wantKind(t, err, wechat.ErrRateLimited)
		if at := details(t, err).RetryAt(); !at.Equal(next) || n != 1 {
			t.Errorf("without a deadline: try again at %v after %d requests, want %v and 1", at, n, next)
		}
		n = 0
		if err := read(contextOf(t, 30*time.Second), c); !errors.Is(err, wechat.ErrRateLimited) || n != 1 {
			t.Errorf("with too short a deadline: %v after %d requests, want ErrRateLimited after 1", err, n)
		}
		n = 0
		d := took(func() { err = read(contextOf(t, 50*time.Second), c) })
		if err != nil || d < 40*time.Second || d > 41*time.Second {
			t.Errorf("with a deadline that allows it: %v after %v, want success in the next minute", err, d)
		}
		n = 0
		err = c.Call(contextOf(t, time.Hour), wechat.Request{Path: massPath}, nil)
		if !errors.Is(err, wechat.ErrRateLimited) || errors.Is(err, wechat.ErrOutcomeUnknown) || n != 1 {
			t.Errorf("a broadcast: %v after %d requests, want ErrRateLimited without doubt after 1", err, n)
		}
	})
}

func TestDailyQuotaClosesThePathUntilMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins on 2000-01-01 at 08:00 of UTC+8
		p := wechattest.New()
		c, acct := connect(t, p)
		acct.SetQuota(readPath, 1)
		midnight := time.Date(2000, 1, 2, 0, 0, 0, 0, time.FixedZone("", 8*3600))
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			err := read(t.Context(), c)
			wantKind(t, err, wechat.ErrQuota)
			if e := details(t, err); e.Code != 45009 || !e.RetryAt().Equal(midnight) {
				t.Errorf("error %v, want 45009 until %v", err, midnight)
			}
		}
		if n := p.Requests(readPath); n != 2 {
			t.Errorf("%d requests, want 2: the platform says it once", n)
		}
		if _, err := c.CallbackIPs(t.Context()); err != nil {
			t.Errorf("another path: %v", err)
		}
		time.Sleep(time.Until(midnight) - time.Second)
		if err := read(t.Context(), c); !errors.Is(err, wechat.ErrQuota) || p.Requests(readPath) != 2 {
			t.Errorf("a second before midnight: %v, %d requests", err, p.Requests(readPath))
		}
		time.Sleep(time.Second)
		if err := read(t.Context(), c); err != nil {
			t.Errorf("at midnight: %v", err)
		}
	})
}

func TestClearingTheQuotaOpensThePath(t *testing.T) {
	for name, reset := range map[string]func(context.Context, *wechat.Client) error{
		"all":       func(ctx context.Context, c *wechat.Client) error { return c.ClearQuota(ctx) },
		"by secret": func(ctx context.Context, c *wechat.Client) error { return c.ClearQuotaBySecret(ctx) },
		"one path":  func(ctx context.Context, c *wechat.Client) error { return c.ClearAPIQuota(ctx, readPath) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := wechattest.New()
				c, acct := connect(t, p)
				acct.SetQuota(readPath, 1)
				_ = read(t.Context(), c)
				wantKind(t, read(t.Context(), c), wechat.ErrQuota)
				if err := reset(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				if err := read(t.Context(), c); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

func TestACallersClassDoesNotChangeAKnownPath(t *testing.T) {
	for _, class := range classes {
		synctest.Test(t, func(t *testing.T) {
			var n int
			c := scripted(t, func(*http.Request) (*http.Response, error) {
				n++
				return nil, errors.New("lost")
			})
			err := c.Call(t.Context(), wechat.Request{Path: massPath, Class: class}, nil)
			if wantKind(t, err, wechat.ErrOutcomeUnknown); n != 1 {
				t.Errorf("a broadcast as %s: %d requests, want 1", class, n)
			}
			n = 0
			_ = c.Call(t.Context(), wechat.Request{Path: "/cgi-bin/menu/create", Class: class}, nil)
			if n != 3 {
				t.Errorf("a menu as %s: %d requests, want 3", class, n)
			}
		})
	}
}

// A path in another spelling would be one that the client does not know.
func TestOtherSpellingsOfAPathAreRefused(t *testing.T) {
	c := scripted(t, func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("sent")
	})
	for _, path := range []string{
		massPath + "/", massPath + "/.", "/" + massPath, "/cgi-bin/./message/mass/sendall", "/cgi-bin//message/mass/sendall",
		"/cgi-bin/x/../message/mass/sendall", massPath + "?x=1", massPath + "#x", "/cgi-bin/message/mass/send%61ll",
		"/cgi-bin\\message/mass/sendall", "cgi-bin/menu/get", "", "https://elsewhere.example/x", massPath + "\r\nHost: x",
	} {
		if err := c.Call(t.Context(), wechat.Request{Path: path, Class: wechat.ClassRead, Body: struct{}{}}, nil); !errors.Is(err, wechat.ErrInput) {
			t.Errorf("path %q: %v, want it refused", path, err)
		}
	}
	for name, r := range map[string]wechat.Request{
		"method":          {Method: "PUT", Path: "/x/y"},
		"GET with a body": {Method: "GET", Path: "/x/y", Body: struct{}{}},
		"token":           {Path: "/x/y", Query: url.Values{"access_token": {"mine"}}},
	} {
		if err := c.Call(t.Context(), r, nil); !errors.Is(err, wechat.ErrInput) {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
}
