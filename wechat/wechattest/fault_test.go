package wechattest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// outcome is all that a client can tell of a call.
type outcome struct {
	hooks   string // the hooks that were called
	err     error  // of the call, or of reading the body
	message string // of err, without addresses
	status  int
	body    string
}

// trace notes the hooks that are called, from whatever goroutine.
type trace struct {
	mu    sync.Mutex
	hooks []string
}

func (h *trace) note(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hooks = append(h.hooks, name)
}

func (h *trace) saw(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.hooks, func(s string) bool { return strings.HasPrefix(s, name) })
}

// on is a context that calls the hooks.
func (h *trace) on(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { h.note("GetConn") },
		GotConn:      func(httptrace.GotConnInfo) { h.note("GotConn") },
		WroteHeaders: func() { h.note("WroteHeaders") },
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err != nil {
				h.note("WroteRequest failed")
			} else {
				h.note("WroteRequest")
			}
		},
		GotFirstResponseByte: func() { h.note("FirstByte") },
	})
}

// list is the hooks that were called. Over a real connection the first byte of an answer can be seen
// before the end of the writing is, so the order of these two is mended.
func (h *trace) list() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.hooks); n > 1 && h.hooks[n-2] == "FirstByte" {
		h.hooks[n-2], h.hooks[n-1] = h.hooks[n-1], h.hooks[n-2]
	}
	return strings.Join(h.hooks, " ")
}

// observe posts a menu with the hooks on. It gives up when the platform has the request and the hook until
// was called, as a deadline would; an empty until waits for an answer.
func (c caller) observe(until string) outcome {
	c.tb.Helper()
	ctx, giveUp := context.WithCancelCause(c.tb.Context())
	defer giveUp(nil)
	var seen trace
	before := c.p.Requests(menuCreate)
	if until != "" {
		go func() {
			for ctx.Err() == nil && (!seen.saw(until) || c.p.Requests(menuCreate) == before) {
				time.Sleep(time.Millisecond)
			}
			giveUp(context.DeadlineExceeded)
		}()
	}
	body := `{"button":[{"type":"click","name":"A","key":"k"}]}`
	r := newRequest(c.tb, seen.on(ctx), c.base+menuCreate+"?access_token="+c.acct.Token(), strings.NewReader(body))
	resp, err := c.http.Transport.RoundTrip(r)
	var o outcome
	if err == nil {
		o.status = resp.StatusCode
		var b []byte
		b, err = io.ReadAll(io.LimitReader(resp.Body, 1000))
		o.body = string(b)
		_ = resp.Body.Close()
	}
	o.err = err
	if op, ok := errors.AsType[*net.OpError](err); ok {
		op.Source, op.Addr = nil, nil
	}
	if err != nil {
		o.message = err.Error()
	}
	for seen.saw("GotConn") && !seen.saw("WroteRequest") {
		time.Sleep(time.Millisecond) // the writing end of a real connection has goroutines of its own
	}
	o.hooks = seen.list()
	return o
}

// listening serves the platform of c on a port and calls it there, with a connection for each request.
func (c caller) listening(t *testing.T) caller {
	t.Helper()
	base, stop := c.p.Listen()
	t.Cleanup(stop)
	tr := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	return caller{t, &http.Client{Transport: tr}, base, c.p, c.acct}
}

