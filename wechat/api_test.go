package wechat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// asked is a client that gets one answer, and what it was asked for.
func asked(t *testing.T, body string) (*wechat.Client, *[]string) {
	t.Helper()
	var seen []string
	c, err := wechat.New(good, wechat.WithTokens(wechat.StaticToken("a-static-token")), wechat.WithTransport(script(func(r *http.Request) (*http.Response, error) {
		var sent []byte
		if r.Body != nil {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			sent = b
		}
		seen = append(seen, r.Method+" "+r.URL.RequestURI()+" "+string(sent))
		return answer(r, 200, body), nil
	})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, &seen
}

const tokenQuery = "?access_token=a-static-token"

func wantAsked(t *testing.T, seen *[]string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, *seen); diff != "" {
		t.Errorf("the platform was asked otherwise:\n%s", diff)
	}
}

func TestAPIQuota(t *testing.T) {
	for body, want := range map[string]wechat.APIQuota{
		`{"errcode":0,"errmsg":"ok","quota":{"daily_limit":100,"used":1,"remain":99},"rate_limit":{"call_count":1000,"refresh_second":60},"component_rate_limit":{"call_count":1,"refresh_second":2}}`: {
			Limit: 100, Used: 1, Left: 99, Calls: 1000, Period: time.Minute,
		},
		`{"errcode":0,"quota":{"daily_limit":"0","used":"0","remain":0}}`:           {},
		`{"quota":{"daily_limit":5,"used":7,"remain":-2,"new":true}}`:               {Limit: 5, Used: 7, Left: -2},
		`{"errcode":0,"quota":{},"rate_limit":null}`:                                {},
		`{"errcode":0,"quota":{"daily_limit":50000000000,"used":0,"remain":0.0e0}}`: {Limit: 50_000_000_000},
	} {
		c, seen := asked(t, body)
		got, err := c.APIQuota(t.Context(), "/cgi-bin/message/mass/sendall")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", body, err, diff)
		}
		wantAsked(t, seen, "POST /cgi-bin/openapi/quota/get"+tokenQuery+` {"cgi_path":"/cgi-bin/message/mass/sendall"}`)
	}
}

func TestPathsOfQuotaCallsAreChecked(t *testing.T) {
	c, seen := asked(t, `{"errcode":0}`)
	for _, path := range []string{"", "cgi-bin/x", "https://api.weixin.qq.com/cgi-bin/x", "//api.weixin.qq.com/x", "/x?access_token=y", "/x y", "/x#y"} {
		if _, err := c.APIQuota(t.Context(), path); !errors.Is(err, wechat.ErrInput) {
			t.Errorf("APIQuota(%q): %v", path, err)
		}
		if err := c.ClearAPIQuota(t.Context(), path); !errors.Is(err, wechat.ErrInput) {
			t.Errorf("ClearAPIQuota(%q): %v", path, err)
		}
	}
	wantAsked(t, seen)
}

func TestClearingQuotas(t *testing.T) {
	c, seen := asked(t, `{"errcode":0,"errmsg":"ok"}`)
	for _, err := range []error{c.ClearQuota(t.Context()), c.ClearQuotaBySecret(t.Context()), c.ClearAPIQuota(t.Context(), "/cgi-bin/menu/get")} {
		if err != nil {
			t.Error(err)
		}
	}
	wantAsked(t, seen,
		"POST /cgi-bin/clear_quota"+tokenQuery+` {"appid":"`+goodID+`"}`,
		`POST /cgi-bin/clear_quota/v2 {"appid":"`+goodID+`","appsecret":"`+goodSecret+`"}`, // in the body only
		"POST /cgi-bin/openapi/quota/clear"+tokenQuery+` {"cgi_path":"/cgi-bin/menu/get"}`,
	)
	c, seen = asked(t, `{"errcode":48006,"errmsg":"forbid to clear quota because of reaching the limit rid: 61725984-6126f6f9-040f19c4"}`)
	e := details(t, c.ClearQuota(t.Context()))
	if wantKind(t, e, wechat.ErrQuota); e.RetryAt().IsZero() || len(*seen) != 1 {
		t.Errorf("%v, %d requests", e, len(*seen))
	}
}

func TestRequestInfo(t *testing.T) {
	const rid = "61725984-6126f6f9-040f19c4"
	for body, want := range map[string]wechat.RequestInfo{
		`{"errcode":0,"errmsg":"ok","request":{"invoke_time":1635156704,"cost_in_ms":30,"request_url":"access_token=50_Im7xxxx&type=image","request_body":"{\"a\":1}",` +
			`"response_body":"{\"errcode\":45009,\"errmsg\":\"reach max api daily quota limit\"}","client_ip":"203.0.113.51"}}`: {
			At: time.Unix(1635156704, 0), Cost: 30 * time.Millisecond, Query: "access_token=[redacted]&type=image", Request: `{"a":1}`,
			Response: `{"errcode":45009,"errmsg":"reach max api daily quota limit"}`, ClientIP: netip.MustParseAddr("203.0.113.51"),
		},
		`{"errcode":0,"request":{"invoke_time":"1635156704","cost_in_ms":"1","request_url":"","request_body":"{\"appid\":\"wx\",\"secret\":\"an-old-one\"}",` +
			`"response_body":"{\"access_token\": \"50_new\",\"expires_in\":7200}","client_ip":"::ffff:203.0.113.51"}}`: {
			At: time.Unix(1635156704, 0), Cost: time.Millisecond, Request: `{"appid":"wx","secret":"[redacted]"}`,
			Response: `{"access_token": "[redacted]","expires_in":7200}`, ClientIP: netip.MustParseAddr("203.0.113.51"),
		},
		`{"errcode":0,"request":{"invoke_time":1,"client_ip":"113.xx.70.51","request_url":"/x?grant_type=y&appid=z&secret=s1&access_token=t1#f"}}`: {
			At: time.Unix(1, 0), Query: "/x?grant_type=y&appid=z&secret=[redacted]&access_token=[redacted]#f",
		},
	} {
		c, seen := asked(t, body)
		got, err := c.RequestInfo(t.Context(), rid)
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", body, err, diff)
		}
		wantAsked(t, seen, "POST /cgi-bin/openapi/rid/get"+tokenQuery+` {"rid":"`+rid+`"}`)
	}
	c, _ := asked(t, `{"errcode":76001,"errmsg":"rid not found"}`)
	_, err := c.RequestInfo(t.Context(), rid)
	wantKind(t, err, wechat.ErrNotFound)
}

