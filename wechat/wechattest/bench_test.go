package wechattest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// What a call costs the code under test beside its own work.
func BenchmarkCall(b *testing.B) {
	c := newCaller(b, verifiedService)
	c.acct.SetQuota("/cgi-bin/callback/check", 1<<40)
	c.acct.SetCallback("https://example.com")
	url := origin + "/cgi-bin/callback/check?access_token=" + c.acct.Token()
	b.ReportAllocs()
	for b.Loop() {
		r := newRequest(b, b.Context(), url, strings.NewReader(`{"action":"all","check_operator":"DEFAULT"}`))
		resp, err := c.http.Transport.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}
