package wechattest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"os"
	"syscall"
	"time"
)

// link is a connection that does not exist: what httptrace gets to see, and what its errors are made of.
type link struct{ host, scheme string }

// address is the host and port, as GetConn gets it.
func (l link) address() string {
	if _, _, err := net.SplitHostPort(l.host); err == nil {
		return l.host
	}
	if l.scheme == "http" {
		return net.JoinHostPort(l.host, "80")
	}
	return net.JoinHostPort(l.host, "443")
}

// dial fails as a dialler does if a fault wants it.
func (l link) dial(k Kind) error {
	op := &net.OpError{Op: "dial", Net: "tcp"}
	switch k {
	case NoSuchHost:
		host, _, _ := net.SplitHostPort(l.address())
		op.Err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	case Refused:
		op.Addr, op.Err = far, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	case TLSFailure:
		const handshakeFailure = 40
		op.Op, op.Net, op.Err = "remote error", "", tls.AlertError(handshakeFailure)
	default:
		return nil
	}
	return op
}

// broken is the error of a system call on a connection.
func (l link) broken(call string, err error) error {
	return &net.OpError{Op: call, Net: "tcp", Source: near, Addr: far, Err: os.NewSyscallError(call, err)}
}

// The ends of a link. The addresses are ones that are kept for documentation.
var (
	near = &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 40000}
	far  = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 10), Port: 443}
)

// A link is a net.Conn on which nothing works but its addresses.

func (link) Read([]byte) (int, error)         { return 0, net.ErrClosed }
func (link) Write([]byte) (int, error)        { return 0, net.ErrClosed }
func (link) Close() error                     { return nil }
func (link) LocalAddr() net.Addr              { return near }
func (link) RemoteAddr() net.Addr             { return far }
func (link) SetDeadline(time.Time) error      { return nil }
func (link) SetReadDeadline(time.Time) error  { return nil }
func (link) SetWriteDeadline(time.Time) error { return nil }

// hooks are the httptrace hooks of a request, any of which may be missing.
type hooks struct{ *httptrace.ClientTrace }

func hooksOf(ctx context.Context) hooks {
	if t := httptrace.ContextClientTrace(ctx); t != nil {
		return hooks{t}
	}
	return hooks{&httptrace.ClientTrace{}}
}

func (h hooks) getConn(address string) {
	if h.GetConn != nil {
		h.GetConn(address)
	}
}

func (h hooks) gotConn(l link) {
	if h.GotConn != nil {
		h.GotConn(httptrace.GotConnInfo{Conn: l})
	}
}

func (h hooks) wroteHeaders() {
	if h.WroteHeaders != nil {
		h.WroteHeaders()
	}
}

func (h hooks) wroteRequest(err error) {
	if h.WroteRequest != nil {
		h.WroteRequest(httptrace.WroteRequestInfo{Err: err})
	}
}

func (h hooks) firstByte() {
	if h.GotFirstResponseByte != nil {
		h.GotFirstResponseByte()
	}
}
