package broadcast_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

func permanent(id wechat.MediaID, kind media.Kind) media.Item {
	return media.Item{ID: id, Kind: kind, Permanent: true}
}

func titled(title string) broadcast.Message {
	return broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Images{Images: []media.Item{permanent("m", media.Image)}, Title: title}}
}

func text(s string) broadcast.Message {
	return broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: s}}
}

// a title has at most 64 bytes of UTF-8; today's platform counts 32 characters.
func TestTitleLength(t *testing.T) {
	for _, test := range []struct {
		title               string
		documented, current bool
	}{
		{strings.Repeat("汉", 21), true, true},
		{strings.Repeat("汉", 22), false, true},
		{strings.Repeat("a", 64), true, true},
		{strings.Repeat("a", 65), false, false},
		{strings.Repeat("汉", 32), false, true},
		{strings.Repeat("汉", 33), false, false},
		{strings.Repeat("😀", 16), true, true},
		{strings.Repeat("😀", 17), false, true},
		{"", true, true},
	} {
		for set, ok := range map[wechat.RuleSet]bool{wechat.Documented: test.documented, wechat.Current: test.current} {
			err := titled(test.title).Validate(set)
			if (err == nil) != ok {
				t.Errorf("title of %d bytes under %v: %v, want ok = %v", len(test.title), set, err, ok)
			}
			if set == wechat.Documented && !ok && test.current != strings.Contains(err.Error(), "wechat.WithRules(wechat.Current)") {
				t.Errorf("title of %d bytes: %v; says that today's rules take it: want %v", len(test.title), err, test.current)
			}
		}
	}
}

// the content of a text has at most 600 characters, each code point counting.
func TestTextLength(t *testing.T) {
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{strings.Repeat("汉", 600), true},
		{strings.Repeat("汉", 601), false},
		{strings.Repeat("a", 600), true},
		{strings.Repeat("a", 601), false},
		{strings.Repeat("e\u0301", 300), true},
		{strings.Repeat("e\u0301", 300) + "x", false},
		{strings.Repeat("👨‍👩‍👧", 120), true}, // five code points each
		{strings.Repeat("👨‍👩‍👧", 120) + "x", false},
		{strings.Repeat("\r\n", 300), true},
		{strings.Repeat("\r\n", 300) + "x", false},
	} {
		err := text(test.text).Validate(wechat.Documented)
		if (err == nil) != test.ok {
			t.Errorf("text of %d characters: %v, want ok = %v", utf8.RuneCountInString(test.text), err, test.ok)
		}
		if err != nil {
			for _, want := range []string{"601 characters, at most 600", "bytes", "UTF-16 units", "columns"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v: does not say %q", err, want)
				}
			}
		}
	}
	if err := text(strings.Repeat("汉", 301)).Validate(wechat.Current); err == nil {
		t.Error("301 characters pass the current rules, want at most 300")
	}
}

func TestUnits(t *testing.T) {
	const s = "a汉😀" // one, three and four bytes
	for unit, want := range map[broadcast.Unit]int{broadcast.Bytes: 8, broadcast.Characters: 3, broadcast.UTF16: 4, broadcast.Width: 5} {
		if got := unit.Count(s); got != want {
			t.Errorf("%s.Count(%q) = %d, want %d", unit, s, got, want)
		}
	}
}

func TestEveryProblemIsToldAtOnce(t *testing.T) {
	err := broadcast.Message{Content: broadcast.Images{
		Images: []media.Item{{}, permanent("v", media.Voice)}, Title: "a\x01", FansOnlyComments: true,
	}}.Validate(wechat.Documented)
	e, ok := errors.AsType[*wechat.InputError](err)
	if !ok {
		t.Fatalf("Validate = %v, want a *wechat.InputError", err)
	}
	var got []string
	for _, p := range e.Problems {
		got = append(got, p.Field+" "+p.Rule)
	}
	want := []string{
		"key required", "to required", "content.images[0] required", "content.images[1] kind", "content.title text",
		"content.fans_only_comments conflict",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Accepted text reaches the platform byte for byte, on the first attempt and from the journal.
func FuzzText(f *testing.F) {
	for _, s := range []string{"a", "新品上市", "a & <b>", "\u2028", "e\u0301", "\x00", "\xff", "\ufffd", "\ufffe", "a\r\nb\t"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := newRig(t)
		m := broadcast.Message{Key: "k", To: broadcast.ToTag(r.tag), Content: broadcast.Text{Content: s}}
		if m.Validate(wechat.Documented) != nil {
			if utf8.ValidString(s) && s != "" && len(s) <= 600 && !strings.ContainsFunc(s, odd) {
				t.Errorf("%q was refused: %v", s, m.Validate(wechat.Documented))
			}
			return
		}
		r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Times: 1})
		_, err := r.client().Send(t.Context(), m)
		wantIs(t, err, wechat.ErrOutcomeUnknown)
		r.later(66 * time.Second)
		job, err := r.client().Resume(t.Context(), "k")
		wantState(t, job, err, broadcast.Accepted)
		posts := r.wire.posts()
		if len(posts) != 2 || posts[0].Body != posts[1].Body || len(r.sent()) != 1 || r.sent()[0].Text != s {
			t.Errorf("sent %q, the platform has %+v after %q", s, r.sent(), bodies(posts))
		}
	})
}

// odd tells characters that may be refused.
func odd(c rune) bool {
	return unicode.IsControl(c) && !strings.ContainsRune("\t\n\r", c) || c&0xfffe == 0xfffe || c >= 0xfdd0 && c <= 0xfdef
}
