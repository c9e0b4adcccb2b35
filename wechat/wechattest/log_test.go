package wechattest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

var createdAt = regexp.MustCompile(`,"created_at":\d+`)

func TestLogTellsWhatBecameOfEachRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		c.p.Fault(wechattest.Fault{Path: selfMenuInfo, Kind: wechattest.BadGateway, Times: 1})
		c.p.Fault(wechattest.Fault{Path: selfMenuInfo, Kind: wechattest.Null, Execute: true, Times: 1})
		c.stable(false)
		time.Sleep(time.Second)
		c.get(menuGet)
		c.get(selfMenuInfo)
		c.get(selfMenuInfo)
		c.callWith("bad", http.MethodGet, menuGet, "")
		r := c.uploadRequest(mediaUpload, "image", "media", "a.jpg", strings.NewReader(jpeg))
		r.ContentLength = -1
		c.do(r)
		id, host := c.acct.AppID(), "api.weixin.qq.com"
		want := []wechattest.Entry{
			{Method: "POST", Host: host, Path: "/cgi-bin/stable_token", AppID: id, Status: 200, Executed: true},
			{Method: "GET", Host: host, Path: menuGet, AppID: id, Status: 200, ErrCode: 46003},
			{Method: "GET", Host: host, Path: selfMenuInfo, AppID: id, Fault: "bad gateway"},
			{Method: "GET", Host: host, Path: selfMenuInfo, AppID: id, Status: 200, Executed: true, Fault: "null, executed"},
			{Method: "GET", Host: host, Path: menuGet, Status: 200, ErrCode: 40014},
			{Method: "POST", Host: host, Path: mediaUpload, AppID: id, Status: 412},
		}
		got := c.p.Log()
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(wechattest.Entry{}, "Time", "RID")); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if took := got[1].Time.Sub(got[0].Time); took != time.Second {
			t.Errorf("the second request came %v after the first", took)
		}
	})
}

func TestLogHoldsNoSecrets(t *testing.T) {
	c := newCaller(t, verifiedService)
	tokens := []string{c.stable(false).AccessToken, c.classic().AccessToken, c.acct.Secret()}
	c.post(menuCreate, "{}")
	c.callWith("", http.MethodPost, "/cgi-bin/clear_quota/v2", "", "appid", c.acct.AppID(), "appsecret", c.acct.Secret())
	c.get(menuGet, "secret", c.acct.Secret(), "appsecret", c.acct.Secret()) // where none belongs
	text := fmt.Sprintf("%#v", c.p.Log())
	for _, e := range c.p.Log() {
		text += c.post("/cgi-bin/openapi/rid/get", `{"rid":"`+e.RID+`"}`).body
	}
	for _, secret := range tokens {
		if strings.Contains(text, secret) {
			t.Errorf("the log or a rid shows %s", secret)
		}
	}
}

func TestLogKeepsTheLastTenThousand(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for range 20_000 {
		c.p.ServeHTTP(nowhere{}, &http.Request{Method: http.MethodGet, URL: mustParse(t, "/old"), Host: "x"})
	}
	c.p.ServeHTTP(nowhere{}, &http.Request{Method: http.MethodGet, URL: mustParse(t, "/new"), Host: "x"})
	log := c.p.Log()
	if len(log) != 10_000 || log[len(log)-1].Path != "/new" {
		t.Errorf("%d entries, the last %s", len(log), log[len(log)-1].Path)
	}
	if n := c.p.Requests("/old"); n != 20_000 {
		t.Errorf("%d requests counted, want 20,000", n)
	}
}

// nowhere is a response that nobody reads.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}
