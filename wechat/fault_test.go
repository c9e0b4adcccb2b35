package wechat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// operation is a call of one class.
type operation struct {
	class wechat.Class
	path  string
	call  func(ctx context.Context, c *wechat.Client, follower string) error
	times int // it may be carried out
}

var operations = []operation{
	{wechat.ClassRead, readPath, func(ctx context.Context, c *wechat.Client, _ string) error { return read(ctx, c) }, 3},
	{wechat.ClassReplace, "/cgi-bin/menu/create", func(ctx context.Context, c *wechat.Client, _ string) error {
		return c.Call(ctx, wechat.Request{Path: "/cgi-bin/menu/create", Body: map[string]any{
			"button": []any{map[string]string{"type": "click", "name": "hello", "key": "hello"}},
		}}, nil)
	}, 3},
	{wechat.ClassOnce, showPath, show, 1},
	{wechat.ClassKeyed, massPath, func(ctx context.Context, c *wechat.Client, _ string) error { return send(ctx, c, "key") }, 1},
	{wechat.ClassUpload, "/cgi-bin/media/upload", func(ctx context.Context, c *wechat.Client, _ string) error {
		return upload(ctx, c, picture)
	}, 2},
	{wechat.ClassScarce, "/cgi-bin/clear_quota", func(ctx context.Context, c *wechat.Client, _ string) error { return c.ClearQuota(ctx) }, 1},
}

var picture = append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), make([]byte, 2000)...)

// upload makes a call of class upload.
func upload(ctx context.Context, c *wechat.Client, file []byte) error {
	var out struct {
		MediaID string `json:"media_id"`
	}
	return c.Upload(ctx, wechat.Upload{
		Path: "/cgi-bin/media/upload", Query: url.Values{"type": {"image"}}, FileName: "a.jpg", ContentType: "image/jpeg",
		Size: int64(len(file)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil },
	}, &out)
}

// check judges what a call came to under a fault, by what the platform knows.
func (o operation) check(t *testing.T, p *wechattest.Platform, seen *attempts, err error) {
	t.Helper()
	refused := 0
	for _, a := range seen.all {
		if _, path, _ := strings.Cut(a.Op, " "); path == o.path && (a.Code == 40001 || a.Code == 40014 || a.Code == 42001) {
			refused++
		}
	}
	requests, executions := p.Requests(o.path)-refused, p.Executions(o.path)
	switch {
	case requests > o.times || executions > o.times:
		t.Errorf("%d requests and %d executions, want at most %d: %v", requests, executions, o.times, err)
	case err == nil && executions == 0:
		t.Error("success, but nothing was carried out")
	case err == nil:
	case !repeatable(o.class) && executions > 0 && !errors.Is(err, wechat.ErrOutcomeUnknown):
		t.Errorf("it was carried out, and the error is %v, want ErrOutcomeUnknown", err)
	case repeatable(o.class) && errors.Is(err, wechat.ErrOutcomeUnknown):
		t.Errorf("error %v leaves doubt about what may be repeated", err)
	case requests == 0 && errors.Is(err, wechat.ErrOutcomeUnknown):
		t.Errorf("error %v leaves doubt, but nothing was sent", err)
	}
}

// passing reports whether a read gets over one fault of a kind.
func passing(k wechattest.Kind) bool {
	switch k {
	case wechattest.Redirect, wechattest.HugeBody, wechattest.GzipBomb, wechattest.Hang, wechattest.Drip:
		return false
	}
	return true
}

// Every fault, every class, many seeds: what must not be repeated is carried out at most once, and what was
// carried out is never reported as failed.
func TestEveryFaultInEveryClass(t *testing.T) {
	seeds := pick(10, 100, 1000)
	for _, o := range operations {
		t.Run(o.class.String(), func(t *testing.T) {
			t.Parallel()
			for _, fault := range wechattest.EveryFault(o.path) {
				t.Run(fault.String(), func(t *testing.T) {
					for seed := range uint64(seeds) {
						synctest.Test(t, func(t *testing.T) { o.run(t, fault, seed) })
						if t.Failed() {
							t.Fatalf("seed %d", seed)
						}
					}
				})
			}
		})
	}
}

func (o operation) run(t *testing.T, fault wechattest.Fault, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, uint64(fault.Kind)))
	p := wechattest.New(wechattest.WithSeed(seed))
	var seen attempts
	c, acct := connect(t, p, wechat.WithHook(seen.hook))
	follower := acct.AddFollowers(1)[0]
	fault.Times = rng.IntN(4) // 0: always
	if rng.IntN(3) == 0 {
		fault.Latency = time.Duration(rng.IntN(3000)) * time.Millisecond
	}
	if rng.IntN(3) == 0 {
		fault.Stall = time.Duration(rng.IntN(3000)) * time.Millisecond
	}
	if fault.Kind == wechattest.Truncated || fault.Kind == wechattest.ResetInBody {
		fault.At = int64(rng.IntN(30))
	}
	if rng.IntN(4) == 0 {
		acct.FlapTokens(0.3, seed)
	}
	p.Fault(fault)
	ctx := t.Context()
	if rng.IntN(2) == 0 {
		ctx = contextOf(t, time.Duration(1+rng.IntN(20_000))*time.Millisecond)
	}
	err := o.call(ctx, c, follower)
	time.Sleep(time.Minute) // what was stalled happens
	o.check(t, p, &seen, err)
	slow := fault.Latency+fault.Stall > 0 || ctx != t.Context()
	if repeatable(o.class) && fault.Times == 1 && passing(fault.Kind) && !slow && !errors.Is(err, wechat.ErrTokenRejected) && err != nil {
		t.Errorf("a read met the fault once, and did not get over it: %v", err)
	}
}