// What a client sees of every fault of a connection, and whether the request was carried out.
func TestFaultsOfTheConnection(t *testing.T) {
	const (
		unsent  = "GetConn"
		sent    = "GetConn GotConn WroteHeaders WroteRequest"
		began   = sent + " FirstByte"
		ok      = `{"errcode":0,"errmsg":"ok"}`
		partly  = "GetConn GotConn WroteHeaders WroteRequest failed"
		refused = "dial tcp: connect: connection refused"
	)
	for _, tc := range []struct {
		fault      wechattest.Fault
		hooks      string
		message    string
		is         error
		executions int
		onPort     bool // possible on a real port
	}{
		{wechattest.Fault{Kind: wechattest.NoSuchHost}, unsent, "dial tcp: lookup api.weixin.qq.com: no such host", nil, 0, false},
		{wechattest.Fault{Kind: wechattest.Refused}, unsent, refused, syscall.ECONNREFUSED, 0, false},
		{wechattest.Fault{Kind: wechattest.TLSFailure}, unsent, "remote error: tls: handshake failure", nil, 0, false},
		{wechattest.Fault{Kind: wechattest.ResetInBody, At: 10}, partly, "write tcp: write: connection reset by peer", syscall.ECONNRESET, 0, false},
		{wechattest.Fault{Kind: wechattest.Close}, sent, "EOF", io.EOF, 0, true},
		{wechattest.Fault{Kind: wechattest.Close, Execute: true}, sent, "EOF", io.EOF, 1, true},
		{wechattest.Fault{Kind: wechattest.Reset}, sent, "read tcp: read: connection reset by peer", syscall.ECONNRESET, 0, true},
		{wechattest.Fault{Kind: wechattest.Reset, Execute: true}, sent, "read tcp: read: connection reset by peer", syscall.ECONNRESET, 1, true},
		{wechattest.Fault{Kind: wechattest.Hang}, sent, "context deadline exceeded", context.DeadlineExceeded, 0, true},
		{wechattest.Fault{Kind: wechattest.Hang, Execute: true}, sent, "context deadline exceeded", context.DeadlineExceeded, 1, true},
		{
			wechattest.Fault{Kind: wechattest.HalfStatusLine},
			began,
			`net/http: HTTP/1.x transport connection broken: malformed HTTP status code "20"`, nil, 0, true,
		},
		{
			wechattest.Fault{Kind: wechattest.HalfStatusLine, Execute: true},
			began,
			`net/http: HTTP/1.x transport connection broken: malformed HTTP status code "20"`, nil, 1, true,
		},
		{wechattest.Fault{Kind: wechattest.Truncated}, began, "unexpected EOF", io.ErrUnexpectedEOF, 1, true},
		{wechattest.Fault{Kind: wechattest.Truncated, At: 7}, began, "unexpected EOF", io.ErrUnexpectedEOF, 1, true},
		{wechattest.Fault{Kind: wechattest.Drip}, began, "context deadline exceeded", context.DeadlineExceeded, 1, true},
		{wechattest.Fault{Latency: time.Second}, sent, "context deadline exceeded", context.DeadlineExceeded, 1, true},
		{wechattest.Fault{}, began, "", nil, 1, true},
	} {
		inProcess := newCaller(t, verifiedService)
		callers := []caller{inProcess}
		if tc.onPort {
			callers = append(callers, newCaller(t, verifiedService).listening(t))
		}
		for _, c := range callers {
			tc.fault.Path = menuCreate
			injected := c.p.Fault(tc.fault)
			until := ""
			switch {
			case tc.fault.Kind == wechattest.Drip:
				until = "FirstByte"
			case errors.Is(tc.is, context.DeadlineExceeded):
				until = "WroteRequest"
			}
			got := c.observe(until)
			where := fmt.Sprintf("%v at %s", tc.fault, c.base)
			if got.hooks != tc.hooks {
				t.Errorf("%s: hooks %s, want %s", where, got.hooks, tc.hooks)
			}
			if got.message != tc.message || tc.is != nil && !errors.Is(got.err, tc.is) {
				t.Errorf("%s: error %q, want %q", where, got.message, tc.message)
			}
			if tc.fault.Kind == wechattest.Truncated && got.body != ok[:tc.fault.At] {
				t.Errorf("%s: body %q", where, got.body)
			}
			if n := c.p.Executions(menuCreate); n != tc.executions {
				t.Errorf("%s: %d executions, want %d", where, n, tc.executions)
			}
			if n := injected.Hits(); n != 1 {
				t.Errorf("%s: %d hits", where, n)
			}
			reached := 1
			if tc.hooks == unsent {
				reached = 0
			}
			if n := c.p.Requests(menuCreate); n != reached {
				t.Errorf("%s: %d requests, want %d", where, n, reached)
			}
			injected.Remove()
			if after := c.observe(""); after.body != ok {
				t.Errorf("%s: after it was removed %q, %v", where, after.body, after.err)
			}
		}
	}
}

