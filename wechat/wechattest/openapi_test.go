package wechattest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const (
	quotaGet   = "/cgi-bin/openapi/quota/get"
	quotaClear = "/cgi-bin/openapi/quota/clear"
	menuCreate = "/cgi-bin/menu/create"
	menuGet    = "/cgi-bin/menu/get"
)

// quota is the answer of quota/get.
type quota struct {
	Quota struct {
		DailyLimit int `json:"daily_limit"`
		Used       int `json:"used"`
		Remain     int `json:"remain"`
	} `json:"quota"`
	RateLimit struct {
		CallCount     int `json:"call_count"`
		RefreshSecond int `json:"refresh_second"`
	} `json:"rate_limit"`
}

func (c caller) quota(path string) quota {
	c.tb.Helper()
	var q quota
	c.post(quotaGet, jsonText(c.tb, map[string]string{"cgi_path": path})).into(c.tb, &q)
	return q
}

func TestQuotaOfAnAPI(t *testing.T) {
	c := newCaller(t, verifiedService)
	c.get(menuGet)
	c.get(menuGet) // refused with 46003, and counted
	var want quota
	want.Quota.DailyLimit, want.Quota.Used, want.Quota.Remain = 10_000, 2, 9998
	if diff := cmp.Diff(want, c.quota(menuGet)); diff != "" {
		t.Errorf("quota of menu/get (-want +got):\n%s", diff)
	}
	q := c.quota("/cgi-bin/stable_token")
	if q.RateLimit.CallCount != 10_000 || q.RateLimit.RefreshSecond != 60 {
		t.Errorf("rate limit of stable_token: %+v", q.RateLimit)
	}
}

func TestQuotaPathsAreRefused(t *testing.T) {
	c := newCaller(t, verifiedService)
	for path, code := range map[string]int{
		"/cgi-bin/nonsense":                      76021,
		"cgi-bin/menu/get":                       76003,
		"https://api.weixin.qq.com/cgi-bin/menu": 76003,
		"/sns/userinfo":                          76022,
	} {
		for _, api := range []string{quotaGet, quotaClear} {
			want(t, api+" of "+path, c.post(api, `{"cgi_path":"`+path+`"}`).code(t), code)
		}
	}
}

func TestDailyQuotaRenewsAtMidnightOfUTCPlus8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		c.acct.SetQuota(menuGet, 2)
		for range 2 {
			want(t, "within the quota", c.get(menuGet).code(t), 46003)
		}
		want(t, "over the quota", c.get(menuGet).code(t), 45009)
		if q := c.quota(menuGet).Quota; q.Used != 2 || q.Remain != 0 {
			t.Errorf("quota when it is used up: %+v", q)
		}
		sleepUntilMidnight()
		want(t, "on the next day", c.get(menuGet).code(t), 46003)
	})
}

func TestDailyQuotaLastsUntilTheLastSecondOfTheDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		c.acct.SetQuota(menuGet, 0)
		// A bubble begins at midnight of UTC, which is eight o'clock at UTC+8.
		time.Sleep(16*time.Hour - time.Second)
		want(t, "23:59:59 +08:00", c.get(menuGet).code(t), 45009)
		c.acct.SetQuota(menuGet, 1)
		want(t, "23:59:59 +08:00, more quota", c.get(menuGet).code(t), 46003)
		want(t, "23:59:59 +08:00, used up", c.get(menuGet).code(t), 45009)
		time.Sleep(time.Second)
		want(t, "0:00 +08:00", c.get(menuGet).code(t), 46003)
	})
}

func TestClearingQuotas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		c.acct.SetQuota(menuGet, 1)
		v1 := func() int { return c.post("/cgi-bin/clear_quota", `{"appid":"`+c.acct.AppID()+`"}`).code(t) }
		v2 := func() int {
			return c.callWith("", http.MethodPost, "/cgi-bin/clear_quota/v2",
				`{"appid":"`+c.acct.AppID()+`","appsecret":"`+c.acct.Secret()+`"}`).code(t)
		}
		v2Query := func() int {
			return c.callWith("", http.MethodPost, "/cgi-bin/clear_quota/v2", "",
				"appid", c.acct.AppID(), "appsecret", c.acct.Secret()).code(t)
		}
		for i, clear := range []func() int{v1, v2, v2Query, v1, v2, v1, v2, v1, v2, v1} {
			c.get(menuGet)
			want(t, "used up", c.get(menuGet).code(t), 45009)
			want(t, "clear", clear(), 0)
			if used := c.quota(menuGet).Quota.Used; used != 0 {
				t.Errorf("clear %d left %d used", i, used)
			}
		}
		want(t, "11th of the month by token", v1(), 48006)
		want(t, "11th of the month by secret", v2(), 48006)
		time.Sleep(31*24*time.Hour - 8*time.Hour - time.Second) // 2000-01-31 23:59:59 +08:00
		want(t, "last second of the month", v1(), 48006)
		time.Sleep(time.Second)
		want(t, "next month", v1(), 0)
	})
}

