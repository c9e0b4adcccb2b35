package menu

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Match says whom a conditional menu is for. All that is set must fit; at least one must be set.
type Match struct {
	// TagID is a tag that the follower has. Of several tags on a follower, the one given last counts.
	TagID wechat.TagID
	// Platform is the system that the follower's client runs on.
	Platform Platform
	// Removed lists the fields of an old rule that the platform no longer honours: sex, country, province,
	// city, language. A menu with such a rule is still listed and fits nobody; a new one is refused.
	Removed []string
}

// Platform is the system that a client runs on (client_platform_type).
type Platform uint8

// The platforms that a [Match] can name. The zero value is any of them.
const (
	IOS Platform = iota + 1
	Android
	OtherPlatform
)

var platformNames = [...]string{"any platform", "iOS", "Android", "other platforms"}

// String names the platform.
func (p Platform) String() string {
	if int(p) < len(platformNames) {
		return platformNames[p]
	}
	return fmt.Sprintf("Platform(%d)", uint8(p))
}

// String tells the rule in words: "tag 2 on iOS".
func (m Match) String() string {
	var s string
	switch {
	case m.TagID != 0 && m.Platform != 0:
		s = fmt.Sprintf("tag %d on %s", m.TagID, m.Platform)
	case m.TagID != 0:
		s = fmt.Sprintf("tag %d", m.TagID)
	case m.Platform != 0:
		s = m.Platform.String()
	default:
		s = "nobody"
	}
	if len(m.Removed) > 0 {
		s += fmt.Sprintf(", fits nobody: %s no longer counts", printable(strings.Join(m.Removed, ", ")))
	}
	return s
}

// removed holds the fields that the platform took out of rules, with the reason.
// Source: /doc/service/api/custommenu/api_addconditionalmenu.
var removed = map[string]string{
	"sex":      "the platform refuses rules on sex (65320), to protect privacy",
	"country":  "the platform refuses rules on regions (65320), to protect privacy",
	"province": "the platform refuses rules on regions (65320), to protect privacy",
	"city":     "the platform refuses rules on regions (65320), to protect privacy",
	"language": "the platform refuses rules on language (65320), to protect privacy",
	"group_id": "groups became tags",
}

const fixRemoved = "tag the followers and match tag_id"

// check lists what is wrong with a rule that is to be sent.
func (m Match) check(path string) []wechat.Problem {
	var out []wechat.Problem
	add := func(field, rule, message, fix string) {
		out = append(out, wechat.Problem{Field: path + field, Rule: rule, Message: message, Fix: fix, Source: pageConditional})
	}
	if m.TagID == 0 && m.Platform == 0 && len(m.Removed) == 0 {
		add("", "required", "an empty rule", "set TagID, Platform or both")
	}
	if m.TagID < 0 {
		add(".tag_id", "format", "a tag is a positive number", "")
	}
	if m.Platform > OtherPlatform {
		add(".client_platform_type", "format", fmt.Sprintf("no platform %d", m.Platform), "1 iOS, 2 Android, 3 others")
	}
	for _, name := range m.Removed {
		reason, ok := removed[name]
		if !ok {
			reason = "no such field in a rule"
		}
		add("."+name, "removed", reason, fixRemoved)
	}
	return out
}

// fields gives the rule as it is sent: texts, in spite of what they hold.
func (m Match) fields() map[string]string {
	f := map[string]string{}
	if m.TagID != 0 {
		f["tag_id"] = strconv.FormatInt(int64(m.TagID), 10)
	}
	if m.Platform != 0 {
		f["client_platform_type"] = strconv.Itoa(int(m.Platform))
	}
	return f
}

// match reads a rule. Its numbers come as numbers or as texts; empty ones are not set. A removed field is
// kept by name when the platform lists it, and refused in a document.
func (d *decoder) match(path string, data []byte) Match {
	var m Match
	rule, _ := d.object(path, data)
	for _, name := range slices.Sorted(maps.Keys(rule)) {
		field := path + "." + name
		value := d.scalar(field, rule[name])
		if value == "" {
			continue
		}
		reason, gone := removed[name]
		switch {
		case name == "tag_id":
			m.TagID = wechat.TagID(d.integer(field, value, math.MaxInt64))
		case name == "client_platform_type":
			m.Platform = Platform(d.integer(field, value, math.MaxUint8))
		case d.strict && gone:
			d.refuse(field, "removed", reason, fixRemoved)
		case d.strict:
			d.refuse(field, "unknown", "no such field in a rule", "tag_id and client_platform_type are left")
		case name == "group_id":
			if m.TagID == 0 { // the group's number became the tag's
				m.TagID = wechat.TagID(d.integer(field, value, math.MaxInt64))
			}
		default:
			m.Removed = append(m.Removed, name)
		}
	}
	return m
}
