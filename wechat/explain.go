package wechat

import (
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/seed-a9908ced/wechat-go/internal/errcode"
)

var fixers = map[errcode.Fixer]string{
	errcode.Admin:    "the account's administrator can mend it in the console",
	errcode.Follower: "it is up to the follower",
	errcode.WeChat:   "it is up to the platform",
}

// platformZone is the platform's clock, by which quotas renew: UTC+8 without daylight saving.
var platformZone = time.FixedZone("UTC+8", 8*60*60)

var kindOf = map[errcode.Kind]error{
	errcode.Credentials: ErrCredentials,
	errcode.Token:       ErrTokenRejected,
	errcode.IP:          ErrIPNotAllowed,
	errcode.Rate:        ErrRateLimited,
	errcode.Quota:       ErrQuota,
	errcode.Forbidden:   ErrForbidden,
	errcode.NotFound:    ErrNotFound,
	errcode.Busy:        ErrBusy,
}

// explain fills in what the errcode and the errmsg tell.
func (e *Error) explain(errmsg string) {
	e.Message, e.RID = splitRID(errmsg)
	e.Message = strings.TrimSpace(printable(e.Message, maxText))
	entry, _ := errcode.Lookup(e.Code)
	if kind := kindOf[entry.Kind]; kind != nil {
		e.kinds = append(e.kinds, kind)
	}
	if entry.Kind == errcode.IP {
		e.ip = findIP(e.Message)
	}
	e.retryAt = whenToRetry(entry.When, time.Now())
}

// whenToRetry turns the table's advice into a time. What depends on an allowance that only a ledger knows
// (errcode.Period) has none.
func whenToRetry(w errcode.When, now time.Time) time.Time {
	local := now.In(platformZone)
	switch w {
	case errcode.Minute:
		return now.Truncate(time.Minute).Add(time.Minute)
	case errcode.Hour:
		return now.Add(time.Hour)
	case errcode.Hours24:
		return now.Add(24 * time.Hour)
	case errcode.Mended:
		return now.Add(time.Minute)
	case errcode.TenMinutes:
		return now.Add(10 * time.Minute)
	case errcode.Day:
		return time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, platformZone)
	case errcode.Month:
		return time.Date(local.Year(), local.Month()+1, 1, 0, 0, 0, 0, platformZone)
	default:
		return time.Time{}
	}
}

var ridForm = regexp.MustCompile(`\brid: *([0-9a-f]{4,16}(?:-[0-9a-f]{4,16}){1,4})`)

// splitRID takes "… rid: 61725984-6126f6f9-040f19c4" off a message.
func splitRID(s string) (message, rid string) {
	at := ridForm.FindStringSubmatchIndex(s)
	if at == nil {
		return strings.TrimSpace(s), ""
	}
	return strings.TrimSpace(strings.TrimRight(s[:at[0]], " ,;") + s[at[1]:]), s[at[2]:at[3]]
}

// findIP finds the caller's address in messages like "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in
// whitelist" and "access clientip is not registered requestIP: 1.2.3.4".
func findIP(s string) netip.Addr {
	words := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`,;()[]"'=`, r) })
	for _, word := range words {
		word = strings.TrimRight(word, ".")
		for _, w := range []string{word, word[strings.LastIndexByte(word, ':')+1:]} {
			if ip, err := netip.ParseAddr(w); err == nil && ip.Zone() == "" && !ip.IsUnspecified() {
				return ip.Unmap()
			}
		}
	}
	return netip.Addr{}
}

// maxText is how long a text of somebody else's may be in an error.
const maxText = 512

// printable drops what could harm a terminal or a log, and cuts.
func printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
	if len(s) <= limit {
		return s
	}
	const more = "…"
	return strings.ToValidUTF8(s[:limit-len(more)], "") + more
}
