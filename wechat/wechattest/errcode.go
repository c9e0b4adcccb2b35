package wechattest

import (
	"fmt"
	"net/netip"
)

// refusal is the platform's way to say no: an errcode inside an answer of status 200, or another status.
type refusal struct {
	code   int
	msg    string // empty: the usual words
	msgID  int64  // the earlier broadcast, with 45065
	status int    // 0: 200 and a JSON body
}

// refuse is a refusal in the platform's usual words.
func refuse(code int) error { return &refusal{code: code} }

// Error makes a refusal an error.
func (r *refusal) Error() string {
	if r.status != 0 {
		return fmt.Sprintf("status %d", r.status)
	}
	return fmt.Sprintf("%d: %s", r.code, r.words())
}

func (r *refusal) words() string {
	if r.msg != "" {
		return r.msg
	}
	return errmsg(r.code)
}

// refuseIP is the refusal of a caller that is not on the whitelist, with its address as the platform
// writes it: once as it is and once mapped into IPv6.
func refuseIP(ip netip.Addr) error {
	six := netip.AddrFrom16(ip.As16())
	return &refusal{code: 40164, msg: fmt.Sprintf("invalid ip %s ipv6 %s, not in whitelist", ip.Unmap(), six)}
}

// errmsg is what the platform says with an errcode.
func errmsg(code int) string {
	if msg, ok := errmsgs[code]; ok {
		return msg
	}
	return "refused"
}

// errmsgs are the words that go with the errcodes.
var errmsgs = map[int]string{
	-1:    "system error",
	0:     "ok",
	40001: "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
	40002: "invalid grant_type",
	40003: "invalid openid",
	40004: "invalid media type",
	40005: "invalid file type",
	40006: "invalid meida size", // as the platform spells it
	40007: "invalid media_id",
	40008: "invalid message type",
	40009: "invalid image size",
	40013: "invalid appid",
	40014: "invalid access_token",
	40016: "invalid button size",
	40017: "invalid button type",
	40018: "invalid button name size",
	40019: "invalid button key size",
	40020: "invalid button url size",
	40022: "invalid sub button level",
	40023: "invalid sub button size",
	40024: "invalid sub button type",
	40025: "invalid sub button name size",
	40026: "invalid sub button key size",
	40027: "invalid sub button url size",
	40031: "invalid openid list",
	40032: "invalid openid list size",
	40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
	40035: "invalid parameter",
	40054: "invalid sub button url domain",
	40055: "invalid button url domain",
	40059: "invalid msg id",
	40060: "invalid article_idx",
	40065: "invalid masssend state",
	40066: "invalid url",
	40117: "invalid button media_id size",
	40118: "invalid sub button media_id size",
	40130: "invalid openid list size, at least two openid",
	40132: "invalid username",
	40152: "invalid group_id",
	40201: "no callback url configured",
	40202: "invalid action",
	40203: "invalid check_operator",
	40215: "too many images",
	40125: "invalid appsecret",
	40243: "appsecret is frozen, please unfreeze it in the console",
	41001: "access_token missing",
	41002: "appid missing",
	41004: "appsecret missing",
	41005: "media data missing",
	41006: "media_id missing",
	41009: "missing openid",
	42001: "access_token expired",
	43001: "require GET method",
	43002: "require POST method",
	43004: "require subscribe",
	44001: "empty media data",
	44002: "empty post data",
	44004: "empty content",
	45009: "reach max api daily quota limit",
	45011: "api minute-quota reach limit, must slower, retry next minute",
	45028: "has no masssend quota",
	45056: "too many tag now, no need to add new",
	45057: "can't delete the tag that has too many fans",
	45058: "can't modify sys tag",
	45059: "fans have too many tags",
	45065: "clientmsgid exist",
	45066: "same clientmsgid retry too fast",
	45067: "clientmsgid too long",
	45074: "too many materials",
	45083: "speed out of range",
	45084: "speed missing",
	45113: "card and product messages are withdrawn",
	45157: "invalid tag name",
	45158: "tag name too long",
	45159: "invalid tag",
	45162: "invalid msgtype",
	46003: "menu no exist",
	47001: "data format error",
	48001: "api unauthorized",
	48005: "forbid to delete material used by auto-reply or menu",
	48006: "forbid to clear quota because of reaching the limit",
	53600: "invalid article id",
	65301: "not exist this menuid conditional menu",
	65303: "there is no selfmenu, please create selfmenu first",
	65304: "match rule empty",
	65316: "too many outside domains",
	65318: "the body must be UTF-8",
	65320: "privacy fields are not allowed in matchrule",
	76001: "rid not found",
	76002: "rid is empty or malformed",
	76003: "rid does not belong to the account",
	76004: "rid expired",
	76021: "cgi_path not found",
	76022: "cgi_path does not match the token",
	89503: "this ip call needs the administrator's confirmation, please contact the administrator",
}
