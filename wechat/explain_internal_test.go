package wechat

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-a9908ced/wechat-go/internal/errcode"
)

func TestRIDIsTakenOffTheMessage(t *testing.T) {
	for in, want := range map[string][2]string{
		"ok": {"ok", ""},
		"invalid openid rid: 61725984-6126f6f9-040f19c4":              {"invalid openid", "61725984-6126f6f9-040f19c4"},
		"invalid openid, rid: 61725984-6126f6f9-040f19c4":             {"invalid openid", "61725984-6126f6f9-040f19c4"},
		"invalid openid hint: [abcd] rid:61725984-6126f6f9-040f19c4 ": {"invalid openid hint: [abcd]", "61725984-6126f6f9-040f19c4"},
		"not latest rid: 61725984-6126f6f9-040f19c4, could get access_token by getStableAccessToken": {
			"not latest, could get access_token by getStableAccessToken", "61725984-6126f6f9-040f19c4",
		},
		"rid: 61725984-6126f6f9-040f19c4":              {"", "61725984-6126f6f9-040f19c4"},
		"bad rid: xyz rid: 61725984-6126f6f9-040f19c4": {"bad rid: xyz", "61725984-6126f6f9-040f19c4"},
		"grid: 61725984-6126f6f9-040f19c4":             {"grid: 61725984-6126f6f9-040f19c4", ""},
		"rid:":                                         {"rid:", ""},
		"rid: --------":                                {"rid: --------", ""},
		"rid: 61725984":                                {"rid: 61725984", ""},
		"rid is empty":                                 {"rid is empty", ""},
	} {
		if message, rid := splitRID(in); message != want[0] || rid != want[1] {
			t.Errorf("splitRID(%q) = %q, %q; want %q", in, message, rid, want)
		}
	}
}

func TestAddressIsFoundInTheMessage(t *testing.T) {
	for in, want := range map[string]string{
		"invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist":                  "1.2.3.4",
		"invalid ip 1.2.3.4, not in whitelist hint: [x]":                            "1.2.3.4",
		"invalid ip ::ffff:203.0.113.9, not in whitelist":                           "203.0.113.9",
		"invalid ip 2408:4000:f00:1::7f ipv6 2408:4000:f00:1::7f, not in whitelist": "2408:4000:f00:1::7f",
		"invalid ip  ipv6 2408:4000::7f, not in whitelist":                          "2408:4000::7f",
		"invalid ip unknown ipv6 [2408:4000::7f]:443, not in whitelist":             "2408:4000::7f",
		"access clientip is not registered requestIP: 203.0.113.9":                  "203.0.113.9",
		"access clientip is not registered requestIP:203.0.113.9":                   "203.0.113.9",
		"access clientip is not registered requestIP: 203.0.113.9.":                 "203.0.113.9",
		"access clientip is not registered, requestIP=2001:db8::1":                  "2001:db8::1",
		"ip(1.2.3.4) is not allowed":                                                "1.2.3.4",
		"not in whitelist":                                                          "invalid IP",
		"invalid ip 1.2.3, not in whitelist at 12:30":                               "invalid IP",
		"invalid ip 1.2.3.400":                                                      "invalid IP",
		"std::string :: 0.0.0.0":                                                    "invalid IP",
		"fe80::1%eth0":                                                              "invalid IP",
		"":                                                                          "invalid IP",
	} {
		if got := findIP(in); got.String() != want {
			t.Errorf("findIP(%q) = %v, want %s", in, got, want)
		}
	}
}

func TestRetryTimes(t *testing.T) {
	zone := time.FixedZone("", 8*60*60)
	now := time.Date(2026, 12, 31, 15, 59, 30, 5, time.UTC) // 23:59:30 by the platform's clock
	late := time.Date(2027, 2, 28, 20, 0, 0, 0, time.UTC)   // 04:00 on 1 March by the platform's clock
	for _, c := range []struct {
		when errcode.When
		now  time.Time
		want time.Time
	}{
		{errcode.Minute, now, time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC)},
		{errcode.Mended, now, now.Add(time.Minute)},
		{errcode.TenMinutes, now, now.Add(10 * time.Minute)},
		{errcode.Hour, now, now.Add(time.Hour)},
		{errcode.Hours24, now, now.Add(24 * time.Hour)},
		{errcode.Day, now, time.Date(2027, 1, 1, 0, 0, 0, 0, zone)},
		{errcode.Day, late, time.Date(2027, 3, 2, 0, 0, 0, 0, zone)},
		{errcode.Month, now, time.Date(2027, 1, 1, 0, 0, 0, 0, zone)},
		{errcode.Month, late, time.Date(2027, 4, 1, 0, 0, 0, 0, zone)},
		{errcode.Never, now, time.Time{}},
		{errcode.Soon, now, time.Time{}},
		{errcode.Renew, now, time.Time{}},
		{errcode.Period, now, time.Time{}},
		{errcode.Later, now, time.Time{}},
	} {
		if got := whenToRetry(c.when, c.now); !got.Equal(c.want) {
			t.Errorf("whenToRetry(%d, %v) = %v, want %v", c.when, c.now, got, c.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"a\nb\tc\rd":                    "a b c d",
		"a\x1b[31mred\x07\x00":          "a[31mred",
		"x\u202ey\u200bz\ufeff":         "xyz",
		"全角\u3000空格\u00a0":              "全角 空格 ",
		"a\xff":                         "a\ufffd",
		strings.Repeat("汉", 10) + "abc": strings.Repeat("汉", 9) + "…",
		strings.Repeat("a", 31):         strings.Repeat("a", 27) + "…",
		strings.Repeat("a", 30):         strings.Repeat("a", 30),
	} {
		if got := printable(in, 30); got != want {
			t.Errorf("printable(%q, 30) = %q, want %q", in, got, want)
		}
	}
}

func FuzzErrmsg(f *testing.F) {
	for _, s := range []string{
		"ok", "invalid openid rid: 61725984-6126f6f9-040f19c4", "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 61725984-6126f6f9-040f19c4",
		"requestIP: 2001:db8::1", "hint: [x]", "\x00\x1b\u202e", "\xff\xfe", strings.Repeat("汉", 400), "rid:", "rid: -", strings.Repeat("rid: 61725984-6126f6f9-040f19c4 ", 40),
	} {
		f.Add(40164, s)
		f.Add(40001, s)
		f.Add(-1, s)
		f.Add(1234567, s)
	}
	ridOnly := regexp.MustCompile(`^([0-9a-f]{4,16}(-[0-9a-f]{4,16}){1,4})?$`)
	f.Fuzz(func(t *testing.T, code int, errmsg string) {
		if code == 0 {
			return
		}
		e := &Error{Op: "GET /x", Code: code}
		e.explain(errmsg)
		if len(e.Message) > 512 || strings.TrimSpace(e.Message) != e.Message && len(e.Message) < 500 {
			t.Fatalf("message of %d bytes: %q", len(e.Message), e.Message)
		}
		if !ridOnly.MatchString(e.RID) {
			t.Fatalf("rid %q", e.RID)
		}
		whole := e.Error()
		if len(whole) > 1024 || !utf8.ValidString(whole) || strings.ContainsFunc(whole, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("the error is not printable or too long: %q", whole)
		}
		if e.ip != (netip.Addr{}) && (!e.ip.IsValid() || !strings.Contains(whole, e.ip.String()) || e.ip.Zone() != "") {
			t.Fatalf("address %v in %q", e.ip, whole)
		}
	})
}
