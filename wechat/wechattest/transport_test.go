package wechattest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// tracked is a body that knows how it was used.
type tracked struct {
	io.Reader
	closed atomic.Bool
}

func (b *tracked) Close() error {
	b.closed.Store(true)
	return nil
}

func newRequest(tb testing.TB, ctx context.Context, url string, body io.Reader) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestAnyHostIsThePlatforms(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for _, base := range []string{"https://api.weixin.qq.com", "https://sh.api.weixin.qq.com:443", "http://file.api.weixin.qq.com", "https://[2001:db8::1]"} {
		c.base = base
		want(t, base, c.get("/cgi-bin/getcallbackip").code(t), 0)
	}
}

func TestTraceTellsTheAddress(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for base, address := range map[string]string{
		"https://api.weixin.qq.com": "api.weixin.qq.com:443",
		"http://api.weixin.qq.com":  "api.weixin.qq.com:80",
		"http://127.0.0.1:8080":     "127.0.0.1:8080",
	} {
		var got string
		var info httptrace.GotConnInfo
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GetConn: func(hostPort string) { got = hostPort },
			GotConn: func(i httptrace.GotConnInfo) { info = i },
		})
		resp, err := c.http.Do(newRequest(t, ctx, base+menuGet, nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got != address || info.Reused || info.Conn.RemoteAddr() == nil || info.Conn.LocalAddr() == nil {
			t.Errorf("%s: GetConn(%q), GotConn(%+v)", base, got, info)
		}
		if _, err := info.Conn.Write(nil); err == nil {
			t.Error("the connection of a trace can be written to")
		}
	}
}

func TestRequestBodyIsReadToItsEndAndClosed(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for _, f := range append(wechattest.EveryFault(""), wechattest.Fault{}) {
		if f.Kind == wechattest.Hang || f.Kind == wechattest.ResetInBody {
			continue
		}
		injected := c.p.Fault(f)
		b := &tracked{Reader: strings.NewReader(strings.Repeat("x", 100_000))}
		r := newRequest(t, t.Context(), origin+"/cgi-bin/nonsense", b)
		r.ContentLength = 100_000
		if resp, err := c.http.Transport.RoundTrip(r); err == nil {
			_ = resp.Body.Close()
		}
		unsent := f.Kind >= wechattest.NoSuchHost && f.Kind <= wechattest.TLSFailure
		if n, _ := b.Read(make([]byte, 1)); !b.closed.Load() || n != 0 && !unsent {
			t.Errorf("%v: closed %t, something left %t", f, b.closed.Load(), n != 0)
		}
		injected.Remove()
	}
}

func TestContentLengthHasToBeTrue(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for _, transport := range []caller{c, c.listening(t)} {
		for length, message := range map[int64]string{
			10: "http: ContentLength=10 with Body length 5",
			3:  "http: ContentLength=3 with Body length 5",
		} {
			r := newRequest(t, t.Context(), transport.base+"/cgi-bin/stable_token", io.NopCloser(strings.NewReader("hello")))
			r.ContentLength = length
			_, err := transport.http.Transport.RoundTrip(r) //nolint:bodyclose // there is none
			if err == nil || !strings.HasPrefix(err.Error(), message[:len(message)-1]) {
				t.Errorf("%s: error %v, want %s", transport.base, err, message)
			}
		}
	}
	if n := c.p.Executions("/cgi-bin/stable_token"); n != 0 {
		t.Errorf("%d executions", n)
	}
}

func TestBodyErrorsComeBack(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	broken := errors.New("disk on fire")
	r := newRequest(t, t.Context(), origin+menuCreate, io.MultiReader(strings.NewReader("{"), failing{broken}))
	if _, err := c.http.Do(r); !errors.Is(err, broken) { //nolint:bodyclose // there is none
		t.Errorf("error %v, want the body's", err)
	}
	if n := c.p.Requests(menuCreate); n != 0 {
		t.Errorf("%d requests", n)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestContextEndsACallInEveryPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("enough")
		pipe, feed := io.Pipe()
		for name, tc := range map[string]struct {
			fault wechattest.Fault
			body  io.Reader
		}{
			"sending":   {body: pipe},
			"stalled":   {fault: wechattest.Fault{Stall: time.Hour}},
			"waiting":   {fault: wechattest.Fault{Latency: time.Hour}},
			"hanging":   {fault: wechattest.Fault{Kind: wechattest.Hang}},
			"receiving": {fault: wechattest.Fault{Kind: wechattest.Drip, Every: time.Hour}},
		} {
			c := newCaller(t, wechattest.Account{})
			c.p.Fault(tc.fault)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			began := time.Now()
			resp, err := c.http.Transport.RoundTrip(newRequest(t, ctx, origin+menuCreate, tc.body))
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			if !errors.Is(err, cause) || time.Since(began) != time.Second {
				t.Errorf("%s: %v after %v, want the cause after 1s", name, err, time.Since(began))
			}
		}
		_ = feed.Close() // lets the goroutine go that was reading the body
	})
}

func TestContextThatIsOverSendsNothing(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := &tracked{Reader: strings.NewReader("{}")}
	_, err := c.http.Transport.RoundTrip(newRequest(t, ctx, origin+menuCreate, b)) //nolint:bodyclose // there is none
	if !errors.Is(err, context.Canceled) || !b.closed.Load() || c.p.Requests(menuCreate) != 0 {
		t.Errorf("error %v, body closed %t, %d requests", err, b.closed.Load(), c.p.Requests(menuCreate))
	}
}

func TestBodyCannotBeReadAfterClose(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	resp, err := c.http.Do(newRequest(t, t.Context(), origin+menuGet, nil))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("error %v", err)
	}
}

func TestRequestsWithoutAHostAreErrors(t *testing.T) {
	b := &tracked{Reader: strings.NewReader("{}")}
	r := newRequest(t, t.Context(), "/cgi-bin/menu/get", b)
	if _, err := wechattest.New().Transport().RoundTrip(r); err == nil || !b.closed.Load() { //nolint:bodyclose // there is none
		t.Errorf("error %v, body closed %t", err, b.closed.Load())
	}
}

func TestLongBodiesAreRefusedAndNotKept(t *testing.T) {
	c := newCaller(t, verifiedService)
	r := newRequest(t, t.Context(), origin+menuCreate+"?access_token="+c.acct.Token(), io.LimitReader(zeros{}, 9<<20))
	r.ContentLength = 9 << 20
	if got := c.do(r); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", got.status)
	}
	whole := bytes.Repeat([]byte(" "), 8<<20)
	want(t, "8 MiB of nothing", c.post(menuCreate, string(whole)).code(t), 44002)
}
