package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// spellings are hosts of URLs by which somebody may try to reach what is not public.
var spellings = strings.Fields(`
127.0.0.1 127.0.0.2 127.255.255.254 127.1 127.0.1 127.0.0.1. 2130706433 0x7f000001 0X7F000001 0x7f.0.0.1 0x7f.1
0177.0.0.1 017700000001 00000000177.0.0.1 0.0.0.0 0 0. 0x 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254
100.100.100.200 168.63.129.16 169.254.169.254 169.254.170.2 2852039166 0xa9fea9fe 0xa9.0xfe.0xa9.0xfe
0251.0376.0251.0376 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255
198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
[::] [::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:169.254.169.254] [::ffff:93.184.215.14]
[::127.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::169.254.169.254] [64:ff9b:1::1] [100::1] [2001::1]
[2001:db8::1] [2002:7f00:1::] [3fff::1] [4000::1] [fc00::1] [fd00:ec2::254] [fe80::1] [fe80::1%25eth0] [fec0::1]
[ff02::1] localhost LOCALHOST localhost. a.localhost １２７.０.０.１ 127。0。0。1 ①②⑦.⓪.⓪.① metadata.internal`)

// target is the address that a spelling means, if it is written as one.
func target(host string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return a, err == nil && a != netip.MustParseAddr("::ffff:93.184.215.14")
}

func TestNoSpellingReachesWhatIsNotPublic(t *testing.T) {
	ipv6 := reachesIPv6()
	t.Logf("%d spellings, IPv6 %t", len(spellings), ipv6)
	if len(spellings) < 60 {
		t.Fatal("too few")
	}
	var location atomic.Value
	var arrived atomic.Int64
	var rebind atomic.Pointer[func()]
	w := newWorld(t, func(rw http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		if f := rebind.Load(); f != nil {
			(*f)()
		}
		rw.Header()["Location"] = []string{location.Load().(string)}
		rw.WriteHeader(http.StatusFound)
	})
	w.name("metadata.internal", netip.MustParseAddr("169.254.169.254"))
	check := func(what, url string, sure bool, arrivals int64) {
		t.Helper()
		arrived.Store(0)
		f, err := w.open(t.Context(), url, 1000)
		if err == nil {
			_ = f.Close()
		}
		if err == nil || sure && !errors.Is(err, media.ErrBlockedAddress) {
			t.Errorf("%s %s: %v", what, url, err)
		}
		if n := arrived.Load(); n != arrivals || w.strayed() != 0 {
			t.Errorf("%s %s: %d requests, %d connections to what is not public", what, url, n, w.strayed())
		}
	}
	for i, host := range spellings {
		location.Store("https://" + host + "/latest/meta-data")
		check("direct", "https://"+host+"/", true, 0)
		check("redirect", "https://example.com/", true, 1)
		a, ok := target(host)
		if !ok || a.Zone() != "" {
			continue
		}
		name := fmt.Sprintf("r%d.example.com", i)
		w.name(name, a)
		check("name", "https://"+name+"/", a.Is4() || ipv6, 0)
		w.name(name, public)
		location.Store("https://" + name + "/again")
		rebind.Store(new(func() { w.name(name, a) }))
		check("rebinding", "https://"+name+"/", a.Is4() || ipv6, 1)
		rebind.Store(nil)
	}
}

