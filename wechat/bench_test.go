package wechat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// The benchmarks have their floors beside them, so that a figure is a ratio: what the same call costs with
// net/http and encoding/json by hand, with the same deadline and headers and none of what the client adds.

const (
	benchToken = "84_h3yPq0vKxq2mTzqz0o2Jx7cQmW1nU8sZ4bV6rD9tL5kE3gA7fH2jN0pS8wY4xC1uB6iM9oR3vT5" +
		"dQ2kX7mZ9cV4bN6sL8jH1gF3dS5aP0oI2uY4tR6eW8qA1zX3cV5bN7mK9lJ0hG2fD4sA6pO8iU1yT3rE5"
	benchTagsAnswer = `{"tags":[{"id":1,"name":"星标组","count":12},{"id":2,"name":"广东","count":300}]}`
	benchOKAnswer   = `{"errcode":0,"errmsg":"ok"}`
)

type benchTags struct {
	Tags []struct {
		ID    int64  `json:"id"`
		Name  string `json:"name"`
		Count int64  `json:"count"`
	} `json:"tags"`
}

type benchRemark struct {
	OpenID string `json:"openid"`
	Remark string `json:"remark"`
}

var benchBody = benchRemark{OpenID: "oDF3iYx0ro3_7jD4HFRDfrjdCM58", Remark: "老客户 & friends"}

// memory answers every request from memory, as a connection would: it reads the body, and each response is
// a new one.
type memory struct {
	answer string
	header http.Header
}