func TestMalformedAnswers(t *testing.T) {
	const ok = `{"errcode":0,"errmsg":"ok"}`
	page := func(title string) string {
		return "<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>"
	}
	for _, tc := range []struct {
		fault  wechattest.Fault
		status int
		body   string
	}{
		{wechattest.Fault{Kind: wechattest.ByteOrderMark}, 200, "\ufeff" + ok},
		{wechattest.Fault{Kind: wechattest.ControlCharacter}, 200, "{\"note\":\"a\x14b\"," + ok[1:]},
		{wechattest.Fault{Kind: wechattest.InvalidUTF8}, 200, "{\"note\":\"a\xffb\"," + ok[1:]},
		{wechattest.Fault{Kind: wechattest.NumberAsString}, 200, `{"errcode":"0","errmsg":"ok"}`},
		{wechattest.Fault{Kind: wechattest.Null}, 200, "null"},
		{wechattest.Fault{Kind: wechattest.EmptyObject}, 200, "{}"},
		{wechattest.Fault{Kind: wechattest.EmptyBody}, 200, ""},
		{wechattest.Fault{Kind: wechattest.CaptivePortal}, 200, page("Welcome")},
		{wechattest.Fault{Kind: wechattest.BadGateway}, 502, page("502 Bad Gateway")},
		{wechattest.Fault{Kind: wechattest.DuplicateErrcode}, 200, `{"errcode":0,"errmsg":"ok","errcode":40001}`},
		{wechattest.Fault{Kind: wechattest.TwoValues}, 200, ok + ok},
		{wechattest.Fault{Kind: wechattest.HugeNumber}, 200, `{"errcode":1e400,"errmsg":"ok"}`},
		{wechattest.Fault{Kind: wechattest.HugeBody}, 200, strings.Repeat(" ", 1000)},
		{wechattest.Fault{Kind: wechattest.Redirect}, 302, ""},
		{wechattest.Fault{Kind: wechattest.Redirect, Status: 307}, 307, ""},
		{wechattest.Fault{Kind: wechattest.Errcode, Code: 45009}, 200, `{"errcode":45009,"errmsg":"reach max api daily quota limit"}`},
		{wechattest.Fault{Kind: wechattest.Errcode, Code: 12345}, 200, `{"errcode":12345,"errmsg":"refused"}`},
		{wechattest.Fault{Kind: wechattest.Answer, Body: "[]"}, 200, "[]"},
		{wechattest.Fault{Kind: wechattest.Answer, Status: 503, Header: http.Header{"Retry-After": {"1"}}}, 503, ""},
	} {
		for _, c := range []caller{newCaller(t, verifiedService), newCaller(t, verifiedService).listening(t)} {
			genuine := tc.fault.Kind <= wechattest.NumberAsString
			for i, execute := range []bool{false, true} {
				tc.fault.Path, tc.fault.Execute = menuCreate, execute
				injected := c.p.Fault(tc.fault)
				got := c.observe("")
				injected.Remove()
				if got.err != nil || got.status != tc.status || withoutRID(got.body) != tc.body {
					t.Errorf("%v at %s: %d %q, %v, want %d %q", tc.fault, c.base, got.status, got.body, got.err, tc.status, tc.body)
				}
				want := i
				if genuine {
					want = i + 1
				}
				if n := c.p.Executions(menuCreate); n != want {
					t.Errorf("%v at %s: %d executions, want %d", tc.fault, c.base, n, want)
				}
			}
		}
	}
}

func TestFaultAnswersHaveTheHeadersOfTheFault(t *testing.T) {
	c := newCaller(t, verifiedService)
	for _, tc := range []struct {
		fault         wechattest.Fault
		header, value string
	}{
		{wechattest.Fault{Kind: wechattest.Answer, Status: 429, Header: http.Header{"Retry-After": {"31536000"}}}, "Retry-After", "31536000"},
		{wechattest.Fault{Kind: wechattest.Redirect}, "Location", "https://elsewhere.example/cgi-bin/token"},
		{
			wechattest.Fault{Kind: wechattest.Redirect, Header: http.Header{"Location": {"https://other.example/"}}},
			"Location", "https://other.example/",
		},
		{wechattest.Fault{Kind: wechattest.CaptivePortal}, "Content-Type", "text/html"},
		{wechattest.Fault{Kind: wechattest.GzipBomb}, "Content-Encoding", "gzip"},
	} {
		injected := c.p.Fault(tc.fault)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+menuGet, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.http.Transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.Header.Get(tc.header); got != tc.value {
			t.Errorf("%v: %s %q, want %q", tc.fault, tc.header, got, tc.value)
		}
		injected.Remove()
	}
}

func TestNumbersBecomeStringsAtEveryDepth(t *testing.T) {
	c := newCaller(t, verifiedService)
	fan := c.acct.AddFollowers(1)[0]
	c.acct.AddTag("vip", fan)
	c.p.Fault(wechattest.Fault{Kind: wechattest.NumberAsString})
	got := c.get("/cgi-bin/user/info", "openid", fan).object(t)
	if got["subscribe"] != "1" || cmp.Diff(list{"100"}, got["tagid_list"]) != "" {
		t.Errorf("profile %v", got)
	}
}

