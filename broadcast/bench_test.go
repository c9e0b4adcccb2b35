package broadcast_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// accepting is a platform that accepts everything at no cost.
type accepting struct{ n int64 }

func (a *accepting) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	a.n++
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"errcode":0,"errmsg":"send job submission success","msg_id":%d}`, a.n))),
	}, nil
}

func benchClient(b *testing.B) *wechat.Client {
	b.Helper()
	c, err := wechat.New(
		wechat.Credentials{AppID: "wx0123456789abcdef", AppSecret: wechat.NewSecret("0123456789abcdef0123456789abcdef")},
		wechat.WithTransport(new(accepting)), wechat.WithStore(store.NewMemory()), wechat.WithTokens(wechat.StaticToken("t")),
		wechat.WithRateLimit("/cgi-bin/message/mass/", 1<<30, 1<<30),
	)
	must(b, err)
	b.Cleanup(func() { _ = c.Close() })
	return c
}

// What a broadcast costs beyond its one request, with journal and ledger in memory: "call" is the floor,
// the same request through the same client. Each operation is one broadcast.
func BenchmarkSend(b *testing.B) {
	text := broadcast.Text{Content: strings.Repeat("新品上市", 50)}
	b.Run("call", func(b *testing.B) {
		c := benchClient(b)
		body := map[string]any{"filter": map[string]any{"is_to_all": false, "tag_id": 2}, "msgtype": "text", "text": map[string]string{"content": text.Content}}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := wechat.Post[map[string]any](b.Context(), c, sendAll, wechat.ClassKeyed, body); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, policy := range map[string]*quota.Policy{"job": nil, "job and ledger": {}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var client *broadcast.Client
			for i := 0; b.Loop(); i++ {
				if i%4 == 0 { // a month of an account, not the thousands that no account sends
					b.StopTimer()
					c := benchClient(b)
					client = broadcast.New(c)
					if policy != nil {
						client = broadcast.New(c, broadcast.WithLedger(quota.New(c.Store(), c.AppID(), *policy)))
					}
					b.StartTimer()
				}
				if _, err := client.Send(b.Context(), broadcast.Message{Key: fmt.Sprint(i), To: broadcast.ToTag(2), Content: text}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
