package menu_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/menu"
)

func click(name string) menu.Button { return menu.Click{Name: name, Key: "k"} }

func sub(name string, n int) menu.Sub {
	s := menu.Sub{Name: name}
	for range n {
		s.Buttons = append(s.Buttons, click("child"))
	}
	return s
}

// names are counted in bytes of UTF-8.
func TestNamesAreCountedInBytes(t *testing.T) {
	for _, test := range []struct {
		desc, name string
		top, below []string
	}{
		{"16 bytes", strings.Repeat("a", 16), nil, nil},
		{"17 bytes", strings.Repeat("a", 17), []string{"buttons[0].name length"}, nil},
		{"5 Chinese characters are 15 bytes", strings.Repeat("汉", 5), nil, nil},
		{"6 Chinese characters are 18 bytes", strings.Repeat("汉", 6), []string{"buttons[0].name length"}, nil},
		{"5 Chinese characters and a letter are 16 bytes", strings.Repeat("汉", 5) + "a", nil, nil},
		{"4 emoji are 16 bytes", strings.Repeat("🎁", 4), nil, nil},
		{"4 emoji and a letter are 17 bytes", strings.Repeat("🎁", 4) + "a", []string{"buttons[0].name length"}, nil},
		{"20 Chinese characters are 60 bytes", strings.Repeat("汉", 20), []string{"buttons[0].name length"}, nil},
		{"61 bytes", strings.Repeat("a", 61), []string{"buttons[0].name length"}, []string{"buttons[0].buttons[0].name length"}},
		{"empty", "", []string{"buttons[0].name required"}, []string{"buttons[0].buttons[0].name required"}},
		{"only spaces", " \u3000 ", []string{"buttons[0].name required"}, []string{"buttons[0].buttons[0].name required"}},
		{"invalid UTF-8", "ab\xff", []string{"buttons[0].name utf-8"}, []string{"buttons[0].buttons[0].name utf-8"}},
		{"half a surrogate pair", "\xed\xa0\x80", []string{"buttons[0].name utf-8"}, []string{"buttons[0].buttons[0].name utf-8"}},
		{"line feed", "a\nb", []string{"buttons[0].name text"}, []string{"buttons[0].buttons[0].name text"}},
		{"NUL", "a\x00b", []string{"buttons[0].name text"}, []string{"buttons[0].buttons[0].name text"}},
		{"C1 control", "a\u0085b", []string{"buttons[0].name text"}, []string{"buttons[0].buttons[0].name text"}},
		{"line separator", "a\u2028b", []string{"buttons[0].name text"}, []string{"buttons[0].buttons[0].name text"}},
		{"noncharacter", "a\ufffeb", []string{"buttons[0].name text"}, []string{"buttons[0].buttons[0].name text"}},
		{"damaged", "a\ufffdb", []string{"buttons[0].name text"}, []string{"buttons[0].buttons[0].name text"}},
		{"joined emoji", "👨\u200d👩", nil, nil},
	} {
		if diff := cmp.Diff(test.top, problems(t, one(click(test.name)).Validate())); diff != "" {
			t.Errorf("%s at the top (-want +got):\n%s", test.desc, diff)
		}
		below := one(menu.Sub{Name: "x", Buttons: []menu.Button{click(test.name)}})
		if diff := cmp.Diff(test.below, problems(t, below.Validate())); diff != "" {
			t.Errorf("%s below (-want +got):\n%s", test.desc, diff)
		}
	}
}

// how many buttons, how deep, and who has an action.
func TestStructureIsChecked(t *testing.T) {
	for _, test := range []struct {
		desc string
		menu menu.Menu
		want []string
	}{
		{"no button", menu.Menu{}, []string{"buttons count"}},
		{"one button", one(click("a")), nil},
		{"three buttons", one(click("a"), click("b"), click("c")), nil},
		{"four buttons", one(click("a"), click("b"), click("c"), click("d")), []string{"buttons count"}},
		{"no child", one(sub("a", 0)), []string{"buttons[0].buttons count"}},
		{"one child", one(sub("a", 1)), nil},
		{"five children", one(sub("a", 5)), nil},
		{"six children", one(sub("a", 6)), []string{"buttons[0].buttons count"}},
		{"three levels", one(menu.Sub{Name: "a", Buttons: []menu.Button{sub("b", 1)}}), []string{"buttons[0].buttons[0] depth"}},
		{"nil button", one(click("a"), nil), []string{"buttons[1] required"}},
		{"a pointer", one(&menu.Click{Name: "a", Key: "k"}), []string{"buttons[0] type"}},
		{"nil pointer", one((*menu.Click)(nil)), []string{"buttons[0] type"}},
		{"website only", one(menu.Console{Kind: menu.Text, Name: "a", Value: "b"}), []string{"buttons[0] type"}},
		{"unknown type", one(menu.Console{Kind: "clik", Name: "a"}), []string{"buttons[0] type"}},
		{"known type as console", one(menu.Console{Kind: "click", Name: "a", Key: "k"}), []string{"buttons[0] type"}},
	} {
		if diff := cmp.Diff(test.want, problems(t, test.menu.Validate())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.desc, diff)
		}
	}
}

