package wechattest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// transport answers requests in process.
type transport struct{ p *Platform }

// Transport returns an http.RoundTripper whose every request is answered by the platform, in process,
// whatever the host. It behaves like an http.Transport that opens a connection for each request: hooks,
// errors, Content-Length, contexts.
//
// The hooks of httptrace that are called are GetConn, GotConn, WroteHeaders, WroteRequest and
// GotFirstResponseByte. The body of a request is read in a goroutine, which ends when its Read does; no
// other goroutine is started. Compression, proxies, cookies and connection reuse are left out.
func (p *Platform) Transport() http.RoundTripper { return transport{p} }

// RoundTrip carries one request to the platform and its answer back.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL == nil || r.URL.Host == "" {
		closeBody(r)
		return nil, errors.New("http: no Host in request URL")
	}
	ctx := r.Context()
	if ctx.Err() != nil {
		closeBody(r)
		return nil, context.Cause(ctx)
	}
	conn := link{host: r.URL.Host, scheme: r.URL.Scheme}
	trace := hooksOf(ctx)
	f := t.p.strike(r.URL.Path)

	trace.getConn(conn.address())
	if err := conn.dial(f.Kind); err != nil {
		closeBody(r)
		return nil, err
	}
	trace.gotConn(conn)
	trace.wroteHeaders()
	in, err := t.send(ctx, r, f, conn)
	trace.wroteRequest(err)
	if err != nil {
		return nil, err
	}

	a, err := t.p.answer(ctx, in, f)
	if err != nil {
		return nil, err
	}
	switch f.Kind {
	case Close:
		return nil, io.EOF
	case Reset, ResetInBody:
		return nil, conn.broken("read", syscall.ECONNRESET)
	case Hang:
		<-ctx.Done()
		return nil, context.Cause(ctx)
	case HalfStatusLine:
		trace.firstByte()
		_, err := http.ReadResponse(bufio.NewReader(strings.NewReader(halfStatusLine)), r)
		return nil, fmt.Errorf("net/http: HTTP/1.x transport connection broken: %w", err)
	default:
		trace.firstByte()
		return a.response(r), nil
	}
}

// halfStatusLine is all that arrives of some answers.
const halfStatusLine = "HTTP/1.1 20"

// send reads the request's body to its end as the platform would, and closes it. The context ends the
// wait for a body that does not come; the body is then closed when its Read returns, as in net/http.
func (t transport) send(ctx context.Context, r *http.Request, f Fault, conn link) (*request, error) {
	in := requestOf(r)
	if r.Body == nil || r.Body == http.NoBody {
		return in, nil
	}
	src := &outgoing{ctx: ctx, r: r.Body, want: r.ContentLength, chunked: r.ContentLength <= 0}
	if f.Kind == ResetInBody {
		src.cut, src.cutErr = f.At, conn.broken("write", syscall.ECONNRESET)
	}
	contentType := r.Header.Get("Content-Type")
	done := make(chan error, 1)
	go func() { // touches nothing of r: the caller may have it back before Read returns
		err := in.read(src, contentType, t.p.keep())
		_ = src.r.Close()
		done <- err
	}()
	select {
	case err := <-done:
		in.chunked = src.chunked && src.sent > 0
		if err != nil && f.Kind == ResetInBody {
			t.p.ignore(in, f.String())
		}
		return in, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// outgoing is a request's body on its way, held to the length that the head announced.
type outgoing struct {
	ctx     context.Context //nolint:containedctx // an io.Reader has no other way to get it
	r       io.ReadCloser
	want    int64
	sent    int64
	chunked bool
	cut     int64
	cutErr  error // the connection breaks after cut bytes
}

func (o *outgoing) Read(p []byte) (int, error) {
	if o.ctx.Err() != nil {
		return 0, context.Cause(o.ctx)
	}
	if o.cutErr != nil {
		if o.sent >= o.cut {
			return 0, o.cutErr
		}
		p = p[:min(int64(len(p)), o.cut-o.sent)]
	}
	n, err := o.r.Read(p)
	o.sent += int64(n)
	if o.chunked {
		return n, err
	}
	if o.sent > o.want || errors.Is(err, io.EOF) && o.sent < o.want {
		return 0, fmt.Errorf("http: ContentLength=%d with Body length %d", o.want, o.sent)
	}
	return n, err
}

// answer carries out the request and waits as long as the fault and the platform want.
func (p *Platform) answer(ctx context.Context, in *request, f Fault) (answer, error) {
	if f.Stall == 0 {
		return p.carryOut(in, f), wait(ctx, p.latency+f.Latency)
	}
	done := make(chan answer, 1)
	time.AfterFunc(f.Stall, func() { done <- p.carryOut(in, f) }) // whether or not anybody still waits
	select {
	case a := <-done:
		return a, wait(ctx, p.latency+f.Latency)
	case <-ctx.Done():
		return answer{}, context.Cause(ctx)
	}
}

// wait waits for d, or until the context ends.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// response is the answer as net/http would hand it to the client.
func (a answer) response(r *http.Request) *http.Response {
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)),
		StatusCode: a.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        a.head(time.Now()),
		Body:          &incoming{ctx: r.Context(), r: a.content(), left: a.length(), drip: a.drip},
		ContentLength: a.length(),
		Request:       r,
	}
}

// incoming is the body of an answer on its way to the client.
type incoming struct {
	ctx    context.Context //nolint:containedctx // the context of a request bounds its body as well
	r      io.Reader
	left   int64 // of the announced length
	drip   time.Duration
	closed bool
}

// Read reads on, slowly if the answer drips, and fails if the connection ended too early.
func (b *incoming) Read(p []byte) (int, error) {
	switch {
	case b.closed:
		return 0, http.ErrBodyReadAfterClose
	case b.ctx.Err() != nil:
		return 0, context.Cause(b.ctx)
	case b.drip > 0 && b.left > 0:
		if err := wait(b.ctx, b.drip); err != nil {
			return 0, err
		}
		p = p[:min(len(p), 1)]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if errors.Is(err, io.EOF) && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close ends the reading.
func (b *incoming) Close() error {
	b.closed = true
	return nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}
