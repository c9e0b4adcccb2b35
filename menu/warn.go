package menu

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Warnings lists what the platform takes but a person should see first: names that clients cut off, names
// with spaces at the ends or direction marks, withdrawn types, and links to more outside domains than
// conditional menus may have. A menu with warnings can be sent.
func (m Menu) Warnings() []wechat.Problem { return PlatformLimits().Warn(m) }

// Warn lists what Warnings does, by these limits.
func (l Limits) Warn(m Menu) []wechat.Problem {
	var out []wechat.Problem
	for path, b := range m.All() {
		shown := l.Shown
		if strings.Count(path, "buttons") > 1 {
			shown = l.ChildShown
		}
		out = append(out, warnName(path+".name", NameOf(b), shown)...)
		if _, ok := b.(ViewLimited); ok {
			out = append(out, wechat.Problem{
				Field: path, Rule: "withdrawn", Message: "the platform is withdrawing view_limited",
				Fix: "publish the article and use ArticleLimited", Source: pageCreate,
			})
		}
	}
	if domains := OutsideDomains(m); len(domains) > l.Domains.Max {
		out = append(out, wechat.Problem{
			Field: "buttons", Rule: "domains", Source: l.Domains.Source,
			Message: fmt.Sprintf("leads to %d outside domains (%s); conditional menus may lead to at most %d, all together",
				len(domains), strings.Join(domains, ", "), l.Domains.Max),
		})
	}
	return out
}

func warnName(path, name string, shown Limit) []wechat.Problem {
	var out []wechat.Problem
	if visible := cutWidth(name, 2*shown.Max); visible != name {
		out = append(out, wechat.Problem{
			Field: path, Rule: "shown", Source: shown.Source,
			Message: fmt.Sprintf("clients show about %d %s: %q", shown.Max, shown.Unit, visible+"..."),
		})
	}
	if strings.TrimSpace(name) != name {
		out = append(out, wechat.Problem{Field: path, Rule: "space", Message: "space at the beginning or end"})
	}
	if strings.ContainsFunc(name, isDirectionMark) {
		out = append(out, wechat.Problem{Field: path, Rule: "direction", Message: "holds a character that changes the reading direction"})
	}
	return out
}

// OutsideDomains lists, sorted, the domains that the menu's links lead to beyond the platform's own. Hosts
// below one domain count once; the domain is taken as the last two labels of the host, or three where the
// second is a public one such as com in com.cn.
func OutsideDomains(menus ...Menu) []string {
	var out []string
	for _, m := range menus {
		for _, b := range m.All() {
			if b == nil {
				continue
			}
			u, err := url.Parse(b.wire().url)
			if err != nil || u.Hostname() == "" {
				continue
			}
			if d := domain(strings.ToLower(u.Hostname())); d != "qq.com" {
				out = append(out, d)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// publicSeconds are second labels under which anybody can register, such as com in com.cn.
var publicSeconds = []string{"ac", "co", "com", "edu", "gov", "mil", "net", "org"}

func domain(host string) string {
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	n := 2
	if len(labels) > 2 && slices.Contains(publicSeconds, labels[len(labels)-2]) {
		n = 3
	}
	if len(labels) <= n || strings.Contains(host, ":") || isDigits(labels[len(labels)-1]) {
		return host
	}
	return strings.Join(labels[len(labels)-n:], ".")
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// isDirectionMark reports characters that turn the order of the text around them.
func isDirectionMark(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f'
}

// width gives the columns that a character takes where a Chinese one takes two: what is too narrow or too
// wide for that in some font does not matter to a warning or a tree.
func width(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Cc):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x2600 && r <= 0x27bf, r >= 0x1f000:
		return 2
	}
	return 1
}

func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += width(r)
	}
	return n
}

// cutWidth gives the beginning of s that takes at most columns.
func cutWidth(s string, columns int) string {
	n := 0
	for i, r := range s {
		if n += width(r); n > columns {
			return s[:i]
		}
	}
	return s
}
