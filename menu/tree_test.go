package menu_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/menu"
)

func ExampleMenu_Tree() {
	m := menu.Menu{Buttons: []menu.Button{
		menu.Click{Name: "今日歌曲", Key: "V1001_TODAY_MUSIC"},
		menu.Sub{Name: "菜单", Buttons: []menu.Button{
			menu.View{Name: "搜索", URL: "https://www.example.com/"},
			menu.MiniProgram{Name: "Track", AppID: "wx286b93c14bbf93aa", PagePath: "pages/track", URL: "https://www.example.com/track"},
		}},
		menu.Console{Kind: menu.Text, Name: "Hours", Value: "From 9 to 6"},
	}}
	fmt.Println(m.Tree())
	// Output:
	// menu
	// ├─ 今日歌曲  click        V1001_TODAY_MUSIC
	// ├─ 菜单
	// │  ├─ 搜索   view         https://www.example.com/
	// │  └─ Track  miniprogram  wx286b93c14bbf93aa/pages/track
	// └─ Hours     text         “From 9 to 6” (website only)
}

func TestTreeShowsEveryKind(t *testing.T) {
	tree := one(menu.Sub{Name: "all", Buttons: everyKind()}).Tree()
	for _, kind := range []string{
		"click", "view", "miniprogram", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album",
		"pic_weixin", "location_select", "media_id", "view_limited", "article_id", "article_view_limited",
	} {
		if !strings.Contains(tree, "  "+kind+" ") {
			t.Errorf("tree lacks %s:\n%s", kind, tree)
		}
	}
	if lines := strings.Count(tree, "\n"); lines != 14 {
		t.Errorf("%d line feeds, want 14:\n%s", lines, tree)
	}
}

func TestTreeCannotDisturbATerminal(t *testing.T) {
	tree := one(
		menu.Click{Name: "a\x1b[31mb\u202ec\x00", Key: "\u200f\U000e0001"},
		menu.Console{Kind: "x\x07", Name: "\xff", Value: "line\nfeed"}, nil,
		menu.Console{Kind: "u", Name: "👨\u200d👩", URL: "https://a.com"}, menu.Console{Kind: "k", Key: "key"},
	).Tree()
	for _, r := range tree {
		if r != '\n' && r != '\u200d' && !unicode.IsPrint(r) {
			t.Errorf("tree holds %U:\n%q", r, tree)
		}
	}
	for _, want := range []string{`a\u001b[31mb\u202ec\u0000`, `\u200f\U000e0001`, `x\u0007`, "line↵feed"} {
		if !strings.Contains(tree, want) {
			t.Errorf("tree lacks %s:\n%s", want, tree)
		}
	}
}

func TestTreeCutsLongAnswers(t *testing.T) {
	tree := one(menu.Console{Kind: menu.Text, Name: "a", Value: strings.Repeat("长", 100)}).Tree()
	if want := "“" + strings.Repeat("长", 20) + "…”"; !strings.Contains(tree, want) {
		t.Errorf("tree lacks %s:\n%s", want, tree)
	}
}

func TestNoMenuPrintsAsNone(t *testing.T) {
	if got := fmt.Sprint(menu.Menu{}); got != "menu (none)" {
		t.Errorf("Sprint = %q", got)
	}
	if got := fmt.Sprint(song()); got != song().Tree() {
		t.Errorf("Sprint = %q, want the tree", got)
	}
}

func TestAllYieldsParentsFirstAndStops(t *testing.T) {
	var got []string
	for path, b := range song().All() {
		got = append(got, path+" "+menu.NameOf(b)+" "+string(menu.KindOf(b)))
	}
	want := []string{
		"buttons[0] 今日歌曲 click", "buttons[1] 菜单 ", "buttons[1].buttons[0] 搜索 view",
		"buttons[1].buttons[1] wxa miniprogram", "buttons[1].buttons[2] 赞一下我们 click",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
	for stop := range want {
		var seen []string
		for path := range song().All() {
			seen = append(seen, path)
			if len(seen) == stop+1 {
				break
			}
		}
		if len(seen) != stop+1 {
			t.Errorf("broke off after %d, saw %v", stop+1, seen)
		}
	}
	if name, kind := menu.NameOf(nil), menu.KindOf(nil); name != "" || kind != "" {
		t.Errorf("nil has name %q and kind %q", name, kind)
	}
	if kinds := slices.Collect(func(yield func(menu.Kind) bool) {
		for _, b := range everyKind() {
			if !yield(menu.KindOf(b)) {
				return
			}
		}
	}); len(slices.Compact(slices.Sorted(slices.Values(kinds)))) != 13 {
		t.Errorf("kinds are not 13 different ones: %v", kinds)
	}
}
