package menu_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a9908ced/wechat-go/menu"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

var ignoreRaw = cmpopts.IgnoreFields(menu.Set{}, "Raw")

func TestConditionalMenusAreAddedListedAndDeleted(t *testing.T) {
	f := newFake(t)
	ctx := t.Context()
	if _, err := f.menus.AddConditional(ctx, vip(1)); err == nil {
		t.Error("a conditional menu without a default one was taken")
	}
	if _, err := f.menus.Replace(ctx, song()); err != nil {
		t.Fatal(err)
	}
	first, err := f.menus.AddConditional(ctx, vip(1))
	if err != nil {
		t.Fatal(err)
	}
	android := vip(2)
	android.Match.Platform = menu.Android
	second, err := f.menus.AddConditional(ctx, android)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.menus.Get(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want1, want2 := vip(1), android
	want1.ID, want2.ID = first, second
	want := menu.Set{Default: song(), DefaultID: got.DefaultID, Conditional: []menu.Conditional{want2, want1}}
	if diff := cmp.Diff(want, got, ignoreRaw); diff != "" || got.DefaultID == "" || first == second {
		t.Errorf("Get (-want +got):\n%s", diff)
	}
	if err := f.menus.DeleteConditional(ctx, first); err != nil {
		t.Fatal(err)
	}
	if err := f.menus.DeleteConditional(ctx, first); err == nil {
		t.Error("a menu was deleted twice")
	}
	if got, err = f.menus.Get(ctx); err != nil || len(got.Conditional) != 1 || got.Conditional[0].ID != second {
		t.Errorf("Get = %v, %v; want the second alone", got, err)
	}
}

func TestRulesAreRead(t *testing.T) {
	f := newFake(t)
	f.Fault(wechattest.Fault{Path: pathGet, Kind: wechattest.Answer, Body: string(read(t, "get.json"))})
	got, err := f.menus.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := menu.Set{
		Default: song(), DefaultID: "208396938",
		Conditional: []menu.Conditional{
			{
				ID: "208396993", Menu: one(menu.View{Name: "会员", URL: "https://vip.example.com/"}),
				Match: menu.Match{TagID: 2, Platform: menu.IOS},
			},
			{
				ID: "208379533", Menu: one(menu.Click{Name: "老菜单", Key: "OLD"}),
				Match: menu.Match{TagID: 2, Platform: menu.Android, Removed: []string{"country", "province", "sex"}},
			},
		},
	}
	if diff := cmp.Diff(want, got, ignoreRaw); diff != "" {
		t.Errorf("Get (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		"menu for tag 2 on iOS (menuid 208396993)\n└─ 会员  view  https://vip.example.com/",
		"menu for tag 2 on Android, fits nobody: country, province, sex no longer counts (menuid 208379533)",
	} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("String() lacks %q:\n%s", want, got)
		}
	}
}

func TestBadSetsAreBadResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, body := range []string{
			`{"errcode":0,"errmsg":"ok"}`, `{"menu":[]}`, `{"menu":{"button":"x"}}`, `{"menu":{"button":[],"menuid":[]}}`,
			`{"menu":{"button":[]},"conditionalmenu":{}}`, `{"menu":{"button":[]},"conditionalmenu":[1]}`,
			`{"menu":{"button":[]},"conditionalmenu":[{"button":[],"matchrule":"x"}]}`,
			`{"menu":{"button":[]},"conditionalmenu":[{"button":[],"matchrule":{"tag_id":"x"}}]}`,
			`{"menu":{"button":[]},"conditionalmenu":[{"button":[],"matchrule":{"client_platform_type":256}}]}`,
		} {
			f := newFake(t)
			f.Fault(wechattest.Fault{Path: pathGet, Kind: wechattest.Answer, Body: body})
			_, err := f.menus.Get(t.Context())
			if !errors.Is(err, wechat.ErrBadResponse) || errors.Is(err, wechat.ErrInput) {
				t.Errorf("%s: Get = %v, want ErrBadResponse", body, err)
			}
		}
	})
}

