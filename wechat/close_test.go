package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// A call ends at the instant its context does, wherever it is: waiting for a place, a token, the store, the
// next attempt, a connection's answer or the rest of it.
func TestACancelledCallReturnsAtOnce(t *testing.T) {
	points := pick(50, 50, 1000)
	for _, tt := range []struct {
		name  string
		fault wechattest.Fault
		opts  []wechat.Option
		cold  bool
	}{
		{name: "token", fault: wechattest.Fault{Path: tokenPath, Latency: time.Hour}, cold: true},
		{name: "store", opts: []wechat.Option{wechat.WithStore(hanging())}, fault: wechattest.Fault{Path: readPath, Latency: time.Hour}, cold: true},
		{name: "place", opts: []wechat.Option{wechat.WithRateLimit(readPath, 1, 1)}},
		{name: "answer", fault: wechattest.Fault{Path: readPath, Kind: wechattest.Hang}},
		{name: "body", fault: wechattest.Fault{Path: readPath, Kind: wechattest.Drip, Every: time.Second}},
		{name: "backoff", fault: wechattest.Fault{Path: readPath, Kind: wechattest.Answer, Status: 503, Header: http.Header{"Retry-After": {"50"}}}},
		{name: "slow", fault: wechattest.Fault{Path: readPath, Kind: wechattest.BadGateway, Latency: 10 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 1))
			for range points {
				synctest.Test(t, func(t *testing.T) {
					p := wechattest.New()
					c, _ := connect(t, p, tt.opts...)
					if !tt.cold {
						if err := read(t.Context(), c); err != nil {
							t.Fatal(err)
						}
					}
					p.Fault(tt.fault)
					at := time.Duration(rng.Int64N(int64(14 * time.Second)))
					ctx, cancel := context.WithCancel(contextOf(t, 2*time.Minute))
					time.AfterFunc(at, cancel)
					var err error
					d := took(func() { err = read(ctx, c) })
					if d != at || !errors.Is(err, context.Canceled) {
						t.Errorf("cancelled after %v: returned after %v with %v, want context.Canceled at once", at, d, err)
					}
				})
			}
		})
	}
}

// hanging gives a store that answers when the context ends, and not before.
func hanging() *toxic {
	s := newToxic()
	s.fail(toxics["hangs"])
	return s
}

func TestDeadlinesByClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, acct := connect(t, p)
		follower := acct.AddFollowers(1)[0]
		if err := c.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, o := range operations {
			p.Fault(wechattest.Fault{Path: o.path, Kind: wechattest.Hang})
			want := map[wechat.Class]time.Duration{wechat.ClassKeyed: time.Minute, wechat.ClassUpload: 2 * time.Minute}[o.class]
			want = max(want, 15*time.Second)
			var err error
			d := took(func() { err = o.call(t.Context(), c, follower) })
			if d != want || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v after %v, want context.DeadlineExceeded after %v", o.class, err, d, want)
			}
			for _, own := range []time.Duration{3 * time.Second, 10 * time.Minute} {
				if d := took(func() { err = o.call(contextOf(t, own), c, follower) }); d != own {
					t.Errorf("%s: %v after %v, want the caller's deadline, %v, to hold", o.class, err, d, own)
				}
			}
		}
	})
}

func TestAnEndedContextSendsNothing(t *testing.T) {
	p := wechattest.New()
	c, _ := connect(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := read(ctx, c)
	if !errors.Is(err, context.Canceled) || p.Requests(readPath)+p.Requests(tokenPath) != 0 {
		t.Errorf("error %v after %d requests, want context.Canceled and none", err, p.Requests(readPath)+p.Requests(tokenPath))
	}
}

// An error after a wait that was cut short still says why there had to be one.
func TestACutWaitKeepsTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("connection reset by peer")
		for name, s := range map[string]script{
			"errcode": func(r *http.Request) (*http.Response, error) {
				return answer(r, 503, `{"errcode":-1}`, "Retry-After", "9"), nil
			},
			"transport": func(*http.Request) (*http.Response, error) { return nil, lost },
		} {
			var hooked []error
			c := scripted(t, s, wechat.WithHook(func(_ context.Context, a wechat.Attempt) { hooked = append(hooked, a.Err) }))
			ctx, cancel := context.WithCancel(t.Context())
			if name == "errcode" {
				time.AfterFunc(time.Second, cancel)
			} else {
				time.AfterFunc(time.Millisecond, cancel)
			}
			err := read(ctx, c)
			wantKind(t, err, context.Canceled)
			if e := details(t, err); name == "errcode" && e.Code != -1 || name == "transport" && !errors.Is(err, lost) {
				t.Errorf("%s: error %v, want the reason of the wait as well", name, err)
			}
			if errors.Is(hooked[0], context.Canceled) {
				t.Errorf("%s: the error that the hook was given has changed: %v", name, hooked[0])
			}
		}
	})
}

func TestCloseEndsBackgroundWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		c, _ := connect(t, p)
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		p.Fault(wechattest.Fault{Path: tokenPath, Latency: 10 * time.Second})
		time.Sleep(2*time.Hour - time.Minute)
		if err := read(t.Context(), c); err != nil { // begins a renewal
			t.Fatal(err)
		}
		if d := took(func() { _ = c.Close() }); d > time.Second {
			t.Errorf("Close took %v, want at most 1 s", d)
		}
		derived := c.Guard(func(context.Context, string) error { return nil })
		for name, call := range map[string]func() error{
			"call":    func() error { return read(t.Context(), c) },
			"derived": func() error { return read(t.Context(), derived) },
			"verify":  func() error { return c.Verify(t.Context()) },
			"renew":   func() error { return c.RenewToken(t.Context()) },
			"upload":  func() error { return upload(t.Context(), c, picture) },
		} {
			if err := call(); !errors.Is(err, wechat.ErrClosed) {
				t.Errorf("%s afterwards: %v, want ErrClosed", name, err)
			}
		}
		if err := errors.Join(c.Close(), derived.Close()); err != nil {
			t.Errorf("closing again: %v", err)
		}
	})
}

func TestCloseFreesThoseWhoWaitForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		p.Fault(wechattest.Fault{Path: tokenPath, Latency: 10 * time.Second})
		c, _ := connect(t, p)
		time.AfterFunc(time.Second, func() { _ = c.Close() })
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				var err error
				d := took(func() { err = read(t.Context(), c) })
				if !errors.Is(err, wechat.ErrClosed) || errors.Is(err, context.Canceled) || d != time.Second {
					t.Errorf("error %v after %v, want ErrClosed after 1 s", err, d)
				}
			})
		}
		wg.Wait()
	})
}

func TestCloseEndsRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n int
		var c *wechat.Client
		c = scripted(t, func(r *http.Request) (*http.Response, error) {
			n++
			_ = c.Close()
			return answer(r, 502, ""), nil
		})
		if err := read(t.Context(), c); !errors.Is(err, wechat.ErrBusy) || n != 1 {
			t.Errorf("error %v after %d requests, want what the one came to", err, n)
		}
	})
}

// No connection is left, neither one that a call under way gives back after Close, nor one that it opens.
func TestCloseLeavesNoConnection(t *testing.T) {
	const callers = 10
	var open atomic.Int64
	arrived, release, gone := make(chan bool), make(chan bool), make(chan bool, 1000)
	held := func() {
		arrived <- true
		<-release
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/x/slow" {
			held()
		}
		_, _ = io.WriteString(w, `{"errcode":0}`)
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
			gone <- true
		}
	}
	srv.Start()
	defer srv.Close()
	type late struct{}
	source := sourceFunc(func(ctx context.Context, _ string) (string, error) {
		if ctx.Value(late{}) != nil {
			held()
		}
		return "a-token", nil
	})
	c, err := wechat.New(wechat.Credentials{AppID: "wx0123456789abcdef"}, wechat.WithBaseURL(srv.URL), wechat.WithTokens(source))
	if err != nil {
		t.Fatal(err)
	}
	call := func(ctx context.Context, path string) {
		if err := c.Call(ctx, wechat.Request{Path: path, Class: wechat.ClassRead}, nil); err != nil {
			t.Error(err)
		}
	}
	var fast, slow sync.WaitGroup
	for range callers {
		fast.Go(func() { call(t.Context(), "/x/fast") })
		slow.Go(func() { call(t.Context(), "/x/slow") })
		<-arrived
		slow.Go(func() { call(context.WithValue(t.Context(), late{}, true), "/x/fast") })
		<-arrived
	}
	fast.Wait()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	close(release)
	slow.Wait()
	second := time.After(time.Second)
	for open.Load() > 0 {
		select {
		case <-gone:
		case <-second:
			t.Fatalf("%d connections a second after the last call", open.Load())
		}
	}
}

func TestRandomCancellationsLeaveNothingBehind(t *testing.T) {
	p := wechattest.New()
	url, stop := p.Listen()
	defer stop()
	acct := p.AddAccount(verified)
	acct.FlapTokens(0.1, 1)
	c := onPort(t, url, acct)
	p.Fault(wechattest.Fault{Path: readPath, Latency: time.Millisecond})
	rng := rand.New(rand.NewPCG(1, 1))
	var wg sync.WaitGroup
	var slow atomic.Int64
	for i := range pick(100, 1000, 10_000) {
		d := time.Duration(rng.Int64N(int64(4 * time.Millisecond)))
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			_ = read(ctx, c)
			if late := time.Since(deadline(ctx)); late > time.Second { // the promise is 0.1 s, on a machine that is not busy
				slow.Add(1)
				t.Logf("returned %v late", late)
			}
		})
		if i%20 == 19 {
			wg.Wait()
		}
	}
	wg.Wait()
	if slow.Load() > 0 {
		t.Errorf("%d calls returned late", slow.Load())
	}
}

func deadline(ctx context.Context) time.Time {
	at, _ := ctx.Deadline()
	return at
}

func ExampleClient_Close() {
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{})
	client, err := wechat.New(wechat.Credentials{AppID: wechat.AppID(acct.AppID()), AppSecret: wechat.NewSecret(acct.Secret())},
		wechat.WithTransport(p.Transport()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = client.Close()
	_, err = client.APIIPs(context.Background())
	fmt.Println(errors.Is(err, wechat.ErrClosed))
	// Output: true
}
