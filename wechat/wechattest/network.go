package wechattest

import (
	"net/http"
	"slices"
)

var networkEndpoints = []endpoint{
	{path: "/cgi-bin/callback/check", method: http.MethodPost, handle: checkCallback},
	{path: "/cgi-bin/getcallbackip", method: http.MethodGet, handle: listIPs("198.51.100.0/25", "198.51.100.200")},
	{path: "/cgi-bin/get_api_domain_ip", method: http.MethodGet, handle: listIPs("192.0.2.10", "192.0.2.11")},
}

// listIPs answers with addresses of the platform's own: single ones and blocks.
func listIPs(list ...string) func(*call) (any, error) {
	return func(*call) (any, error) {
		return struct {
			IPList []string `json:"ip_list"`
		}{list}, nil
	}
}

type (
	lookup struct {
		IP           string `json:"ip"`
		RealOperator string `json:"real_operator"`
	}
	ping struct {
		IP           string `json:"ip"`
		FromOperator string `json:"from_operator"`
		PackageLoss  string `json:"package_loss"`
		Time         string `json:"time"`
	}
)

// checkCallback is callbackCheck: it reports every lookup and ping as a success.
func checkCallback(c *call) (any, error) {
	var in struct {
		Action   string `json:"action"`
		Operator string `json:"check_operator"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains([]string{"dns", "ping", "all"}, in.Action):
		return nil, refuse(40202)
	case !slices.Contains([]string{"CHINANET", "UNICOM", "CAP", "DEFAULT"}, in.Operator):
		return nil, refuse(40203)
	case c.acct.callback == "":
		return nil, refuse(40201)
	}
	var out struct {
		DNS  []lookup `json:"dns,omitempty"`
		Ping []ping   `json:"ping,omitempty"`
	}
	const ip = "203.0.113.80"
	if in.Action != "ping" {
		out.DNS = []lookup{{ip, "UNICOM"}}
	}
	if in.Action != "dns" {
		out.Ping = []ping{{ip, in.Operator, "0%", "23.079ms"}}
	}
	return out, nil
}