func TestURLsOfAnotherFormAreRefused(t *testing.T) {
	w := newWorld(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	for _, url := range []string{
		"", "example.com", "//example.com/", "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "file:/etc/passwd",
		"gopher://example.com/", "data:image/png;base64,AA", "https:", "https://", "https:///x", "https:example.com",
		"https://u:secret@example.com/", "https://secret@example.com/", "https://@example.com/", "https://example.com:80/",
		"https://example.com:8443/", "https://example.com:/", "https://example.com:0443/", "https://exa mple.com/secret", "https://%31/",
		"https://[::1/secret", "https://example.com/\x00secret", "https://example.com/%zzsecret",
	} {
		_, err := w.open(t.Context(), url, 1000)
		if !errors.Is(err, wechat.ErrInput) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if n := w.strayed() + w.connects[public]; n != 0 {
		t.Errorf("%d connections", n)
	}
}

func TestOpenURLGivesTheFile(t *testing.T) {
	content := seed(t, "pic.jpg")
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Referer", "Authorization", "Cookie", "Accept-Encoding"} {
			if v := r.Header.Get(name); v != "" {
				t.Errorf("%s sends %s: %s", r.URL.Path, name, v)
			}
		}
		switch r.URL.Path {
		case "/a/pic.jpg", "/":
			_, _ = rw.Write(content)
		default: // /3/… redirects three times
			http.SetCookie(rw, &http.Cookie{Name: "a", Value: "b"})
			n := r.URL.Path[1] - '0'
			next := fmt.Sprintf("https://www.example.com/%d/", n-1)
			if n == 1 {
				next = "/a/pic.jpg"
			}
			http.Redirect(rw, r, next, http.StatusTemporaryRedirect)
		}
	})
	w.name("www.example.com", netip.MustParseAddr("127.0.0.1"), public) // the first is skipped
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	for url, name := range map[string]string{
		"https://example.com/a/pic.jpg?sig=x#f": "pic.jpg", "https://EXAMPLE.com:443/": "EXAMPLE.com", "https://example.com/3/": "pic.jpg",
	} {
		f, err := w.open(t.Context(), url, 100_000)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(b, content) || f.Name() != name {
			t.Errorf("%s: %s, %d bytes, %v", url, f.Name(), len(b), err)
		}
		if info, err := f.Probe(); err != nil || info.Format != media.JPEG || !info.Whole {
			t.Errorf("%s: %v, %v", url, info, err)
		}
		_ = errors.Join(r.Close(), f.Close())
	}
	if _, err := w.open(t.Context(), "https://example.com/4/", 100_000); err == nil || !strings.Contains(err.Error(), "more than 3 redirects") {
		t.Errorf("four redirects: %v", err)
	}
	if w.strayed() != 0 {
		t.Errorf("%d connections to what is not public", w.strayed())
	}
}

func TestOpenURLReadsNoMoreThanTheLimitAndOneByte(t *testing.T) {
	var sent atomic.Int64
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		block := make([]byte, 64<<10)
		for r.Context().Err() == nil && sent.Load() < 64<<20 {
			n, err := rw.Write(block)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	f, err := w.open(t.Context(), "https://example.com/endless", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w.server.Close() // waits for the handler
	if f.Size() != 1<<20+1 || sent.Load() >= 64<<20 {
		t.Errorf("%d bytes of %d sent", f.Size(), sent.Load())
	}
	info, err := f.Probe()
	if err != nil || !info.More {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestOpenURLFailsWithWhatTheServerDoes(t *testing.T) {
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/404":
			rw.WriteHeader(http.StatusNotFound)
		case "/204":
			rw.WriteHeader(http.StatusNoContent)
		case "/gzip":
			rw.Header().Set("Content-Encoding", "gzip")
			_, _ = rw.Write([]byte("\x1f\x8b"))
		case "/cut":
			rw.Header().Set("Content-Length", "100")
			_, _ = rw.Write([]byte("short"))
		case "/http":
			http.Redirect(rw, r, "http://example.com/", http.StatusFound)
		case "/user":
			rw.Header().Set("Location", "https://u:p@example.com/")
			rw.WriteHeader(http.StatusFound)
		case "/slow":
			<-r.Context().Done()
		}
	})
	for path, want := range map[string]string{
		"404": "HTTP status 404", "204": "HTTP status 204", "gzip": "compressed", "cut": "unexpected EOF",
		"http": "not https", "user": "user name",
	} {
		_, err := w.open(t.Context(), "https://example.com/"+path+"?key=secret", 1000)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", path, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.open(ctx, "https://example.com/slow?key=secret", 1000); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a server that hangs: %v", err)
	}
	if _, err := w.open(t.Context(), "https://nowhere.invalid/?key=secret", 1000); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a name that does not resolve: %v", err)
	}
	if _, err := w.open(t.Context(), "https://example.com/cut", 0); !errors.Is(err, wechat.ErrInput) {
		t.Errorf("no limit: %v", err)
	}
}

func TestOpenURLItselfIsGuarded(t *testing.T) {
	for _, url := range []string{"https://127.0.0.1/", "https://2130706433/", "https://localhost/"} {
		if _, err := media.OpenURL(t.Context(), url, 1000); !errors.Is(err, media.ErrBlockedAddress) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := media.OpenURL(t.Context(), "file:///etc/passwd", 1000); !errors.Is(err, wechat.ErrInput) {
		t.Errorf("file: %v", err)
	}
}
