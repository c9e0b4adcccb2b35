package wechat

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

// APIQuota is what the platform says of a path's allowance. Its counters may be off by one per cent.
type APIQuota struct {
	// Limit, Used and Left count the calls of today, by the platform's clock.
	Limit, Used, Left int64
	// Calls may be made in each Period; both are 0 where the platform names no rate.
	Calls  int64
	Period time.Duration
}

// APIQuota asks how many calls of a path are left today
// (/doc/subscription/api/apimanage/api_getapiquota.html). Paths under /sns/ have none.
func (c *Client) APIQuota(ctx context.Context, path string) (APIQuota, error) {
	body, err := newCGIPath(path)
	if err != nil {
		return APIQuota{}, err
	}
	a, err := Post[quotaAnswer](ctx, c, "/cgi-bin/openapi/quota/get", ClassRead, body)
	if err != nil {
		return APIQuota{}, err
	}
	return APIQuota{
		Limit: int64(a.Quota.DailyLimit), Used: int64(a.Quota.Used), Left: int64(a.Quota.Remain),
		Calls: int64(a.RateLimit.CallCount), Period: time.Duration(a.RateLimit.RefreshSecond) * time.Second,
	}, nil
}

type quotaAnswer struct {
	Quota *struct {
		DailyLimit wire.Int `json:"daily_limit"`
		Used       wire.Int `json:"used"`
		Remain     wire.Int `json:"remain"`
	} `json:"quota"`
	RateLimit struct {
		CallCount     wire.Int `json:"call_count"`
		RefreshSecond wire.Int `json:"refresh_second"`
	} `json:"rate_limit"`
}

// Check refuses an answer without what was asked for.
func (a *quotaAnswer) Check() error {
	if a.Quota == nil {
		return errors.New("no quota in the answer")
	}
	return nil
}

// cgiPath names a path to the platform, without host and query.
type cgiPath struct {
	Path string `json:"cgi_path"`
}

func newCGIPath(path string) (cgiPath, error) {
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "?# ") {
		return cgiPath{path}, nil
	}
	return cgiPath{}, Refuse("API quota", []Problem{{
		Field: "path", Rule: "format", Message: "a path begins with one slash and has no host and no query",
	}})
}

// ClearQuota resets all daily API counters of the account. The platform allows it ten times a month, by
// API and console together; no call of this client ever does it by itself
// (/doc/subscription/api/apimanage/api_clearquota.html).
func (c *Client) ClearQuota(ctx context.Context) error {
	err := c.Call(ctx, Request{Path: "/cgi-bin/clear_quota", Body: struct {
		AppID AppID `json:"appid"`
	}{c.appID}, Class: ClassScarce}, nil)
	if err == nil {
		c.spent.Clear()
	}
	return err
}

// ClearQuotaBySecret is [Client.ClearQuota] with the AppSecret instead of a token, for an account whose
// token calls are used up as well. It shares the ten times a month
// (/doc/subscription/api/apimanage/api_clearquotabyappsecret.html).
func (c *Client) ClearQuotaBySecret(ctx context.Context) error {
	err := c.Call(ctx, Request{Path: "/cgi-bin/clear_quota/v2", Body: struct {
		AppID  AppID  `json:"appid"`
		Secret string `json:"appsecret"`
	}{c.appID, c.secret.Reveal()}, Class: ClassScarce}, nil)
	if err == nil {
		c.spent.Clear()
	}
	return err
}

// ClearAPIQuota resets the daily counter of one path. The platform allows it 50 times a month
// (/doc/subscription/api/apimanage/api_clearapiquota).
func (c *Client) ClearAPIQuota(ctx context.Context, path string) error {
	body, err := newCGIPath(path)
	if err != nil {
		return err
	}
	err = c.Call(ctx, Request{Path: "/cgi-bin/openapi/quota/clear", Body: body, Class: ClassScarce}, nil)
	if err == nil {
		c.spent.Delete(path)
	}
	return err
}

// RequestInfo is what the platform remembers of a call. Query, Request and Response are as they were, but
// for tokens and secrets.
type RequestInfo struct {
	At                       time.Time
	Cost                     time.Duration
	Query, Request, Response string
	// ClientIP is invalid where the platform does not tell.
	ClientIP netip.Addr
}