func newMemory(answer string) memory {
	return memory{answer, http.Header{"Content-Type": {"application/json; encoding=utf-8"}}}
}

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		var sink [512]byte
		for {
			if _, err := r.Body.Read(sink[:]); err != nil {
				break
			}
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	answer := m.answer
	if strings.HasSuffix(r.URL.Path, "token") {
		answer = `{"access_token":"` + benchToken + `","expires_in":7200}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: m.header, Request: r,
		Body: io.NopCloser(strings.NewReader(answer)), ContentLength: int64(len(answer)),
	}, nil
}

type benchEnvelope struct {
	Code    int    `json:"errcode"`
	Message string `json:"errmsg"`
}

func (e *benchEnvelope) err() error {
	if e.Code != 0 {
		return errors.New(e.Message)
	}
	return nil
}

func callByHand(ctx context.Context, c *http.Client, method, path string, body any, out interface{ err() error }) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://api.weixin.qq.com"+path+"?access_token="+url.QueryEscape(benchToken), r)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "wechat-go")
	if body != nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, out); err != nil {
		return err
	}
	return out.err()
}

func BenchmarkGet(b *testing.B) {
	b.Run("floor", func(b *testing.B) {
		c := &http.Client{Transport: newMemory(benchTagsAnswer)}
		b.ReportAllocs()
		for b.Loop() {
			var out struct {
				benchEnvelope
				benchTags
			}
			if err := callByHand(b.Context(), c, http.MethodGet, "/cgi-bin/tags/get", nil, &out); err != nil || len(out.Tags) != 2 {
				b.Fatal(out, err)
			}
		}
	})
	b.Run("ours", func(b *testing.B) {
		c := benchClient(b, newMemory(benchTagsAnswer))
		b.ReportAllocs()
		for b.Loop() {
			if out, err := wechat.Get[benchTags](b.Context(), c, "/cgi-bin/tags/get", nil); err != nil || len(out.Tags) != 2 {
				b.Fatal(out, err)
			}
		}
	})
}

func BenchmarkPost(b *testing.B) {
	const path = "/cgi-bin/user/info/updateremark"
	b.Run("floor", func(b *testing.B) {
		c := &http.Client{Transport: newMemory(benchOKAnswer)}
		b.ReportAllocs()
		for b.Loop() {
			var out benchEnvelope
			if err := callByHand(b.Context(), c, http.MethodPost, path, benchBody, &out); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ours", func(b *testing.B) {
		c := benchClient(b, newMemory(benchOKAnswer))
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Call(b.Context(), wechat.Request{Path: path, Body: benchBody, Class: wechat.ClassReplace}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestCallsAllocateNoMoreThanByHand keeps what the benchmarks show where it can be counted.
func TestCallsAllocateNoMoreThanByHand(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates as well")
	}
	const path = "/cgi-bin/user/info/updateremark"
	ctx := t.Context()
	tags, ok := newMemory(benchTagsAnswer), newMemory(benchOKAnswer)
	ours, oursPost := benchClient(t, tags), benchClient(t, ok)
	byHand, byHandPost := &http.Client{Transport: tags}, &http.Client{Transport: ok}
	count := func(f func() error) float64 {
		return testing.AllocsPerRun(200, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		})
	}
	for name, c := range map[string]struct{ ours, floor func() error }{
		"GET": {
			func() error { _, err := wechat.Get[benchTags](ctx, ours, "/cgi-bin/tags/get", nil); return err },
			func() error {
				var out struct {
					benchEnvelope
					benchTags
				}
				return callByHand(ctx, byHand, http.MethodGet, "/cgi-bin/tags/get", nil, &out)
			},
		},
		"POST": {
			func() error {
				return oursPost.Call(ctx, wechat.Request{Path: path, Body: benchBody, Class: wechat.ClassReplace}, nil)
			},
			func() error { return callByHand(ctx, byHandPost, http.MethodPost, path, benchBody, new(benchEnvelope)) },
		},
	} {
		if got, floor := count(c.ours), count(c.floor); got > floor {
			t.Errorf("%s allocates %v times, by hand %v", name, got, floor)
		}
	}
}

const benchFile = 10 << 20

// BenchmarkUpload sends a file of 10 MB over loopback. The server drains it.
func BenchmarkUpload(b *testing.B) {
	name := filepath.Join(b.TempDir(), "a.mp4")
	if err := os.WriteFile(name, make([]byte, benchFile), 0o600); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); err != nil || n < benchFile || r.ContentLength != n {
			b.Errorf("%d of %d bytes came: %v", n, r.ContentLength, err)
		}
		_, _ = io.WriteString(w, uploadedAnswer)
	}))
	defer server.Close()
	b.Run("floor", func(b *testing.B) {
		c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // as ours, for what must not be sent twice
		b.ReportAllocs()
		b.SetBytes(benchFile)
		for b.Loop() {
			if err := uploadByHand(b.Context(), c, server.URL+uploadPath, name); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ours", func(b *testing.B) {
		c, err := wechat.New(good, wechat.WithBaseURL(server.URL), wechat.WithTokens(wechat.StaticToken(benchToken)))
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		b.ReportAllocs()
		b.SetBytes(benchFile)
		for b.Loop() {
			if err := c.Upload(b.Context(), wechat.Upload{
				Path: uploadPath, FileName: "a.mp4", ContentType: "video/mp4", Size: benchFile, Open: func() (io.ReadCloser, error) { return os.Open(name) },
			}, new(uploaded)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func uploadByHand(ctx context.Context, c *http.Client, address, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	head := "--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.mp4\"\r\nContent-Type: video/mp4\r\n\r\n"
	tail := "\r\n--b--\r\n"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"?access_token="+benchToken, io.MultiReader(strings.NewReader(head), file, strings.NewReader(tail)))
	if err != nil {
		return err
	}
	req.ContentLength = int64(len(head)) + benchFile + int64(len(tail))
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(new(uploaded))
}

// BenchmarkCallers has 64 callers at once on a platform that takes 20 ms: 3,200 calls a second are possible.
func BenchmarkCallers(b *testing.B) {
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond)
		_, _ = io.WriteString(w, benchTagsAnswer)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c, err := wechat.New(good, wechat.WithBaseURL(server.URL), wechat.WithTokens(wechat.StaticToken(benchToken)))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.SetParallelism((64 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	start := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := wechat.Get[benchTags](b.Context(), c, "/cgi-bin/tags/get", nil); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "calls/s")
	b.ReportMetric(float64(connections.Load())/float64(b.N), "connections/call")
}

// TestConnectionsAreKept: 64 callers need 64 connections, however many calls they make.
func TestConnectionsAreKept(t *testing.T) {
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, benchTagsAnswer)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c, err := wechat.New(good, wechat.WithBaseURL(server.URL), wechat.WithTokens(wechat.StaticToken(benchToken)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const callers, calls = 64, 20
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range calls {
				if _, err := wechat.Get[benchTags](t.Context(), c, "/cgi-bin/tags/get", nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if perCall := float64(connections.Load()) / (callers * calls); perCall > 0.11 {
		t.Errorf("%.2f new connections a call", perCall)
	}
}

func benchClient(tb testing.TB, rt http.RoundTripper) *wechat.Client {
	tb.Helper()
	c, err := wechat.New(wechat.Credentials{
		AppID: "wx0123456789abcdef", AppSecret: wechat.NewSecret("0123456789abcdef0123456789abcdef"),
	}, wechat.WithTransport(rt))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}