func TestErrcodeOfAFaultHasARIDOfTheLog(t *testing.T) {
	c := newCaller(t, verifiedService)
	c.p.Fault(wechattest.Fault{Kind: wechattest.Errcode, Code: 45011})
	rid := ridTail.FindStringSubmatch(c.get(menuGet).decode(t).ErrMsg)
	if log := c.p.Log(); len(rid) != 2 || log[0].RID != rid[1] || log[0].AppID != c.acct.AppID() {
		t.Errorf("rid %v, log %+v", rid, log)
	}
}

// A redirect that a client follows shows in the log: no other host should ever have been asked.
func TestFollowedRedirectsShowTheirHostInTheLog(t *testing.T) {
	c := newCaller(t, verifiedService)
	c.p.Fault(wechattest.Fault{Path: menuGet, Kind: wechattest.Redirect})
	c.get(menuGet)
	var hosts []string
	for _, e := range c.p.Log() {
		hosts = append(hosts, e.Host+e.Path)
	}
	want := []string{"api.weixin.qq.com" + menuGet, "elsewhere.example/cgi-bin/token"}
	if diff := cmp.Diff(want, hosts); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
}

func TestGzipBombUnpacksToItsSize(t *testing.T) {
	c := newCaller(t, verifiedService).listening(t)
	c.http.Transport.(*http.Transport).DisableCompression = false
	c.p.Fault(wechattest.Fault{Kind: wechattest.GzipBomb, Size: 16 << 20})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+menuGet, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); n != 16<<20 || err != nil {
		t.Errorf("unpacked to %d bytes, %v", n, err)
	}
	if !resp.Uncompressed {
		t.Error("it was not compressed")
	}
}

func TestHugeBodyHasItsSize(t *testing.T) {
	c := newCaller(t, verifiedService)
	c.p.Fault(wechattest.Fault{Kind: wechattest.HugeBody, Size: 1 << 20})
	if got := c.get(menuGet); len(got.body) != 1<<20 || got.header.Get("Content-Length") != "1048576" {
		t.Errorf("%d bytes of %s", len(got.body), got.header.Get("Content-Length"))
	}
}

func TestFaultsSkipAndEnd(t *testing.T) {
	c := newCaller(t, verifiedService)
	first := c.p.Fault(wechattest.Fault{Path: menuGet, Kind: wechattest.Errcode, Code: -1, Skip: 1, Times: 2})
	second := c.p.Fault(wechattest.Fault{Path: "/cgi-bin/menu/", Kind: wechattest.Errcode, Code: 45011, Times: 1})
	var codes []int
	for range 5 {
		codes = append(codes, c.get(menuGet).code(t))
	}
	// The first fault lets one request pass, which the second then meets.
	if diff := cmp.Diff([]int{45011, -1, -1, 46003, 46003}, codes); diff != "" {
		t.Errorf("errcodes (-want +got):\n%s", diff)
	}
	if first.Hits() != 2 || second.Hits() != 1 {
		t.Errorf("hits %d and %d, want 2 and 1", first.Hits(), second.Hits())
	}
	everywhere := c.p.Fault(wechattest.Fault{Kind: wechattest.Errcode, Code: -1})
	want(t, "everywhere", c.get("/cgi-bin/getcallbackip").code(t), -1)
	everywhere.Remove()
	everywhere.Remove()
	want(t, "removed", c.get("/cgi-bin/getcallbackip").code(t), 0)
	want(t, "another path", c.get("/cgi-bin/menus").code(t), 40066)
}

func TestFaultThatCannotHaveExecutedIsRefused(t *testing.T) {
	for _, kind := range []wechattest.Kind{wechattest.NoSuchHost, wechattest.Refused, wechattest.TLSFailure, wechattest.ResetInBody} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v was planted to strike after executing", kind)
				}
			}()
			wechattest.New().Fault(wechattest.Fault{Kind: kind, Execute: true})
		}()
	}
}