func TestClearingQuotasIsRefused(t *testing.T) {
	c := newCaller(t, verifiedService)
	want(t, "another appid", c.post("/cgi-bin/clear_quota", `{"appid":"wx0000000000000000"}`).code(t), 40013)
	v2 := func(body string) int {
		return c.callWith("", http.MethodPost, "/cgi-bin/clear_quota/v2", body).code(t)
	}
	want(t, "v2 without appid", v2(`{}`), 41002)
	want(t, "v2 without secret", v2(`{"appid":"`+c.acct.AppID()+`"}`), 41004)
	want(t, "v2 with a wrong secret", v2(`{"appid":"`+c.acct.AppID()+`","appsecret":"`+strings.Repeat("0", 32)+`"}`), 40125)
	want(t, "v2 without JSON", v2(`x`), 47001)
}

func TestClearingOneQuotaHasItsOwnAllowance(t *testing.T) {
	c := newCaller(t, verifiedService)
	clear := func() int { return c.post(quotaClear, `{"cgi_path":"`+menuGet+`"}`).code(t) }
	c.get(menuGet)
	c.get("/cgi-bin/getcallbackip")
	want(t, "clear", clear(), 0)
	if got := c.quota(menuGet).Quota.Used; got != 0 {
		t.Errorf("menu/get used %d after it was cleared", got)
	}
	if got := c.quota("/cgi-bin/getcallbackip").Quota.Used; got != 1 {
		t.Errorf("getcallbackip used %d, want 1: it was not cleared", got)
	}
	for range 49 {
		want(t, "clear", clear(), 0)
	}
	want(t, "51st of the month", clear(), 48006)
	want(t, "clear_quota", c.post("/cgi-bin/clear_quota", `{"appid":"`+c.acct.AppID()+`"}`).code(t), 0)
}

func TestPerMinuteLimitOfStableToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		for range 10_000 {
			c.stable(false)
		}
		want(t, "10,001st in a minute", c.stable(false).ErrCode, 45011)
		time.Sleep(time.Minute)
		want(t, "a minute later", c.stable(false).ErrCode, 0)
	})
}

func TestRIDTellsOfACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		other := c
		other.acct = c.p.AddAccount(verifiedService)
		failed := c.call(http.MethodPost, menuCreate, `{"button":[]}`, "debug", "1")
		rid := ridTail.FindStringSubmatch(failed.decode(t).ErrMsg)[1]
		look := func(c caller, rid string) reply { return c.post("/cgi-bin/openapi/rid/get", `{"rid":"`+rid+`"}`) }

		type info struct {
			InvokeTime   int64  `json:"invoke_time"`
			CostInMS     int    `json:"cost_in_ms"`
			RequestURL   string `json:"request_url"`
			RequestBody  string `json:"request_body"`
			ResponseBody string `json:"response_body"`
			ClientIP     string `json:"client_ip"`
		}
		var got struct{ Request info }
		look(c, rid).into(t, &got)
		want := info{time.Now().Unix(), 12, "debug=1", `{"button":[]}`, failed.body, "203.0.113.7"}
		if diff := cmp.Diff(want, got.Request); diff != "" {
			t.Errorf("rid/get (-want +got):\n%s", diff)
		}
		wantCode := func(what string, got, want int) {
			t.Helper()
			if got != want {
				t.Errorf("%s: errcode %d, want %d", what, got, want)
			}
		}
		wantCode("empty", look(c, "").code(t), 76002)
		wantCode("malformed", look(c, "xyz").code(t), 76002)
		wantCode("unknown", look(c, "00000000-00000000-00000000").code(t), 76001)
		wantCode("of another account", look(other, rid).code(t), 76003)
		time.Sleep(7 * 24 * time.Hour)
		wantCode("after seven days", look(c, rid).code(t), 0)
		time.Sleep(time.Second)
		wantCode("after more than seven days", look(c, rid).code(t), 76004)
	})
}

func TestCallbackCheck(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	check := func(action, operator string) reply {
		return c.post("/cgi-bin/callback/check", `{"action":"`+action+`","check_operator":"`+operator+`"}`)
	}
	want(t, "no callback", check("all", "DEFAULT").code(t), 40201)
	c.acct.SetCallback("https://example.com/wechat")
	want(t, "unknown action", check("trace", "DEFAULT").code(t), 40202)
	want(t, "unknown operator", check("all", "MARS").code(t), 40203)

	type result struct {
		DNS []struct {
			IP       string `json:"ip"`
			Operator string `json:"real_operator"`
		} `json:"dns"`
		Ping []struct {
			IP   string `json:"ip"`
			From string `json:"from_operator"`
			Loss string `json:"package_loss"`
			Time string `json:"time"`
		} `json:"ping"`
	}
	for action, lists := range map[string][2]int{"all": {1, 1}, "dns": {1, 0}, "ping": {0, 1}} {
		var got result
		check(action, "UNICOM").into(t, &got)
		if len(got.DNS) != lists[0] || len(got.Ping) != lists[1] {
			t.Errorf("%s: %d lookups and %d pings, want %v", action, len(got.DNS), len(got.Ping), lists)
		}
		for _, p := range got.Ping {
			if p.Loss != "0%" || p.From != "UNICOM" || p.IP == "" || p.Time == "" {
				t.Errorf("%s: ping %+v", action, p)
			}
		}
	}
}

func TestAddressLists(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for _, path := range []string{"/cgi-bin/getcallbackip", "/cgi-bin/get_api_domain_ip"} {
		var got struct {
			IPList []string `json:"ip_list"`
		}
		c.get(path).into(t, &got)
		if len(got.IPList) == 0 {
			t.Errorf("%s: no addresses", path)
		}
	}
}
