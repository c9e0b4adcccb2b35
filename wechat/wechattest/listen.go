package wechattest

import (
	"context"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

// Listen serves the platform on a free port of 127.0.0.1, with the same state as in process. Several ports
// at once are possible. stop closes the port and its connections, waits for what was being served and
// leaves no goroutine behind; it may be called again. Listen panics if there is no port.
func (p *Platform) Listen() (url string, stop func()) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic("wechattest: " + err.Error())
	}
	var wg sync.WaitGroup // the accepting goroutine and one for each connection
	srv := &http.Server{
		Handler:           p,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that go away are what tests are about
		ReadHeaderTimeout: time.Minute,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				wg.Add(1)
			case http.StateClosed, http.StateHijacked:
				wg.Done()
			default: // still there
			}
		},
	}
	wg.Go(func() { _ = srv.Serve(l) }) // always http.ErrServerClosed
	return "http://" + l.Addr().String(), sync.OnceFunc(func() {
		_ = srv.Close()
		wg.Wait()
	})
}

// ServeHTTP serves the platform to one request, so that it can be mounted in a server of one's own.
// Faults that end a connection take it over; where the server does not allow that, they abort the request.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := p.strike(r.URL.Path)
	in := requestOf(r)
	var src io.Reader = http.NoBody
	if r.Body != nil {
		src = r.Body
	}
	if f.Kind == ResetInBody {
		src = io.LimitReader(src, f.At)
	}
	if err := in.read(src, r.Header.Get("Content-Type"), p.keep()); err != nil {
		return // the client went away while it was sending
	}
	a, err := p.answer(r.Context(), in, f)
	if err != nil {
		return
	}
	switch f.Kind {
	case NoSuchHost, Refused, TLSFailure, Close:
		hangUp(w, nil, false)
	case ResetInBody, Reset:
		hangUp(w, nil, true)
	case HalfStatusLine:
		hangUp(w, []byte(halfStatusLine), false)
	case Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	default:
		a.write(w, r)
	}
}

// hangUp takes the connection over and closes it after last words, with a FIN or an RST.
func hangUp(w http.ResponseWriter, last []byte, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_, _ = conn.Write(last)
	_ = conn.Close()
}

// write sends the answer. What is shorter than announced makes the server close the connection.
func (a answer) write(w http.ResponseWriter, r *http.Request) {
	maps.Copy(w.Header(), a.head(time.Now()))
	w.WriteHeader(a.status)
	if a.drip == 0 {
		_, _ = io.Copy(w, a.content())
		return
	}
	flush := http.NewResponseController(w)
	_ = flush.Flush() // the head comes at once
	for src, one := a.content(), make([]byte, 1); ; {
		n, err := src.Read(one)
		if n == 0 || err != nil || wait(r.Context(), a.drip) != nil {
			return
		}
		_, _ = w.Write(one)
		_ = flush.Flush()
	}
}
