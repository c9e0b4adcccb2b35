package menu

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Validate tells whether the platform can take the menu: the number of buttons and levels, what each type
// needs, and the length in bytes and the form of every text. It never touches the network.
//
// The error is a [*wechat.InputError] with every problem at once, each under its path:
//
//	menu: buttons[2].name: 17 bytes, at most 16 ("Hello everybody!" would fit)
func (m Menu) Validate() error { return wechat.Refuse("menu", PlatformLimits().Check(m)) }

// Check lists what Validate refuses, by these limits, in the order of the buttons.
func (l Limits) Check(m Menu) []wechat.Problem {
	c := checker{limits: l}
	c.count("buttons", len(m.Buttons), l.Buttons)
	for i, b := range m.Buttons {
		c.button(childPath("", i), b, l.Name, 1)
	}
	return c.problems
}

// checker gathers problems.
type checker struct {
	limits   Limits
	problems []wechat.Problem
}

func (c *checker) add(p wechat.Problem) { c.problems = append(c.problems, p) }

// count checks the number of buttons in a list.
func (c *checker) count(path string, n int, l Limit) {
	p := wechat.Problem{Field: path, Rule: "count", Source: l.Source}
	switch {
	case n < l.Min:
		p.Message = fmt.Sprintf("%d %s, at least %d", n, l.Unit, l.Min)
	case n > l.Max:
		p.Message = fmt.Sprintf("%d %s, at most %d", n, l.Unit, l.Max)
	default:
		return
	}
	c.add(p)
}

// button checks one button, and its children.
func (c *checker) button(path string, b Button, name Limit, level int) {
	switch b := b.(type) {
	case nil:
		c.add(wechat.Problem{Field: path, Rule: "required", Message: "nil button"})
	case Sub:
		c.name(path+".name", b.Name, name)
		if level > 1 {
			c.add(wechat.Problem{
				Field: path, Rule: "depth", Message: "a menu below a menu: the platform has two levels",
				Fix: "move the children up", Source: pageCreate,
			})
		}
		c.count(path+".buttons", len(b.Buttons), c.limits.Children)
		for i, child := range b.Buttons {
			c.button(childPath(path, i), child, c.limits.ChildName, level+1)
		}
	case Console:
		c.name(path+".name", b.Name, name)
		c.add(b.refusal(path))
	case Click, ScanPush, ScanWait, Photo, PhotoOrAlbum, PicWeixin, Location,
		View, MiniProgram, Article, ArticleLimited, Media, ViewLimited:
		w := b.wire()
		c.name(path+".name", w.name, name)
		for _, f := range actions[w.kind].needs {
			c.field(path, f, *f.at(&w))
		}
	default:
		c.add(wechat.Problem{
			Field: path, Rule: "type", Message: fmt.Sprintf("%T is a pointer", b), Fix: "use the button as a value",
		})
	}
}

// refusal says why a button of the website cannot be sent.
func (b Console) refusal(path string) wechat.Problem {
	p := wechat.Problem{Field: path, Rule: "type", Source: pageCreate}
	answer, known := consoleKinds[b.Kind]
	_, ours := actions[b.Kind]
	switch {
	case known:
		p.Message = fmt.Sprintf("only the website can make a button that answers with %s (%s)", answer.what, b.Kind)
		p.Fix = answer.fix
	case ours:
		p.Message, p.Fix = fmt.Sprintf("a Console button cannot be of type %q", b.Kind), "use the Go type for it"
	default:
		p.Message, p.Fix = fmt.Sprintf("no type %q", b.Kind), fmt.Sprintf("one of %v", knownKinds())
	}
	return p
}

// name checks the text on a button.
func (c *checker) name(path, s string, l Limit) {
	switch {
	case strings.TrimSpace(s) == "":
		c.add(wechat.Problem{Field: path, Rule: "required", Message: "empty", Source: l.Source})
	case c.text(path, s) && len(s) > l.Max:
		p := wechat.Problem{Field: path, Rule: "length", Source: l.Source}
		p.Message = fmt.Sprintf("%d %s, at most %d", len(s), l.Unit, l.Max)
		if cut := cutBytes(s, l.Max); cut != "" {
			p.Fix = fmt.Sprintf("%q would fit", cut)
		}
		c.add(p)
	}
}

// field checks what an action needs.
func (c *checker) field(path string, f field, s string) {
	path += "." + f.name
	if s == "" {
		c.add(wechat.Problem{Field: path, Rule: "required", Message: "missing", Source: pageCreate})
		return
	}
	if !c.text(path, s) {
		return
	}
	switch f.name {
	case fieldKey.name:
		c.length(path, s, c.limits.Key)
	case fieldURL.name:
		c.length(path, s, c.limits.URL)
		c.url(path, s)
	case fieldAppID.name:
		c.appID(path, s)
	case fieldMediaID.name, fieldArticleID.name:
		if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
			c.add(wechat.Problem{Field: path, Rule: "format", Message: "an id has no spaces and no letters beyond ASCII"})
		}
	}
}

func (c *checker) length(path, s string, l Limit) {
	if len(s) > l.Max {
		c.add(wechat.Problem{
			Field: path, Rule: "length", Message: fmt.Sprintf("%d %s, at most %d", len(s), l.Unit, l.Max), Source: l.Source,
		})
	}
}

func (c *checker) url(path, s string) {
	p := wechat.Problem{Field: path, Rule: "format", Source: pageCreate}
	u, err := url.Parse(s)
	switch {
	case err != nil || strings.ContainsFunc(s, unicode.IsSpace):
		p.Message = "not an address"
	case u.Scheme != "http" && u.Scheme != "https":
		p.Message, p.Fix = "not an http or https address", `begin it with "https://"`
	case u.Hostname() == "":
		p.Message = "an address without a host"
	default:
		return
	}
	c.add(p)
}

func (c *checker) appID(path, s string) {
	id, err := wechat.ParseAppID(s)
	p := wechat.Problem{Field: path, Rule: "format", Message: "an AppID has nothing before or behind it", Fix: string(id)}
	if refused, ok := errors.AsType[*wechat.InputError](err); ok {
		p = refused.Problems[0]
		p.Field = path
	} else if string(id) == s {
		return
	}
	c.add(p)
}

// text checks the characters of a text: UTF-8, no control characters, no line breaks, nothing damaged.
func (c *checker) text(path, s string) bool {
	p := wechat.Problem{Field: path, Rule: "text"}
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			p.Rule, p.Message = "utf-8", fmt.Sprintf("not UTF-8 at byte %d", i)
		case r == utf8.RuneError:
			p.Message = fmt.Sprintf("the replacement character U+FFFD at byte %d", i)
			p.Fix = "the text was damaged before it came here"
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r&0xfffe == 0xfffe:
			p.Message = fmt.Sprintf("control character %U at byte %d", r, i)
		default:
			continue
		}
		c.add(p)
		return false
	}
	return true
}

// cutBytes gives the longest beginning of s with at most limit bytes and whole characters.
func cutBytes(s string, limit int) string {
	end := 0
	for i, r := range s {
		if i+utf8.RuneLen(r) > limit {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return strings.TrimSpace(s[:end])
}
