package menu_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/menu"
)

// R-36: clients show four Chinese characters at the top and eight below.
func TestNamesThatClientsCutOffAreWarnedAbout(t *testing.T) {
	for _, test := range []struct {
		name       string
		top, below bool
	}{
		{strings.Repeat("汉", 4), false, false},
		{strings.Repeat("汉", 5), true, false},
		{strings.Repeat("汉", 8), true, false},
		{strings.Repeat("汉", 9), true, true},
		{strings.Repeat("a", 8), false, false},
		{strings.Repeat("a", 9), true, false},
		{strings.Repeat("a", 17), true, true},
		{"e\u0301" + strings.Repeat("a", 7), false, false},
		{"🎁🎁🎁🎁", false, false},
		{"ＡＢＣＤＥ", true, false},
	} {
		for where, m := range map[string]menu.Menu{
			"buttons[0].name":            one(click(test.name)),
			"buttons[0].buttons[0].name": one(menu.Sub{Name: "x", Buttons: []menu.Button{click(test.name)}}),
		} {
			want := test.top
			if strings.Contains(where, "].buttons") {
				want = test.below
			}
			if got := strings.Join(list(m.Warnings()), ""); (got == where+" shown") != want {
				t.Errorf("%s = %q: warnings %q, want one: %v", where, test.name, got, want)
			}
		}
	}
	if err := one(click("汉汉汉汉汉")).Validate(); err != nil {
		t.Errorf("a name that is cut off is refused: %v", err)
	}
}

func TestOddNamesAndWithdrawnTypesAreWarnedAbout(t *testing.T) {
	m := one(
		menu.Click{Name: " a", Key: "k"},
		menu.Click{Name: "a\u202eb", Key: "k"},
		menu.ViewLimited{Name: "old", MediaID: "m"},
	)
	want := []string{"buttons[0].name space", "buttons[1].name direction", "buttons[2] withdrawn"}
	if diff := cmp.Diff(want, list(m.Warnings())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// R-36: at most three outside domains (65316).
func TestMoreThanThreeOutsideDomainsAreWarnedAbout(t *testing.T) {
	links := func(hosts ...string) menu.Menu {
		s := menu.Sub{Name: "x"}
		for _, h := range hosts {
			s.Buttons = append(s.Buttons, menu.View{Name: "v", URL: "https://" + h + "/"})
		}
		return one(s)
	}
	for _, test := range []struct {
		hosts []string
		want  bool
	}{
		{[]string{"a.com", "b.com", "c.com"}, false},
		{[]string{"a.com", "b.com", "c.com", "mp.weixin.qq.com"}, false},
		{[]string{"a.com", "b.com", "c.com", "www.a.com", "M.A.COM"}, false},
		{[]string{"a.com", "b.com", "c.com", "d.com"}, true},
		{[]string{"a.com.cn", "b.com.cn", "c.com.cn", "d.com.cn"}, true},
		{[]string{"x.a.com.cn", "y.a.com.cn", "z.a.com.cn", "a.com.cn"}, false},
		{[]string{"10.0.0.1", "10.0.0.2", "[::1]", "localhost:8080"}, true},
	} {
		got := list(links(test.hosts...).Warnings())
		if has := cmp.Equal(got, []string{"buttons domains"}); has != test.want {
			t.Errorf("%v: warnings %v, want one: %v", test.hosts, got, test.want)
		}
	}
	want := []string{"a.com", "b.co.uk", "c.org"}
	got := menu.OutsideDomains(links("b.co.uk", "www.b.co.uk"), links("a.com", "weixin.qq.com"), one(
		menu.MiniProgram{Name: "m", URL: "https://c.org/x"}, click("a"), nil,
	))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("OutsideDomains (-want +got):\n%s", diff)
	}
}

func ExampleMenu_Warnings() {
	m := menu.Menu{Buttons: []menu.Button{menu.Click{Name: "今日推荐歌曲", Key: "song"}}}
	for _, w := range m.Warnings() {
		fmt.Println(w)
	}
	// Output:
	// buttons[0].name: clients show about 4 Chinese characters: "今日推荐..."
}
