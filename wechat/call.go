package wechat

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

// Request is a call of the platform's API as a value.
type Request struct {
	// Method is GET or POST. Empty means POST where there is a body, and GET otherwise.
	Method string
	// Path begins with a slash: "/cgi-bin/menu/get".
	Path string
	// Query is what the URL says beside the access token.
	Query url.Values
	// Body is encoded as JSON in raw UTF-8. A POST without one sends {}.
	Body any
	// Class says what a repetition would do; a path that this module knows keeps its own.
	Class Class
}

// Call makes a call of any path through the whole pipeline: guards, rate limit, token, repeats by class,
// envelope, errors. Where out is nil the answer must say errcode 0; otherwise the answer, an object that
// is not empty, is decoded into out, and if out has a method Check() error, that must agree. Whatever else
// is an [*Error].
func (c *Client) Call(ctx context.Context, r Request, out any) error {
	k, err := c.begin(ctx, r)
	if err != nil {
		return err
	}
	defer k.end()
	k.out = out
	return k.run()
}

// Get reads path and decodes the answer. The class is [ClassRead].
func Get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	var out T
	err := c.Call(ctx, Request{Method: http.MethodGet, Path: path, Query: query, Class: ClassRead}, &out)
	return out, err
}

// Post sends body to path as JSON and decodes the answer.
func Post[T any](ctx context.Context, c *Client, path string, class Class, body any) (T, error) {
	var out T
	err := c.Call(ctx, Request{Method: http.MethodPost, Path: path, Class: class, Body: body}, &out)
	return out, err
}

// checker is a result that knows whether it is complete.
type checker interface{ Check() error }

// call is one call on its way: begin → (prepare → settle → again)* → end.
type call struct {
	client *Client
	ctx    context.Context
	cancel context.CancelFunc
	given  bool // the caller gave a deadline
	method string
	path   string
	query  string
	class  Class
	limit  int64 // of the answer
	open   bool  // takes no token

	body   []byte
	reader bodyReader
	form   *form
	upload *uploadBody // of this attempt
	sink   *sink
	out    any

	http    http.Request
	retry   retryablehttp.Request
	trace   *trace
	buffer  *bytes.Buffer
	token   string
	refused string // the token that the platform refused, once
	repeats int

	attempt  int
	started  time.Time
	status   int
	received int64
	err      *Error
	doubt    bool // the last attempt may have been carried out
	unsent   bool // the last attempt provably never left
	passing  bool // the failure is one that may pass
	wait     time.Duration
}

// begin checks and encodes everything that can be refused before a token or the network is touched.
func (c *Client) begin(ctx context.Context, r Request) (*call, error) {
	k := &call{client: c, path: r.Path, class: r.Class, limit: 1 << 20, method: r.Method}
	if k.method == "" {
		k.method = http.MethodGet
		if r.Body != nil {
			k.method = http.MethodPost
		}
	}
	if op, known := operations[r.Path]; known {
		k.class, k.open = op.Class, op.Open
		if op.Large {
			k.limit = 16 << 20
		}
	}
	if p := badRequest(k.method, r); p != nil {
		return nil, Refuse(k.op(), []Problem{*p})
	}
	if len(r.Query) > 0 {
		k.query = r.Query.Encode()
	}
	if err := c.ready(ctx, k); err != nil {
		return nil, err
	}
	if k.method == http.MethodPost {
		body, err := encode(r.Body)
		if err != nil {
			return nil, Refuse(k.op(), []Problem{{Field: "body", Rule: "encoding", Message: err.Error()}})
		}
		k.body = body
	}
	k.ctx = ctx
	if _, k.given = ctx.Deadline(); !k.given {
		k.ctx, k.cancel = context.WithTimeout(ctx, k.class.timeout())
	}
	return k, nil
}