func TestAddresses(t *testing.T) {
	prefixes := func(ss ...string) (out []netip.Prefix) {
		for _, s := range ss {
			out = append(out, netip.MustParsePrefix(s))
		}
		return out
	}
	for body, want := range map[string][]netip.Prefix{
		`{"ip_list":["101.226.62.77","101.226.62.0/24"]}`:                                      prefixes("101.226.62.77/32", "101.226.62.0/24"),
		`{"ip_list":["2408:4000::7f","2408:4000::/32","::ffff:101.226.62.77"],"errcode":0}`:    prefixes("2408:4000::7f/128", "2408:4000::/32", "101.226.62.77/32"),
		"\xef\xbb\xbf{\"ip_list\":[\"127.0.0.1\"],\"errcode\":\"0\",\"errmsg\":\"ok\\u0001\"}": prefixes("127.0.0.1/32"),
	} {
		c, seen := asked(t, body)
		callback, err := c.CallbackIPs(t.Context())
		api, err2 := c.APIIPs(t.Context())
		for _, got := range [][]netip.Prefix{callback, api} {
			if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" || err != nil || err2 != nil {
				t.Errorf("%s: %v %v\n%s", body, err, err2, diff)
			}
		}
		wantAsked(t, seen, "GET /cgi-bin/getcallbackip"+tokenQuery+" ", "GET /cgi-bin/get_api_domain_ip"+tokenQuery+" ")
	}
}

func TestCheckCallback(t *testing.T) {
	c, seen := asked(t, `{"dns":[{"ip":"111.161.64.40","real_operator":"UNICOM"},{"ip":"111.161.64.48","real_operator":"UNICOM"}],`+
		`"ping":[{"ip":"111.161.64.40","from_operator":"UNICOM","package_loss":"0%","time":"23.079ms"},{"ip":"111.161.64.48","from_operator":"CAP","package_loss":"100%"}]}`)
	got, err := c.CheckCallback(t.Context())
	want := wechat.CallbackCheck{
		DNS:  []wechat.CallbackDNS{{"111.161.64.40", "UNICOM"}, {"111.161.64.48", "UNICOM"}},
		Ping: []wechat.CallbackPing{{"111.161.64.40", "UNICOM", "0%", "23.079ms"}, {"111.161.64.48", "CAP", "100%", ""}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	wantAsked(t, seen, "POST /cgi-bin/callback/check"+tokenQuery+` {"action":"all","check_operator":"DEFAULT"}`)
	c, _ = asked(t, `{"errcode":40201,"errmsg":"need set callback url"}`)
	_, err = c.CheckCallback(t.Context())
	if e := details(t, err); e.Code != 40201 || !strings.Contains(e.Hint(), "no callback URL is configured") {
		t.Errorf("%v", e)
	}
}

// TestAnswersOfAPICallsThatLackWhatWasAskedFor: a zero value is never passed off as an answer.
func TestAnswersOfAPICallsThatLackWhatWasAskedFor(t *testing.T) {
	for name, call := range map[string]func(context.Context, *wechat.Client) error{
		"quota":       func(ctx context.Context, c *wechat.Client) error { _, err := c.APIQuota(ctx, "/x"); return err },
		"rid":         func(ctx context.Context, c *wechat.Client) error { _, err := c.RequestInfo(ctx, "r"); return err },
		"API IPs":     func(ctx context.Context, c *wechat.Client) error { _, err := c.APIIPs(ctx); return err },
		"callback IP": func(ctx context.Context, c *wechat.Client) error { _, err := c.CallbackIPs(ctx); return err },
	} {
		for _, body := range []string{
			`{"errcode":0,"errmsg":"ok"}`, `{"ip_list":[],"quota":null,"request":null}`, `{"ip_list":null,"quota":3,"request":[]}`,
			`{"ip_list":["not an address"],"quota":{"used":"many"},"request":{"invoke_time":[]}}`, `{"ip_list":"101.226.62.77","quota":"","request":""}`, `{}`,
		} {
			synctest.Test(t, func(t *testing.T) { // the pauses between three attempts
				c, seen := asked(t, body)
				err := call(t.Context(), c)
				wantKind(t, err, wechat.ErrBadResponse)
				if e := details(t, err); string(e.Answer) != body || e.HTTPStatus != 200 || len(*seen) != 3 {
					t.Errorf("%s: %s: %v after %d requests", name, body, e, len(*seen))
				}
			})
		}
	}
}