func TestEveryFaultIsThereOnceAndHasAName(t *testing.T) {
	seen := map[string]int{}
	kinds := map[wechattest.Kind]bool{}
	for _, f := range wechattest.EveryFault(menuCreate) {
		seen[f.String()]++
		kinds[f.Kind] = true
		if f.Path != menuCreate || f.String() == "" {
			t.Errorf("fault %+v", f)
		}
	}
	for k := wechattest.NoSuchHost; k <= wechattest.Answer; k++ {
		if !kinds[k] {
			t.Errorf("no %v", k)
		}
	}
	for name, n := range seen {
		if n > 1 && name != "truncated, executed" { // once with and once without a part of the body
			t.Errorf("%d times %s", n, name)
		}
	}
}

// Every fault on a broadcast: it happens once or not at all, and the account's list says which.
func TestNoFaultExecutesTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for i, f := range wechattest.EveryFault(massAll) {
			c := newCaller(t, verifiedService)
			f.Times = 1
			c.p.Fault(f)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			body := jsonText(t, obj{"filter": obj{"is_to_all": true}, "msgtype": "text", "text": obj{"content": "x"}})
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+massAll+"?access_token="+c.acct.Token(), strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if resp, err := c.http.Transport.RoundTrip(r); err == nil {
				_, _ = io.CopyN(io.Discard, resp.Body, 1<<20)
				_ = resp.Body.Close()
			}
			cancel()
			sent, executed := len(c.p.Broadcasts(c.acct.AppID())), strings.HasSuffix(f.String(), ", executed")
			if sent != c.p.Executions(massAll) || sent > 1 || (sent == 1) != executed {
				t.Errorf("fault %d, %v: %d broadcasts", i, f, sent)
			}
		}
	})
}

func TestStalledRequestIsCarriedOutAfterTheCallerHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		c.p.Fault(wechattest.Fault{Path: menuCreate, Stall: time.Minute, Times: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		body := strings.NewReader(`{"button":[{"type":"click","name":"A","key":"k"}]}`)
		r := newRequest(t, ctx, origin+menuCreate+"?access_token="+c.acct.Token(), body)
		if _, err := c.http.Do(r); !errors.Is(err, context.DeadlineExceeded) { //nolint:bodyclose // there is none
			t.Fatalf("error %v", err)
		}
		if n := c.p.Executions(menuCreate); n != 0 {
			t.Errorf("%d executions at the deadline", n)
		}
		time.Sleep(2 * time.Minute)
		if n := c.p.Executions(menuCreate); n != 1 {
			t.Errorf("%d executions after the stall", n)
		}
	})
}

func TestStallAndLatencyPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService, wechattest.WithLatency(time.Second))
		c.p.Fault(wechattest.Fault{Path: menuGet, Stall: time.Minute, Latency: 10 * time.Second})
		began := time.Now()
		want(t, "slow", c.get(menuGet).code(t), 46003)
		if took := time.Since(began); took != 71*time.Second {
			t.Errorf("took %v, want 71s", took)
		}
	})
}

func TestDripTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		c.p.Fault(wechattest.Fault{Path: menuCreate, Kind: wechattest.Drip, Every: time.Second})
		began := time.Now()
		got := c.post(menuCreate, `{"button":[{"type":"click","name":"A","key":"k"}]}`)
		if want := time.Duration(len(got.body)) * time.Second; time.Since(began) != want || got.code(t) != 0 {
			t.Errorf("took %v for %q, want %v", time.Since(began), got.body, want)
		}
	})
}

// On a port the client is told of a reset in the body only when its buffers are full.
func TestResetInALargeBodyOnAPort(t *testing.T) {
	c := newCaller(t, verifiedService).listening(t)
	c.p.Fault(wechattest.Fault{Kind: wechattest.ResetInBody, At: 1000})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.base+mediaUpload+"?access_token="+c.acct.Token(), io.LimitReader(zeros{}, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = 64 << 20
	_, err = c.http.Do(r) //nolint:bodyclose // there is none
	// net/http writes and reads at once, and gives the error of whichever noticed first.
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v, want a reset", err)
	}
	if n := c.p.Executions(mediaUpload); n != 0 {
		t.Errorf("%d executions", n)
	}
}

func TestErrorsHideInURLErrorsAsInNetHTTP(t *testing.T) {
	c := newCaller(t, verifiedService)
	c.p.Fault(wechattest.Fault{Kind: wechattest.Refused})
	_, err := c.http.Get(origin + menuGet) //nolint:bodyclose // there is none
	if _, ok := errors.AsType[*url.Error](err); !ok {
		t.Errorf("error %T", err)
	}
	if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "dial" {
		t.Errorf("error %v, want a dial error", err)
	}
}