// On a real port, once each, with the client's own transports.
func TestEveryFaultOnARealPort(t *testing.T) {
	for _, o := range operations {
		if o.class == wechat.ClassRead {
			o.times++ // net/http itself sends a GET again if a kept connection breaks
		}
		t.Run(o.class.String(), func(t *testing.T) {
			t.Parallel()
			for _, fault := range wechattest.EveryFault(o.path) {
				t.Run(fault.String(), func(t *testing.T) {
					p := wechattest.New()
					url, stop := p.Listen()
					defer stop()
					var seen attempts
					acct := p.AddAccount(verified)
					c := onPort(t, url, acct, wechat.WithHook(seen.hook))
					follower := acct.AddFollowers(1)[0]
					if err := c.Verify(t.Context()); err != nil {
						t.Fatal(err)
					}
					fault.At, fault.Size = min(fault.At, 7), 4<<20
					if fault.Kind == wechattest.Redirect {
						fault.Status = 307
					}
					p.Fault(fault)
					err := o.call(contextOf(t, 400*time.Millisecond), c, follower)
					if harmless := fault.Kind == wechattest.ByteOrderMark || fault.Kind == wechattest.ControlCharacter ||
						fault.Kind == wechattest.InvalidUTF8 || fault.Kind == wechattest.NumberAsString; harmless != (err == nil) &&
						fault.Kind != wechattest.Unharmed && fault.Kind != wechattest.GzipBomb {
						t.Errorf("error %v, want one: %v", err, !harmless)
					}
					o.check(t, p, &seen, err)
				})
			}
		})
	}
}

// What a connection can do before there is any answer.
func TestConnectionsThatBreak(t *testing.T) {
	reset := func(c net.Conn) {
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
	for _, tt := range []struct {
		name   string
		do     func(net.Conn)
		unsent bool
	}{
		{"FIN after accept", func(c net.Conn) { _ = c.Close() }, false},
		{"RST after 10 bytes", func(c net.Conn) {
			_, _ = io.ReadFull(c, make([]byte, 10))
			reset(c)
		}, false},
		{"answer that is none", func(c net.Conn) {
			_, _ = io.ReadFull(c, make([]byte, 10))
			_, _ = io.WriteString(c, "SSH-2.0-OpenSSH\r\n\r\n")
			_ = c.Close()
		}, false},
		{"nobody listens", nil, true},
		{"no TLS", func(c net.Conn) {
			_, _ = io.WriteString(c, "SSH-2.0-OpenSSH\r\n\r\n")
			_ = c.Close()
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan int)
			if tt.do == nil {
				_ = l.Close()
			}
			go func() {
				n := 0
				for {
					conn, err := l.Accept()
					if err != nil {
						served <- n
						return
					}
					n++
					tt.do(conn)
				}
			}()
			scheme := "http://"
			if tt.name == "no TLS" {
				scheme = "https://"
			}
			var seen attempts
			c, err := wechat.New(wechat.Credentials{AppID: "wx0123456789abcdef"}, wechat.WithBaseURL(scheme+l.Addr().String()),
				wechat.WithTokens(wechat.StaticToken("a-static-token")), wechat.WithHook(seen.hook))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			err = send(t.Context(), c, "key")
			_ = l.Close()
			conns := <-served
			want := 1
			if tt.unsent {
				want = 3
			}
			if err == nil || errors.Is(err, wechat.ErrOutcomeUnknown) == tt.unsent || len(seen.all) != want {
				t.Errorf("error %v after %d attempts on %d connections; doubt wanted: %v", err, len(seen.all), conns, !tt.unsent)
			}
			if fmt.Sprintf("%+v", err) == "" || strings.Contains(err.Error(), "a-static-token") {
				t.Errorf("error %q shows the token", err)
			}
		})
	}
}

// A connection that breaks in the middle of a large body may have delivered all that mattered.
func TestResetInALargeBody(t *testing.T) {
	p := wechattest.New()
	url, stop := p.Listen()
	defer stop()
	c := onPort(t, url, p.AddAccount(verified))
	if err := c.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Fault(wechattest.Fault{Path: "/cgi-bin/media/upload", Kind: wechattest.ResetInBody, At: 1 << 20})
	err := upload(t.Context(), c, append(bytes.Clone(picture), make([]byte, 8<<20)...))
	wantKind(t, err, wechat.ErrOutcomeUnknown)
	if errors.Is(err, wechat.ErrSourceChanged) || p.Requests("/cgi-bin/media/upload") != 2 {
		t.Errorf("error %v after %d requests, want 2 and nothing about the source", err, p.Requests("/cgi-bin/media/upload"))
	}
}
