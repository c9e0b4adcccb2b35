package wechattest

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

var openapiEndpoints = []endpoint{
	{path: "/cgi-bin/openapi/quota/get", method: http.MethodPost, handle: getQuota},
	{path: "/cgi-bin/openapi/quota/clear", method: http.MethodPost, handle: clearOneQuota},
	{path: "/cgi-bin/openapi/rid/get", method: http.MethodPost, handle: getRID},
	{path: "/cgi-bin/clear_quota", method: http.MethodPost, handle: clearQuota},
	{path: "/cgi-bin/clear_quota/v2", method: http.MethodPost, open: true, handle: clearQuotaBySecret},
}

const (
	monthlyClears = 10 // clear_quota in both versions together
	monthlyResets = 50 // openapi/quota/clear
	ridLife       = 7 * 24 * time.Hour
)

// rate is a limit of calls in a period.
type rate struct {
	CallCount     int `json:"call_count"`
	RefreshSecond int `json:"refresh_second"`
}

// getQuota is getApiQuota: the daily quota of one path as this account has it.
func getQuota(c *call) (any, error) {
	e, err := c.namedEndpoint()
	if err != nil {
		return nil, err
	}
	out := struct {
		status
		Quota struct {
			DailyLimit int `json:"daily_limit"`
			Used       int `json:"used"`
			Remain     int `json:"remain"`
		} `json:"quota"`
		RateLimit          rate `json:"rate_limit"`
		ComponentRateLimit rate `json:"component_rate_limit"`
	}{status: success}
	limit, used := c.acct.limit(e), entry(c.acct.daily, e.quota).in(dayOf(c.now))
	out.Quota.DailyLimit, out.Quota.Used, out.Quota.Remain = limit, used, max(0, limit-used)
	if e.minute > 0 {
		out.RateLimit = rate{e.minute, 60}
	}
	return out, nil
}

// clearOneQuota is clearApiQuota: the day's count of one path begins again.
func clearOneQuota(c *call) (any, error) {
	e, err := c.namedEndpoint()
	if err != nil {
		return nil, err
	}
	if c.acct.resets.in(monthOf(c.now)) >= monthlyResets {
		return nil, refuse(48006)
	}
	c.acct.resets.add(monthOf(c.now))
	delete(c.acct.daily, e.quota)
	return success, nil
}

// namedEndpoint is the endpoint that a body's cgi_path names.
func (c *call) namedEndpoint() (endpoint, error) {
	var in struct {
		Path string `json:"cgi_path"`
	}
	if err := c.decode(&in); err != nil {
		return endpoint{}, err
	}
	switch {
	case strings.HasPrefix(in.Path, "/sns/"):
		return endpoint{}, refuse(76022)
	case !strings.HasPrefix(in.Path, "/"):
		return endpoint{}, &refusal{code: 76003, msg: "invalid cgi_path"}
	}
	e, ok := c.p.endpoints[in.Path]
	if !ok {
		return endpoint{}, refuse(76021)
	}
	return e, nil
}

// clearQuota begins all of the day's counts again.
func clearQuota(c *call) (any, error) {
	var in struct {
		AppID string `json:"appid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.AppID != c.acct.conf.AppID {
		return nil, refuse(40013)
	}
	return success, c.acct.clearQuotas(c.now)
}

// clearQuotaBySecret is clear_quota/v2, which needs no token. Its page shows the inputs both in the query
// and in the body, so either will do.
func clearQuotaBySecret(c *call) (any, error) {
	var in struct {
		AppID  string `json:"appid"`
		Secret string `json:"appsecret"`
	}
	if len(c.body) > 0 {
		if err := c.decode(&in); err != nil {
			return nil, err
		}
	}
	if in.AppID == "" {
		in.AppID, in.Secret = c.query.Get("appid"), c.query.Get("appsecret")
	}
	if err := c.login("client_credential", in.AppID, in.Secret, 40125); err != nil {
		return nil, err
	}
	return success, c.acct.clearQuotas(c.now)
}

func (c *Console) clearQuotas(now time.Time) error {
	if c.clears.in(monthOf(now)) >= monthlyClears {
		return refuse(48006)
	}
	c.clears.add(monthOf(now))
	clear(c.daily)
	return nil
}

var ridShape = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$`)

// getRID is getRidInfo. The platform shows the query as it was; here the token is left out.
func getRID(c *call) (any, error) {
	var in struct {
		RID string `json:"rid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if !ridShape.MatchString(in.RID) {
		return nil, refuse(76002)
	}
	for _, l := range c.p.log.lines {
		if l.RID != in.RID {
			continue
		}
		switch {
		case l.AppID != c.acct.conf.AppID:
			return nil, refuse(76003)
		case c.now.Sub(l.Time) > ridLife:
			return nil, refuse(76004)
		}
		return ridAnswer{success, ridInfo{
			InvokeTime: l.Time.Unix(), CostInMS: 12, RequestURL: l.query, RequestBody: l.body,
			ResponseBody: l.answer, ClientIP: c.p.caller.String(),
		}}, nil
	}
	return nil, refuse(76001)
}

type ridAnswer struct {
	status
	Request ridInfo `json:"request"`
}

type ridInfo struct {
	InvokeTime   int64  `json:"invoke_time"`
	CostInMS     int    `json:"cost_in_ms"`
	RequestURL   string `json:"request_url"`
	RequestBody  string `json:"request_body"`
	ResponseBody string `json:"response_body"`
	ClientIP     string `json:"client_ip"`
}
