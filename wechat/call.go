package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// call is one call on its way: begin → (prepare → settle → again)* → end.
type call struct {
	client *Client
	ctx    context.Context //nolint:containedctx // a call lives exactly as long as its context
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
	doubt    bool // the last attempt, or one before it, may have been carried out
	unsent   bool // the last attempt provably never left
	passing  bool // the failure is one that may pass
	wait     time.Duration
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
	resp, _ := l.Do(&k.retry) // settle has judged every outcome, and has read and closed every body
	l.call, l.HTTPClient = nil, nil
	loops.Put(l)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if k.err == nil {
		return nil
	}
	if ended := k.ctx.Err(); ended != nil && !errors.Is(k.err, ended) {
		k.because(ended) // the wait for the next attempt was cut short
	}
	return k.err
}

// end gives back what was borrowed.
func (k *call) end() {
	k.upload.finish()
	if k.cancel != nil {
		k.cancel()
	}
	if k.buffer != nil {
		putBuffer(k.buffer)
		k.buffer = nil
	}
	if k.client.closed.Load() {
		k.client.disconnect() // its connection came back after Close
	}
}

// prepare makes a request ready to be sent: a token, a place in the rate limit, a body from its start, and
// a URL of its own, which is built and never parsed. The token comes first: calls that wait for one must
// not save up places in the meantime.
func (k *call) prepare(r *http.Request) error {
	k.attempt++
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
	if at, err := k.client.limits.wait(k.ctx, k.path); err != nil {
		kinds := []error{ErrRateLimited}
		if at.IsZero() {
			kinds = nil
		}
		return k.fail(&Error{Op: k.op(), kinds: kinds, cause: err, retryAt: at})
	}
	r.Method, r.Host = k.method, k.client.host
	r.URL = &url.URL{Scheme: k.client.scheme, Host: k.client.host, Path: k.client.base + k.path, RawQuery: query}
	r.Header = http.Header{"User-Agent": k.client.agent}
	if err := k.load(r); err != nil {
		return k.fail(err)
	}
	if !k.class.harmless() {
		k.trace = newTrace()
		*r = *r.WithContext(httptrace.WithClientTrace(k.ctx, &k.trace.ClientTrace))
	}
	k.started = time.Now()
	return nil
}

// fail ends a call before its next request, without losing what the last one came to.
func (k *call) fail(err *Error) error {
	if k.err != nil {
		k.because(err)
		if k.err.retryAt.IsZero() {
			k.err.retryAt = err.retryAt
		}
		return k.err
	}
	own := *err // others may be waiting for the same token
	if op := k.op(); own.Op != op {
		own.Op = op + ": " + own.Op
	}
	k.err = &own
	return k.err
}

// because adds what kept the call from going on. A hook may have kept the error as it was.
func (k *call) because(err error) {
	e := *k.err
	if e.cause != nil {
		err = fmt.Errorf("%w; then %w", e.cause, err)
	}
	e.cause = err
	k.err = &e
}

var jsonType = []string{"application/json; charset=utf-8"}

// load gives the request its body, from the start. There is no GetBody: net/http would use it to repeat
// requests by itself.
func (k *call) load(r *http.Request) *Error {
	r.Body, r.GetBody, r.ContentLength = nil, nil, 0
	switch {
	case k.form != nil:
		k.upload.finish() // of the last attempt
		body, err := k.form.body(k.ctx)
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
	case !k.class.harmless():
		r.Body = new(bodyReader) // an empty one: a GET with none is repeated too, if a kept connection breaks
	}
	return nil
}

type bodyReader struct{ bytes.Reader }

func (*bodyReader) Close() error { return nil }

// authorize fetches the token for the next attempt. Where the platform has refused one and the source
// still gives the same, it is tried once more after a pause.
func (k *call) authorize() *Error {
	token, err := k.client.token(k.ctx, k.refused)
	if err != nil {
		return err
	}
	if token == k.refused {
		if err := sleep(k.ctx, jitter(200*time.Millisecond, time.Second)); err != nil {
			return &Error{Op: opToken, cause: err}
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

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= 1<<16 {
		b.Reset()
		buffers.Put(b)
	}
}
