package wechat_test

import (
	"compress/gzip"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// counting starts a server that counts connections and hands requests to serve.
func counting(t *testing.T, serve http.HandlerFunc) (url string, conns *atomic.Int64) {
	t.Helper()
	conns = new(atomic.Int64)
	srv := httptest.NewUnstartedServer(serve)
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL, conns
}

func own(t *testing.T, url string, opts ...wechat.Option) *wechat.Client {
	t.Helper()
	c, err := wechat.New(wechat.Credentials{AppID: "wx0123456789abcdef"},
		append([]wechat.Option{wechat.WithBaseURL(url), wechat.WithTokens(wechat.StaticToken("a-static-token"))}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func fine(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"errcode":0}`) }

func TestReadsShareConnectionsAndSendsDoNot(t *testing.T) {
	for class, want := range map[wechat.Class]int64{
		wechat.ClassRead: 1, wechat.ClassReplace: 1,
		wechat.ClassOnce: 10, wechat.ClassKeyed: 10, wechat.ClassUpload: 10, wechat.ClassScarce: 10,
	} {
		url, conns := counting(t, fine)
		c := own(t, url)
		for range 10 {
			if err := c.Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}, Class: class}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if n := conns.Load(); n != want {
			t.Errorf("10 calls of class %s: %d connections, want %d", class, n, want)
		}
	}
}

func TestSixtyFourCallersKeepTheirConnections(t *testing.T) {
	const callers, rounds = 64, 20
	url, conns := counting(t, fine)
	c := own(t, url)
	for range rounds {
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				if err := c.Call(t.Context(), wechat.Request{Path: "/x/y", Class: wechat.ClassRead}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if each := float64(conns.Load()) / (callers * rounds); each > 0.11 {
		t.Errorf("%.2f new connections a call, want at most 0.11", each)
	}
}

// One call that fails must not make the others dial again.
func TestAFailedCallLeavesTheOthersTheirConnections(t *testing.T) {
	url, conns := counting(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/x/bad" {
			w.WriteHeader(http.StatusBadRequest)
		}
		fine(w, r)
	})
	c := own(t, url)
	for range 10 {
		for _, path := range []string{"/x/good", "/x/bad"} {
			err := c.Call(t.Context(), wechat.Request{Path: path, Class: wechat.ClassRead}, nil)
			if (err != nil) != (path == "/x/bad") {
				t.Fatal(err)
			}
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections for 20 calls one after the other, want 1", n)
	}
}

func TestNothingCompressedIsAskedForOrUnpacked(t *testing.T) {
	url, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		if ae := r.Header.Get("Accept-Encoding"); ae != "" {
			t.Errorf("Accept-Encoding: %s", ae)
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(`{"errcode":0}`))
		_ = z.Close()
	})
	err := own(t, url).Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}}, nil)
	wantKind(t, err, wechat.ErrBadResponse, wechat.ErrOutcomeUnknown)
}

func TestHeadersAreBounded(t *testing.T) {
	url, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Large", strings.Repeat("x", 300<<10))
		fine(w, r)
	})
	if err := own(t, url).Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}}, nil); !errors.Is(err, wechat.ErrOutcomeUnknown) {
		t.Errorf("error %v, want ErrOutcomeUnknown", err)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(fine))
	srv.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // about the handshake
	srv.StartTLS()
	defer srv.Close()
	err := own(t, srv.URL).Call(t.Context(), wechat.Request{Path: "/x/y", Body: struct{}{}}, nil)
	if err == nil || errors.Is(err, wechat.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "tls:") {
		t.Errorf("error %v, want one of TLS, and no doubt that nothing was sent", err)
	}
}

func TestCookiesAreNotKept(t *testing.T) {
	url, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		if len(r.Cookies()) > 0 {
			t.Errorf("cookies %v", r.Cookies())
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "x"})
		fine(w, r)
	})
	c := own(t, url)
	for range 2 {
		if err := c.Call(t.Context(), wechat.Request{Path: "/x/y", Class: wechat.ClassRead}, nil); err != nil {
			t.Fatal(err)
		}
	}
}
