package wechat

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

type tokenOnly struct{}

func (tokenOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"access_token":"a-token","expires_in":7200}`)),
	}, nil
}

// hot gives a token source that has fetched its token.
func hot(tb testing.TB) TokenSource {
	tb.Helper()
	c, err := New(Credentials{AppID: "wx0123456789abcdef", AppSecret: NewSecret("0123456789abcdef0123456789abcdef")}, WithTransport(tokenOnly{}))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	if token, err := c.tokens.Token(tb.Context(), ""); err != nil || token != "a-token" {
		tb.Fatalf("token %q, %v", token, err)
	}
	return c.tokens
}

func TestReadingAHotTokenDoesNotAllocate(t *testing.T) {
	tokens, ctx := hot(t), t.Context()
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := tokens.Token(ctx, ""); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHotToken(b *testing.B) {
	tokens, ctx := hot(b), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokens.Token(ctx, ""); err != nil {
			b.Fatal(err)
		}
	}
}