// ready asks whether a call may be made at all.
func (c *Client) ready(ctx context.Context, k *call) error {
	if err := ctx.Err(); err != nil {
		return &Error{Op: k.op(), cause: err}
	}
	if c.closed.Load() {
		return &Error{Op: k.op(), kinds: []error{ErrClosed}}
	}
	if len(c.guards) > 0 {
		if err := c.Permit(ctx, k.path); err != nil {
			return err
		}
	}
	if until, yes := c.exhausted(k.path); yes {
		return &Error{Op: k.op(), Code: codeDailyQuota, Message: "not sent, the platform said so before", kinds: []error{ErrQuota}, retryAt: until}
	}
	return nil
}

func badRequest(method string, r Request) *Problem {
	switch {
	case method != http.MethodGet && method != http.MethodPost:
		return &Problem{Field: "method", Rule: "choice", Message: "neither GET nor POST"}
	case method == http.MethodGet && r.Body != nil:
		return &Problem{Field: "body", Rule: "forbidden", Message: "a GET has no body"}
	case !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, "?#%\\ \r\n") || strings.Contains(r.Path, "//") || strings.Contains(r.Path, ".."):
		return &Problem{Field: "path", Rule: "format", Message: "not a plain path that begins with a slash; parameters belong into the query"}
	case r.Query.Has("access_token"):
		return &Problem{Field: "query.access_token", Rule: "forbidden", Message: "the client adds the access token itself"}
	}
	return nil
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return []byte("{}"), nil
	}
	return wire.Encode(body)
}

func (k *call) op() string { return k.method + " " + k.path }

// loop is go-retryablehttp's client with its callbacks bound to the call that borrows it. It repeats when
// and as the call says, never by its own defaults.
type loop struct {
	retryablehttp.Client
	call *call
}

var loops = sync.Pool{New: func() any {
	l := new(loop)
	l.RetryMax = 1 << 30
	l.CheckRetry = func(_ context.Context, resp *http.Response, err error) (bool, error) {
		l.call.settle(resp, err)
		again := l.call.again()
		l.call.report(again)
		return again, nil
	}
	l.Backoff = func(time.Duration, time.Duration, int, *http.Response) time.Duration { return l.call.wait }
	l.PrepareRetry = func(r *http.Request) error { return l.call.prepare(r) }
	l.ErrorHandler = func(resp *http.Response, err error, _ int) (*http.Response, error) { return resp, err }
	return l
}}

// run is the life of a call.
func (k *call) run() error {
	k.http = *(&http.Request{}).WithContext(k.ctx)
	if err := k.prepare(&k.http); err != nil {
		return err
	}
	l := loops.Get().(*loop)
	l.call, l.HTTPClient = k, k.client.http
	if !k.class.harmless() {
		l.HTTPClient = k.client.fresh
	}
	k.retry.Request = &k.http
	resp, err := l.Do(&k.retry) // settle has read and closed every body
	l.call, l.HTTPClient = nil, nil
	loops.Put(l)
	if resp != nil {
		_ = resp.Body.Close()
	}
	switch {
	case k.err == nil:
		return nil
	case err == nil:
		return k.err
	}
	if own, ok := errors.AsType[*Error](err); ok && own != k.err {
		err = own.cause
	}
	if k.err.cause == nil && k.ctx.Err() != nil {
		k.err.cause = k.ctx.Err() // the wait for the next attempt was cut short
	}
	return k.err
}

// end gives back what was borrowed.
func (k *call) end() {
	if k.cancel != nil {
		k.cancel()
	}
	if k.buffer != nil {
		putBuffer(k.buffer)
		k.buffer = nil
	}
}