// RequestInfo looks up a call of the last seven days by the rid of its error
// (/doc/subscription/api/apimanage/api_getridinfo.html). Calls under /sns/ are not remembered.
func (c *Client) RequestInfo(ctx context.Context, rid string) (RequestInfo, error) {
	a, err := Post[ridAnswer](ctx, c, "/cgi-bin/openapi/rid/get", ClassRead, struct {
		RID string `json:"rid"`
	}{rid})
	if err != nil {
		return RequestInfo{}, err
	}
	r := a.Request
	ip, _ := netip.ParseAddr(r.ClientIP)
	return RequestInfo{
		At: time.Unix(int64(r.InvokeTime), 0), Cost: time.Duration(r.CostInMS) * time.Millisecond,
		Query: strike(r.RequestURL), Request: strike(r.RequestBody), Response: strike(r.ResponseBody), ClientIP: ip.Unmap(),
	}, nil
}

type ridAnswer struct {
	Request *struct {
		InvokeTime   wire.Int `json:"invoke_time"`
		CostInMS     wire.Int `json:"cost_in_ms"`
		RequestURL   string   `json:"request_url"`
		RequestBody  string   `json:"request_body"`
		ResponseBody string   `json:"response_body"`
		ClientIP     string   `json:"client_ip"`
	} `json:"request"`
}

// Check refuses an answer without what was asked for.
func (a *ridAnswer) Check() error {
	if a.Request == nil {
		return errors.New("no request in the answer")
	}
	return nil
}

// CallbackIPs lists the addresses that the platform's callbacks come from. They change; asking once a day
// is enough (/doc/subscription/api/base/api_getcallbackip.html).
func (c *Client) CallbackIPs(ctx context.Context) ([]netip.Prefix, error) {
	return c.addresses(ctx, "/cgi-bin/getcallbackip")
}

// APIIPs lists the addresses of the API's hosts. They change; asking once a day is enough
// (/doc/subscription/api/base/api_getapidomainip.html).
func (c *Client) APIIPs(ctx context.Context) ([]netip.Prefix, error) {
	return c.addresses(ctx, "/cgi-bin/get_api_domain_ip")
}

func (c *Client) addresses(ctx context.Context, path string) ([]netip.Prefix, error) {
	a, err := Get[addressAnswer](ctx, c, path, nil)
	return a.List, err
}

type addressAnswer struct {
	List []netip.Prefix
}

// UnmarshalJSON takes single addresses and ranges.
func (a *addressAnswer) UnmarshalJSON(b []byte) error {
	var answer struct {
		List []string `json:"ip_list"`
	}
	if err := wire.Unmarshal(b, &answer); err != nil {
		return err
	}
	list := make([]netip.Prefix, 0, len(answer.List))
	for _, s := range answer.List {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			ip, err := netip.ParseAddr(s)
			if err != nil {
				return fmt.Errorf("no address: %.64q", s)
			}
			ip = ip.Unmap()
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		list = append(list, p)
	}
	a.List = list
	return nil
}

// Check refuses an answer without addresses: who builds a firewall from it must not lock everybody out.
func (a *addressAnswer) Check() error {
	if len(a.List) == 0 {
		return errors.New("no ip_list in the answer")
	}
	return nil
}

// CallbackCheck is what the platform found when it tried the account's callback address.
type CallbackCheck struct {
	DNS  []CallbackDNS
	Ping []CallbackPing
}

// CallbackDNS is one address that the callback's host resolves to.
type CallbackDNS struct{ IP, Operator string }

// CallbackPing is one probe of the callback's host.
type CallbackPing struct {
	IP, Operator string
	// Loss is "0%" or "100%": one packet is sent.
	Loss string
	// Time is how long it took, as the platform writes it, and may be empty.
	Time string
}

// CheckCallback has the platform resolve and ping the host of the account's callback address. Where none
// is configured the errcode is 40201 (/doc/subscription/api/base/api_callbackcheck.html).
func (c *Client) CheckCallback(ctx context.Context) (CallbackCheck, error) {
	type answer struct {
		DNS []struct {
			IP       string `json:"ip"`
			Operator string `json:"real_operator"`
		} `json:"dns"`
		Ping []struct {
			IP       string `json:"ip"`
			Operator string `json:"from_operator"`
			Loss     string `json:"package_loss"`
			Time     string `json:"time"`
		} `json:"ping"`
	}
	a, err := Post[answer](ctx, c, "/cgi-bin/callback/check", ClassRead, struct {
		Action   string `json:"action"`
		Operator string `json:"check_operator"`
	}{"all", "DEFAULT"})
	if err != nil {
		return CallbackCheck{}, err
	}
	var out CallbackCheck
	for _, d := range a.DNS {
		out.DNS = append(out.DNS, CallbackDNS(d))
	}
	for _, p := range a.Ping {
		out.Ping = append(out.Ping, CallbackPing(p))
	}
	return out, nil
}