// a rule is checked before anything is sent; what the platform removed is refused with the reason.
func TestRulesAreChecked(t *testing.T) {
	f := newFake(t)
	for _, test := range []struct {
		desc  string
		match menu.Match
		want  []string
	}{
		{"empty", menu.Match{}, []string{"match required"}},
		{"negative tag", menu.Match{TagID: -1}, []string{"match.tag_id format"}},
		{"no such platform", menu.Match{Platform: 4}, []string{"match.client_platform_type format"}},
		{"removed", menu.Match{TagID: 1, Removed: []string{"sex", "group_id", "age"}}, []string{"match.sex removed", "match.group_id removed", "match.age removed"}},
	} {
		_, err := f.menus.AddConditional(t.Context(), menu.Conditional{Menu: song(), Match: test.match})
		if diff := cmp.Diff(test.want, problems(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.desc, diff)
		}
		if test.desc == "removed" && !strings.Contains(err.Error(), "the platform refuses rules on sex (65320), to protect privacy (tag the followers and match tag_id)") {
			t.Errorf("the reason is missing: %v", err)
		}
	}
	if n := f.total(); n != 0 {
		t.Errorf("%d requests for refused rules", n)
	}
	for match, want := range map[*menu.Match]string{
		{TagID: 2}: "tag 2", {Platform: menu.OtherPlatform}: "other platforms", {}: "nobody", {Platform: 9}: "Platform(9)",
	} {
		if got := match.String(); got != want {
			t.Errorf("String = %q, want %q", got, want)
		}
	}
	if got := menu.Platform(0).String(); got != "any platform" {
		t.Errorf("String = %q", got)
	}
}

// Adding twice makes two menus, so a lost answer is said, not repeated.
func TestALostAnswerToAnAdditionIsUnknown(t *testing.T) {
	f := newFake(t)
	if _, err := f.menus.Replace(t.Context(), song()); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []wechattest.Fault{
		{Path: pathAdd, Kind: wechattest.Close, Execute: true, Times: 1},
		{Path: pathAdd, Kind: wechattest.Answer, Execute: true, Times: 1, Body: `{"errcode":0,"errmsg":"ok"}`},
	} {
		f.Fault(fault)
		before := f.Executions(pathAdd)
		if id, err := f.menus.AddConditional(t.Context(), vip(1)); !errors.Is(err, wechat.ErrOutcomeUnknown) {
			t.Errorf("%v: AddConditional = %q, %v; want ErrOutcomeUnknown", fault, id, err)
		}
		if n := f.Executions(pathAdd) - before; n != 1 {
			t.Errorf("%v: %d executions, want 1", fault, n)
		}
	}
}

// 65316 counts over all conditional menus.
func TestConditionalMenusLeadToThreeDomains(t *testing.T) {
	link := func(hosts ...string) menu.Conditional {
		c := menu.Conditional{Match: menu.Match{TagID: 1}}
		s := menu.Sub{Name: "s"}
		for _, h := range hosts {
			s.Buttons = append(s.Buttons, menu.View{Name: "v", URL: "https://" + h})
		}
		c.Menu = one(s)
		return c
	}
	f := newFake(t)
	_, err := f.menus.AddConditional(t.Context(), link("a.com", "b.com", "c.com", "d.com"))
	if diff := cmp.Diff([]string{"buttons domains"}, problems(t, err)); diff != "" {
		t.Errorf("AddConditional (-want +got):\n%s", diff)
	}
	set := menu.Set{Default: song(), Conditional: []menu.Conditional{link("a.com", "b.com"), link("b.com", "c.com")}}
	if err := set.Validate(); err != nil {
		t.Errorf("three domains: %v", err)
	}
	set.Conditional = append(set.Conditional, link("d.com"))
	if diff := cmp.Diff([]string{"conditional domains"}, problems(t, set.Validate())); diff != "" {
		t.Errorf("four domains (-want +got):\n%s", diff)
	}
	set = menu.Set{Conditional: []menu.Conditional{{Menu: one(click(""))}}}
	want := []string{"default.buttons count", "conditional[0].buttons[0].name required", "conditional[0].match required"}
	if diff := cmp.Diff(want, problems(t, set.Validate())); diff != "" {
		t.Errorf("Validate (-want +got):\n%s", diff)
	}
}

func TestTryMatchReadsBothShapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const path = "/cgi-bin/menu/trymatch"
		data, err := song().MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		for body, want := range map[string]error{
			string(data):                                nil,
			`{"menu":` + string(data) + `}`:             nil,
			`{"errcode":65302,"errmsg":"no such user"}`: wechat.ErrNotFound,
			`{"errcode":0}`:                             wechat.ErrBadResponse,
			`{"button":[{"name":1}]}`:                   wechat.ErrBadResponse,
		} {
			f := newFake(t)
			f.Fault(wechattest.Fault{Path: path, Kind: wechattest.Answer, Body: body})
			got, err := f.menus.TryMatch(t.Context(), "oABC")
			if want == nil && (err != nil || !cmp.Equal(got, song())) || want != nil && !errors.Is(err, want) {
				t.Errorf("%s: TryMatch = %v, %v; want error %v", body, got, err, want)
			}
		}
		f := newFake(t)
		_, err = f.menus.TryMatch(t.Context(), " ")
		if diff := cmp.Diff([]string{"user required"}, problems(t, err)); diff != "" {
			t.Errorf("no user (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"id required"}, problems(t, f.menus.DeleteConditional(t.Context(), ""))); diff != "" {
			t.Errorf("no id (-want +got):\n%s", diff)
		}
	})
}

func TestASetLivesInAFile(t *testing.T) {
	set := menu.Set{Default: song(), Conditional: []menu.Conditional{vip(2), {ID: "7", Menu: one(click("a")), Match: menu.Match{Platform: menu.IOS}}}}
	var buf bytes.Buffer
	if err := menu.EncodeSet(&buf, set); err != nil {
		t.Fatal(err)
	}
	got, err := menu.DecodeSet(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	data, err := json.Marshal(menu.Set{Default: one(click("a")), DefaultID: "1", Conditional: []menu.Conditional{vip(2)}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"menu":{"button":[{"type":"click","name":"a","key":"k"}],"menuid":"1"},"conditionalmenu":[` +
		`{"button":[{"type":"view","name":"会员","url":"https://vip.example.com/"}],"matchrule":{"tag_id":"2"}}]}`
	if string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
	broken := menu.Set{Default: one(nil), Conditional: []menu.Conditional{{Menu: one(nil)}}}
	if err := menu.EncodeSet(&buf, broken); err == nil || buf.Len() > 0 {
		t.Errorf("EncodeSet of nil buttons = %v", err)
	}
	if _, err := json.Marshal(broken); err == nil {
		t.Error("Marshal of nil buttons succeeded")
	}
}

func TestASetsFileIsReadStrictly(t *testing.T) {
	for data, want := range map[string][]string{
		`{}`:                  {"menu required"},
		`[]`:                  {" format"},
		"{\"menu\":\"\xff\"}": {" utf-8"},
		`{"menu":{"button":[]},"conditional":[]}`:                                        {"conditional unknown"},
		`{"menu":{"button":[],"matchrule":{}}}`:                                          {"default.matchrule unknown"},
		`{"menu":{"button":[{"name":"a","k":1}]}}`:                                       {"default.buttons[0].k unknown"},
		`{"menu":{"button":[]},"conditionalmenu":[{"button":[],"matchrul":{}}]}`:         {"conditional[0].matchrul unknown"},
		`{"menu":{"button":[]},"conditionalmenu":[{"button":[],"matchrule":{"sex":1}}]}`: {"conditional[0].match.sex removed"},
		`{"menu":{"button":[]},"conditionalmenu":[{"button":[],"matchrule":{"group_id":"1","age":1,"tag_id":"x"}}]}`: {
			"conditional[0].match.age unknown", "conditional[0].match.group_id removed", "conditional[0].match.tag_id format",
		},
	} {
		_, err := menu.DecodeSet(strings.NewReader(data))
		if diff := cmp.Diff(want, problems(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", data, diff)
		}
	}
}