// prepare makes a request ready to be sent: a place in the rate limit, a token, a body from its start,
// and a URL of its own, which is built and never parsed.
func (k *call) prepare(r *http.Request) error {
	k.attempt++
	if at, err := k.client.limits.wait(k.ctx, k.path); err != nil {
		kinds := []error{ErrRateLimited}
		if at.IsZero() {
			kinds = nil
		}
		return k.fail(&Error{Op: k.op(), kinds: kinds, cause: err, retryAt: at})
	}
	query := k.query
	if !k.open {
		if err := k.authorize(); err != nil {
			return k.fail(err)
		}
		query = "access_token=" + url.QueryEscape(k.token)
		if k.query != "" {
			query += "&" + k.query
		}
	}
	r.Method, r.Host = k.method, k.client.host
	r.URL = &url.URL{Scheme: k.client.scheme, Host: k.client.host, Path: k.client.base + k.path, RawQuery: query}
	r.Header = http.Header{"User-Agent": k.client.agent}
	if err := k.load(r); err != nil {
		return k.fail(err)
	}
	if !k.class.harmless() && k.trace == nil {
		k.trace = newTrace()
		*r = *r.WithContext(httptrace.WithClientTrace(k.ctx, &k.trace.ClientTrace))
	}
	k.started = time.Now()
	return nil
}

// fail ends a call before it was sent, without losing what an earlier attempt came to.
func (k *call) fail(err *Error) error {
	if k.err == nil {
		k.err = err
		return err
	}
	k.err.cause = err
	if k.err.retryAt.IsZero() {
		k.err.retryAt = err.retryAt
	}
	return k.err
}

var (
	jsonType = []string{"application/json; charset=utf-8"}
)

// load gives the request its body, from the start. There is no GetBody: net/http would use it to repeat
// requests by itself.
func (k *call) load(r *http.Request) *Error {
	r.Body, r.GetBody, r.ContentLength = nil, nil, 0
	switch {
	case k.form != nil:
		body, err := k.form.body()
		if err != nil {
			return &Error{Op: k.op(), cause: err}
		}
		k.upload = body
		r.Body, r.ContentLength = body, k.form.length
		r.Header["Content-Type"] = k.form.contentType
	case k.method == http.MethodPost:
		body := &k.reader
		if k.attempt > 1 {
			body = new(bodyReader) // the last attempt's transport may still be reading the other
		}
		body.Reset(k.body)
		r.Body, r.ContentLength = body, int64(len(k.body))
		r.Header["Content-Type"] = jsonType
	}
	return nil
}

type bodyReader struct{ bytes.Reader }

func (*bodyReader) Close() error { return nil }

// authorize fetches the token for the next attempt. Where the platform has refused one and the source
// still gives the same, it is tried once more after a pause.
func (k *call) authorize() *Error {
	token, err := k.client.tokens.Token(k.ctx, k.refused)
	switch {
	case err != nil:
		if e, ok := errors.AsType[*Error](err); ok {
			return e
		}
		return &Error{Op: k.op(), kinds: []error{ErrTokenRejected}, cause: err}
	case token == "":
		return &Error{Op: k.op(), kinds: []error{ErrTokenRejected}, cause: errors.New("the token source gave an empty token")}
	}
	if token == k.refused {
		if err := sleep(k.ctx, jitter(200*time.Millisecond, time.Second)); err != nil {
			return &Error{Op: k.op(), cause: err}
		}
	}
	k.token = token
	return nil
}

// sent is the length of the body, as far as it went.
func (k *call) sent() int64 {
	if k.upload != nil {
		return k.upload.sent.Load()
	}
	return int64(len(k.body))
}

// secrets are what must not be seen of this call.
func (k *call) secrets() []string {
	return []string{k.token, k.refused, k.client.secret.Reveal()}
}

// trace tells whether a request left. net/http asks for a connection (GetConn) and gets one (GotConn)
// before it writes; where the first was seen and the second not, nothing was sent. A transport that fires
// neither has told nothing.
type trace struct {
	httptrace.ClientTrace
	asked, got atomic.Bool
}

func newTrace() *trace {
	t := new(trace)
	t.GetConn = func(string) { t.asked.Store(true) }
	t.GotConn = func(httptrace.GotConnInfo) { t.got.Store(true) }
	return t
}

func (t *trace) unsent() bool { return t != nil && t.asked.Load() && !t.got.Load() }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= 1<<16 {
		b.Reset()
		buffers.Put(b)
	}
}
