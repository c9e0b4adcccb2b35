package media_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/seed-a9908ced/wechat-go/media"
)

// public is where every name of a world leads that leads nowhere else.
var public = netip.MustParseAddr("93.184.215.14")

// world is an internet with a DNS of its own and one web server. The dialer is the real one up to the moment
// when it would connect: that is counted, and goes to the web server instead.
type world struct {
	server *httptest.Server

	mu       sync.Mutex
	names    map[string][]netip.Addr
	connects map[netip.Addr]int
}

func newWorld(t *testing.T, handle http.HandlerFunc) *world {
	t.Helper()
	w := &world{names: map[string][]netip.Addr{}, connects: map[netip.Addr]int{}}
	w.server = httptest.NewTLSServer(handle)
	t.Cleanup(w.server.Close)
	w.name("example.com", public)
	return w
}

// name makes a name resolve to addresses from now on.
func (w *world) name(host string, to ...netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names[host+"."] = to
}

// strayed counts the connections to addresses that are not public.
func (w *world) strayed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for a, times := range w.connects {
		if a != public {
			n += times
		}
	}
	return n
}

func (w *world) open(ctx context.Context, url string, limit int64) (*media.File, error) {
	resolver := &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go w.answer(server)
		return client, nil
	}}
	config := w.server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	return media.OpenURLVia(ctx, url, limit, resolver, config, w.dial)
}

var errDiverted = errors.New("diverted")

func (w *world) dial(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
	guarded := *d
	var passed atomic.Bool // the dialer returns its first error, which may be that of another address
	guarded.Control = func(network, address string, c syscall.RawConn) error {
		if err := d.Control(network, address, c); err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.connects[netip.MustParseAddrPort(address).Addr().Unmap()]++
		passed.Store(true)
		return errDiverted
	}
	conn, err := guarded.DialContext(ctx, network, address)
	if passed.Load() {
		var direct net.Dialer
		return direct.DialContext(ctx, "tcp", w.server.Listener.Addr().String())
	}
	return conn, err
}

// answer is the DNS, over a stream.
func (w *world) answer(conn net.Conn) {
	defer conn.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, query); err != nil || len(query) < 17 {
			return
		}
		reply := w.resolve(query)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// resolve answers a question for A or AAAA.
func (w *world) resolve(query []byte) []byte {
	var name strings.Builder
	at := 12
	for query[at] != 0 {
		n := int(query[at])
		name.Write(query[at+1 : at+1+n])
		name.WriteByte('.')
		at += 1 + n
	}
	question, kind := query[12:at+5], binary.BigEndian.Uint16(query[at+1:])
	w.mu.Lock()
	defer w.mu.Unlock()
	addresses, known := w.names[strings.ToLower(name.String())]
	var records []byte
	count := byte(0)
	for _, a := range addresses {
		if a.Is4() == (kind == 1) && (kind == 1 || kind == 28) {
			raw := a.AsSlice()
			records = append(records, 0xC0, 12, byte(kind>>8), byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(raw)))
			records = append(records, raw...)
			count++
		}
	}
	code := byte(0)
	if !known {
		code = 3 // no such name
	}
	head := []byte{query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0}
	return append(append(head, question...), records...)
}

// reachesIPv6 reports whether this machine can make sockets of IPv6; without them the dialer gives up before
// it asks anybody.
func reachesIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}
