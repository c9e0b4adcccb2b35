package wechat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// Paths that the tests use: one that reads, the token's, and one of each class that the fake platform has.
const (
	readPath  = "/cgi-bin/get_api_domain_ip"
	tokenPath = "/cgi-bin/stable_token"
	showPath  = "/cgi-bin/message/mass/preview"
	massPath  = "/cgi-bin/message/mass/sendall"
)

// long reports whether the long form of the tests was asked for.
func long() bool { return os.Getenv("WECHAT_LONG") != "" }

// pick chooses how much of something a test does: with -short or under the race detector, usually, and with
// WECHAT_LONG set.
func pick(short, usual, most int) int {
	switch {
	case long():
		return most
	case testing.Short() || raced:
		return short
	}
	return usual
}

// verified is an account that may do most.
var verified = wechattest.Account{Type: wechattest.Service, Verified: true}

// connect opens an account on the platform and gives a client for it.
func connect(t testing.TB, p *wechattest.Platform, opts ...wechat.Option) (*wechat.Client, *wechattest.Console) {
	t.Helper()
	acct := p.AddAccount(verified)
	return process(t, p, acct, opts...), acct
}

// process gives another client for an account, as another process has one.
func process(t testing.TB, p *wechattest.Platform, acct *wechattest.Console, opts ...wechat.Option) *wechat.Client {
	t.Helper()
	c, err := wechat.New(credentialsOf(acct), append([]wechat.Option{wechat.WithTransport(p.Transport())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// onPort gives a client for a platform that listens, with the transports that are the client's own.
func onPort(t testing.TB, url string, acct *wechattest.Console, opts ...wechat.Option) *wechat.Client {
	t.Helper()
	c, err := wechat.New(credentialsOf(acct), append([]wechat.Option{wechat.WithBaseURL(url)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func credentialsOf(acct *wechattest.Console) wechat.Credentials {
	return wechat.Credentials{AppID: wechat.AppID(acct.AppID()), AppSecret: wechat.NewSecret(acct.Secret())}
}

// scripted gives a client with a transport of the test's own and a token that needs no fetching.
func scripted(t testing.TB, rt script, opts ...wechat.Option) *wechat.Client {
	t.Helper()
	c, err := wechat.New(wechat.Credentials{AppID: "wx0123456789abcdef"},
		append([]wechat.Option{wechat.WithTransport(rt), wechat.WithTokens(wechat.StaticToken("a-static-token"))}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// script is a transport as a function. It fires no httptrace hooks, as a swapped transport does not.
type script func(*http.Request) (*http.Response, error)

func (s script) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	return s(r)
}

// answer is a response as a script gives it.
func answer(r *http.Request, status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// read makes a call of class read.
func read(ctx context.Context, c *wechat.Client) error {
	_, err := c.APIIPs(ctx)
	return err
}

// show makes a call of class once that may be made often: it previews a text to a follower.
func show(ctx context.Context, c *wechat.Client, follower string) error {
	return c.Call(ctx, wechat.Request{Path: showPath, Body: map[string]any{
		"touser": follower, "msgtype": "text", "text": map[string]string{"content": "hello"},
	}}, nil)
}

// send makes a call of class keyed: a broadcast to everybody.
func send(ctx context.Context, c *wechat.Client, key string) error {
	var out struct {
		MsgID any `json:"msg_id"`
	}
	return c.Call(ctx, wechat.Request{Path: massPath, Body: map[string]any{
		"filter": map[string]any{"is_to_all": true}, "msgtype": "text", "text": map[string]string{"content": "hello"}, "clientmsgid": key,
	}}, &out)
}

// attempts remembers what a hook was told. It is safe for concurrent use.
type attempts struct {
	mu  sync.Mutex
	all []wechat.Attempt
}

func (a *attempts) hook(_ context.Context, n wechat.Attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, n)
}

// refusals remembers the attempts whose token was refused, and forgets the others.
func (a *attempts) refusals(ctx context.Context, n wechat.Attempt) {
	if n.Code == 40001 || n.Code == 40014 || n.Code == 42001 {
		a.hook(ctx, n)
	}
}

// of lists the attempts of an operation.
func (a *attempts) of(op string) []wechat.Attempt {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []wechat.Attempt
	for _, n := range a.all {
		if n.Op == op {
			out = append(out, n)
		}
	}
	return out
}

// deepest is the highest attempt number on an operation.
func (a *attempts) deepest(op string) int {
	n := 0
	for _, one := range a.of(op) {
		n = max(n, one.N)
	}
	return n
}

// details gives the *wechat.Error of a failed call.
func details(t testing.TB, err error) *wechat.Error {
	t.Helper()
	e, ok := errors.AsType[*wechat.Error](err)
	if !ok {
		t.Fatalf("error %v (%T), want a *wechat.Error", err, err)
	}
	return e
}

// wantKind fails unless err is of every kind.
func wantKind(t testing.TB, err error, kinds ...error) {
	t.Helper()
	for _, k := range kinds {
		if !errors.Is(err, k) {
			t.Fatalf("error %v, want one of kind %q", err, k)
		}
	}
}

// took runs f and tells how long it took.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// getJSON makes a request by hand.
func getJSON(ctx context.Context, c *http.Client, url string, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(out)
}

// contextOf gives a context with a deadline, which ends with the test.
func contextOf(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// transcript is an output that goroutines may write to at once.
type transcript struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
