package wechat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
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
	body := benchRemark{OpenID: "oDF3iYx0ro3_7jD4HFRDfrjdCM58", Remark: "老客户 & friends"}
	b.Run("floor", func(b *testing.B) {
		c := &http.Client{Transport: newMemory(benchOKAnswer)}
		b.ReportAllocs()
		for b.Loop() {
			var out benchEnvelope
			if err := callByHand(b.Context(), c, http.MethodPost, path, body, &out); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ours", func(b *testing.B) {
		c := benchClient(b, newMemory(benchOKAnswer))
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Call(b.Context(), wechat.Request{Path: path, Body: body, Class: wechat.ClassReplace}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
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
