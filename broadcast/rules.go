package broadcast

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Unit is what a limit on a text counts. Documents rarely say; so every finding gives all counts.
type Unit string

const (
	// Bytes of the text in UTF-8: three for a Chinese character, four for an emoji.
	Bytes Unit = "bytes"
	// Characters are Unicode code points. What looks like one emoji may be several.
	Characters Unit = "characters"
	// UTF16 counts as JavaScript does.
	UTF16 Unit = "UTF-16 units"
	// Width counts one for ASCII and two for anything else, as the console does.
	Width Unit = "columns"
)

// Count counts a text in the unit.
func (u Unit) Count(s string) int {
	switch u {
	case Bytes:
		return len(s)
	case UTF16:
		n := 0
		for _, r := range s {
			n += utf16.RuneLen(r)
		}
		return n
	case Width:
		n := 0
		for _, r := range s {
			if r >= utf8.RuneSelf {
				n++
			}
			n++
		}
		return n
	default:
		return utf8.RuneCountInString(s)
	}
}

// TextRule limits a text. A Max of 0 means no limit is known.
type TextRule struct {
	Max    int
	Unit   Unit
	Source string
}

// Rules are the limits on what a broadcast may say. They are data: copy a set and change what you know
// better.
type Rules struct {
	Set   wechat.RuleSet
	Title TextRule // of rich media: images with a title
	Text  TextRule // the content of a text broadcast
}

var rules = map[wechat.RuleSet]Rules{
	wechat.Documented: {
		Set:   wechat.Documented,
		Title: TextRule{64, Bytes, "documented rules for broadcasts: title up to 64 bytes"},
		Text:  TextRule{600, Characters, "documented rules for broadcasts: content up to 600 characters"},
	},
	wechat.Current: {
		Set:   wechat.Current,
		Title: TextRule{64, Width, "/doc/subscription/api/draftbox/draftmanage/api_draft_add.html: 32 characters, as of 2025-12-19"},
		Text:  TextRule{300, Characters, "official rules for broadcasts, as of 2023-05"},
	},
}

// RulesFor gives the limits of a rule set, and the documented ones for a set it does not know.
func RulesFor(set wechat.RuleSet) Rules {
	if r, ok := rules[set]; ok {
		return r
	}
	return rules[wechat.Documented]
}

// check holds a text against a rule, and says where the other edition would let it pass.
func (r TextRule) check(field, s string, other TextRule, set wechat.RuleSet) []wechat.Problem {
	n := r.Unit.Count(s)
	if r.Max == 0 || n <= r.Max {
		return nil
	}
	p := wechat.Problem{Field: field, Rule: "length", Source: r.Source, Message: fmt.Sprintf("%d %s, at most %d%s", n, r.Unit, r.Max, r.counts(s))}
	p.Fix = fmt.Sprintf("cut %d %s", n-r.Max, r.Unit)
	if set == wechat.Documented && other.Max != 0 && other.Unit.Count(s) <= other.Max {
		p.Fix += "; it passes today's rules: wechat.WithRules(wechat.Current)"
	}
	return []wechat.Problem{p}
}

// counts gives the text's length in the units that the rule does not count in.
func (r TextRule) counts(s string) string {
	var parts []string
	for _, u := range []Unit{Bytes, Characters, UTF16, Width} {
		if u != r.Unit {
			parts = append(parts, fmt.Sprintf("%d %s", u.Count(s), u))
		}
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