// what each type needs.
func TestEveryTypeNeedsItsFields(t *testing.T) {
	for _, b := range everyKind() {
		if err := one(b).Validate(); err != nil {
			t.Errorf("%T: %v", b, err)
		}
	}
	long := strings.Repeat("k", 129)
	address := func(n int) string { return "https://example.com/" + strings.Repeat("p", n-len("https://example.com/")) }
	for _, test := range []struct {
		desc   string
		button menu.Button
		want   []string
	}{
		{"click without key", menu.Click{Name: "a"}, []string{"key required"}},
		{"scan without key", menu.ScanPush{Name: "a"}, []string{"key required"}},
		{"scan and wait without key", menu.ScanWait{Name: "a"}, []string{"key required"}},
		{"photo without key", menu.Photo{Name: "a"}, []string{"key required"}},
		{"photo or album without key", menu.PhotoOrAlbum{Name: "a"}, []string{"key required"}},
		{"album without key", menu.PicWeixin{Name: "a"}, []string{"key required"}},
		{"location without key", menu.Location{Name: "a"}, []string{"key required"}},
		{"key of 128 bytes", menu.Click{Name: "a", Key: long[:128]}, nil},
		{"key of 129 bytes", menu.Click{Name: "a", Key: long}, []string{"key length"}},
		{"key with a tab", menu.Click{Name: "a", Key: "a\tb"}, []string{"key text"}},
		{"view without url", menu.View{Name: "a"}, []string{"url required"}},
		{"url of 1024 bytes", menu.View{Name: "a", URL: address(1024)}, nil},
		{"url of 1025 bytes", menu.View{Name: "a", URL: address(1025)}, []string{"url length"}},
		{"url without scheme", menu.View{Name: "a", URL: "www.example.com"}, []string{"url format"}},
		{"url of another scheme", menu.View{Name: "a", URL: "ftp://example.com/"}, []string{"url format"}},
		{"script", menu.View{Name: "a", URL: "javascript:alert(1)"}, []string{"url format"}},
		{"url without host", menu.View{Name: "a", URL: "https:///x"}, []string{"url format"}},
		{"url with a space", menu.View{Name: "a", URL: "https://example.com/a b"}, []string{"url format"}},
		{"url with a bad escape", menu.View{Name: "a", URL: "https://example.com/%zz"}, []string{"url format"}},
		{"empty mini program", menu.MiniProgram{Name: "a"}, []string{"appid required", "pagepath required", "url required"}},
		{"original id", menu.MiniProgram{Name: "a", AppID: "gh_0123456789ab", PagePath: "p", URL: "https://a.com"}, []string{"appid original_id"}},
		{"AppID with space", menu.MiniProgram{Name: "a", AppID: "wx286b93c14bbf93aa ", PagePath: "p", URL: "https://a.com"}, []string{"appid format"}},
		{"media without id", menu.Media{Name: "a"}, []string{"media_id required"}},
		{"media id with a space", menu.Media{Name: "a", MediaID: "a b"}, []string{"media_id format"}},
		{"media id in Chinese", menu.ViewLimited{Name: "a", MediaID: "素材"}, []string{"media_id format"}},
		{"article without id", menu.Article{Name: "a"}, []string{"article_id required"}},
		{"limited article without id", menu.ArticleLimited{Name: "a"}, []string{"article_id required"}},
	} {
		var want []string
		for _, w := range test.want {
			want = append(want, "buttons[0]."+w)
		}
		if diff := cmp.Diff(want, problems(t, one(test.button).Validate())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.desc, diff)
		}
	}
}

func TestEveryProblemIsReportedAtOnceWithItsPath(t *testing.T) {
	m := one(
		menu.Click{Name: "ok", Key: "k"},
		menu.Sub{Name: strings.Repeat("汉", 6), Buttons: []menu.Button{menu.View{URL: "x"}, menu.Console{Kind: menu.Voice, Name: "v"}}},
		menu.Click{},
		menu.Media{Name: "m"},
	)
	err := m.Validate()
	want := []string{
		"buttons count",
		"buttons[1].name length",
		"buttons[1].buttons[0].name required",
		"buttons[1].buttons[0].url format",
		"buttons[1].buttons[1] type",
		"buttons[2].name required",
		"buttons[2].key required",
		"buttons[3].media_id required",
	}
	if diff := cmp.Diff(want, problems(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, part := range []string{
		"menu: buttons: 4 buttons, at most 3",
		`buttons[1].name: 18 bytes, at most 16 ("汉汉汉汉汉" would fit)`,
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func TestAChangedLimitIsTheOneThatCounts(t *testing.T) {
	limits := menu.PlatformLimits()
	limits.Name.Max = 17
	m := one(click(strings.Repeat("a", 17)))
	if got := limits.Check(m); len(got) != 0 {
		t.Errorf("Check = %v, want nothing", got)
	}
	if menu.PlatformLimits().Name.Max != 16 {
		t.Error("changing a copy changed the platform's limits")
	}
}

func TestEveryLimitNamesItsSource(t *testing.T) {
	l := menu.PlatformLimits()
	for _, l := range []menu.Limit{l.Buttons, l.Children, l.Name, l.ChildName, l.Key, l.URL, l.Shown, l.ChildShown, l.Domains} {
		if l.Max <= 0 || l.Unit == "" || !strings.HasPrefix(l.Source, "/doc/") {
			t.Errorf("%+v has no bound, unit or source", l)
		}
	}
}
