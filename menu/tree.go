package menu

import (
	"fmt"
	"strings"
	"unicode"
)

// String draws the menu as a tree, see [Menu.Tree].
func (m Menu) String() string { return m.Tree() }

// Tree draws the menu, a button a line, with what each does and what it needs, aligned by the width of
// Chinese characters in a terminal:
//
//	menu
//	├─ Today's song  click        V1001_TODAY_MUSIC
//	└─ Help
//	   ├─ Search     view         https://example.com/
//	   └─ Track      miniprogram  wx…/pages/track
//
// Characters that would disturb a terminal are written as escapes. There is no line feed at the end.
func (m Menu) Tree() string {
	if m.IsZero() {
		return "menu (none)"
	}
	t := tree{}
	t.add("", m.Buttons)
	return "menu\n" + t.String()
}

// row is a line of a tree: the drawing with the name, and the columns behind it.
type row struct{ left, kind, detail, note string }

// tree gathers rows before it knows how wide they are.
type tree struct{ rows []row }

// add draws buttons below a prefix.
func (t *tree) add(prefix string, buttons []Button) {
	for i, b := range buttons {
		below := t.node(prefix, i == len(buttons)-1, b, "")
		if sub, ok := b.(Sub); ok {
			t.add(below, sub.Buttons)
		}
	}
}

// node draws one button and gives the prefix for those below it.
func (t *tree) node(prefix string, last bool, b Button, note string) string {
	branch, below := "├─ ", "│  "
	if last {
		branch, below = "└─ ", "   "
	}
	t.rows = append(t.rows, row{
		prefix + branch + printable(NameOf(b)), printable(string(KindOf(b))), printable(detail(b)), printable(note),
	})
	return prefix + below
}

// String aligns the columns.
func (t *tree) String() string {
	var left, kind, behind int
	for _, r := range t.rows {
		if r.kind != "" || r.note != "" {
			left, kind = max(left, textWidth(r.left)), max(kind, textWidth(r.kind))
		}
		if r.note != "" {
			behind = max(behind, textWidth(r.detail))
		}
	}
	lines := make([]string, len(t.rows))
	for i, r := range t.rows {
		line := pad(r.left, left) + "  " + pad(r.kind, kind) + "  " + pad(r.detail, behind) + "  " + r.note
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

func pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-textWidth(s)))
}

// detail tells in one line what a button does it with.
func detail(b Button) string {
	switch b := b.(type) {
	case nil, Sub:
		return ""
	case MiniProgram:
		return string(b.AppID) + "/" + b.PagePath
	case Console:
		return b.detail() + " (website only)"
	default:
		w := b.wire()
		return *actions[w.kind].needs[0].at(&w)
	}
}

// detail tells what a button of the website answers with.
func (b Console) detail() string {
	switch {
	case len(b.News) == 1:
		return quote(b.News[0].Title)
	case len(b.News) > 1:
		return fmt.Sprintf("%s and %d more", quote(b.News[0].Title), len(b.News)-1)
	case b.Kind == Text:
		return quote(b.Value)
	case b.Value != "":
		return shorten(b.Value, 40)
	case b.URL != "":
		return b.URL
	}
	return b.Key
}

func quote(s string) string { return "“" + shorten(s, 40) + "”" }

// shorten cuts a text to some columns.
func shorten(s string, columns int) string {
	if cut := cutWidth(s, columns); cut != s {
		return cut + "…"
	}
	return s
}

// printable writes whatever would disturb a terminal, or the order of the text, as escapes.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\u200d' || unicode.IsPrint(r) || unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString("↵")
		case r > 0xffff:
			fmt.Fprintf(&b, "\\U%08x", r)
		default:
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}
