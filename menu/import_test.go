package menu_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/menu"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// the website's shape, with sub_button.list, value and news_info.
func TestImportUnderstandsTheWebsitesShape(t *testing.T) {
	raw := read(t, "console.json")
	got := imported(t, raw)
	news := menu.Console{
		Kind: menu.Articles, Name: "新品", Value: "KQb_w_Tiz-nSdVLoTV35Psmty8hGBulGhEdbb9SKs-o",
		News: []menu.News{
			{
				Title: "春季新品", Author: "Acme", Digest: "四款新品", CoverURL: "http://mmbiz.qpic.cn/mmbiz/cover1/0",
				ContentURL: "http://mp.weixin.qq.com/s?__biz=MjM5&mid=100000005&idx=1&sn=584bdd#rd",
			},
			{
				Title: "门店活动", Author: "Acme", Digest: "到店有礼", ShowCover: true, CoverURL: "http://mmbiz.qpic.cn/mmbiz/cover2/0",
				ContentURL: "http://mp.weixin.qq.com/s?__biz=MjM5&mid=100000005&idx=2&sn=e7b267#rd", SourceURL: "https://www.example.com/stores",
			},
		},
	}
	video := menu.Console{Kind: menu.Video, Name: "品牌片", Value: "http://61.182.130.30/vweixinp.tc.qq.com/1007_114b.f10.mp4?vkey=77A4&sha=65DB"}
	voice := menu.Console{Kind: menu.Voice, Name: "店长说", Value: "nTXe3aghlQ4XYHa0AQPWiQQbFW9RVtaYTLPC1PCQx11qc9UB6CiUPFjdkeEtJicn"}
	text := menu.Console{Kind: menu.Text, Name: "营业时间", Value: "周一至周五 9:00–18:00\n周末休息"}
	photo := menu.Console{Kind: menu.Picture, Name: "价目表", Value: "ax5Whs5dsoomJLEppAvftBUuH7CgXCZGFbFJifmbUjnQk_ierMHY99Y5d2Cv14RD"}
	want := menu.Imported{
		Open: true,
		Raw:  raw,
		Menu: one(
			menu.Sub{Name: "了解我们", Buttons: []menu.Button{menu.View{Name: "官网", URL: "https://www.example.com/?a=1&b=2"}, news, video, voice}},
			text, photo,
		),
		Lossy: []menu.Lossy{
			{
				Path: "buttons[0].buttons[1]", Was: news, Instead: menu.View{Name: "新品", URL: news.News[0].ContentURL},
				Todo: "only the first of 2 articles is opened: give the others buttons of their own",
			},
			{
				Path: "buttons[0].buttons[2]", Was: video, Instead: menu.Media{Name: "品牌片"},
				Todo: "upload the video as permanent material (it can be downloaded from the address in value) and set its media_id",
			},
			{
				Path: "buttons[0].buttons[3]", Was: voice, Instead: menu.Media{Name: "店长说"},
				Todo: "upload the voice as permanent material (media/get gives it for 3 days under the media id in value) and set its media_id",
			},
			{
				Path: "buttons[1]", Was: text, Instead: menu.Click{Name: "营业时间", Key: "text-04ab2ef792e7"},
				Todo: "answer the event CLICK text-04ab2ef792e7 with the text",
			},
			{
				Path: "buttons[2]", Was: photo, Instead: menu.Media{Name: "价目表"},
				Todo: "upload the image as permanent material (media/get gives it for 3 days under the media id in value) and set its media_id",
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ReadImport (-want +got):\n%s", diff)
	}
}

// menus made through the API, in each of the two shapes that the platform gives them.
func TestImportUnderstandsTheAPIsShape(t *testing.T) {
	for _, name := range []string{"api.json", "get.json"} {
		raw := read(t, name)
		want := menu.Imported{Menu: song(), Open: true, Raw: raw}
		if diff := cmp.Diff(want, imported(t, raw)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// no menu is not an error.
func TestNoMenuIsImportedAsNone(t *testing.T) {
	for _, raw := range []string{
		`{"is_menu_open":0}`,
		`{"is_menu_open":"0"}`,
		`{"is_menu_open":0,"selfmenu_info":null}`,
		`{"is_menu_open":0,"selfmenu_info":{}}`,
		`{"is_menu_open":0,"selfmenu_info":{"button":[]}}`,
		`{"is_menu_open":0,"selfmenu_info":{"button":[{"type":"click","name":"switched off","key":"k"}]}}`,
	} {
		got := imported(t, []byte(raw))
		if diff := cmp.Diff(menu.Imported{Raw: []byte(raw)}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", raw, diff)
		}
	}
	got := imported(t, []byte(`{"is_menu_open":1,"selfmenu_info":{"button":[]}}`))
	if !got.Open || !got.Menu.IsZero() {
		t.Errorf("an open menu without buttons: Open %v, Menu %v", got.Open, got.Menu)
	}
}

func TestAnAnswerThatIsNoMenuIsABadResponse(t *testing.T) {
	for _, raw := range []string{
		``, `null`, `[]`, `"x"`, `{}`, `{"errcode":0,"errmsg":"ok"}`, `{"menu":null}`,
		`{"is_menu_open":1,"selfmenu_info":[]}`,
		`{"is_menu_open":1,"selfmenu_info":"x"}`,
		`{"is_menu_open":1,"selfmenu_info":{"button":"x"}}`,
		`{"is_menu_open":1,"selfmenu_info":{"button":[1]}}`,
		`{"is_menu_open":1,"selfmenu_info":{"button":[null]}}`,
		`{"is_menu_open":1,"selfmenu_info":{"button":[{"name":1}]}}`,
		`{"is_menu_open":1,"selfmenu_info":{"button":[{"name":"a","sub_button":"x"}]}}`,
		`{"is_menu_open":1,"selfmenu_info":{"button":[{"name":"a","sub_button":{"list":{}}}]}}`,
		`{"is_menu_open":1,"selfmenu_info":{"button":[{"name":"a","type":"news","news_info":{"list":[1]}}]}}`,
		`{"is_menu_open":1,"selfmenu_info":` + nested(9) + `}`,
	} {
		_, err := menu.ReadImport(json.RawMessage(raw))
		if !errors.Is(err, wechat.ErrBadResponse) || errors.Is(err, wechat.ErrInput) {
			t.Errorf("ReadImport(%.80s) = %v, want ErrBadResponse", raw, err)
		}
	}
}

// nested is a menu of some levels.
func nested(levels int) string {
	return strings.Repeat(`{"name":"x","button":[`, 1) +
		strings.Repeat(`{"name":"x","sub_button":[`, levels-1) + `{"type":"click","name":"x","key":"k"}` +
		strings.Repeat(`]}`, levels)
}

func TestImportPassesOverWhatItDoesNotKnow(t *testing.T) {
	raw := `{"is_menu_open":1,"new":1,"selfmenu_info":{"new":1,"button":[
		{"type":"view","name":"v","url":"https://a.com/","key":"","value":null,"new":{}},
		{"type":"finder","name":"channel","value":"export/1","key":"k1"},
		{"type":"shop","name":"shop","url":"https://shop.example.com/"},
		{"type":"media_id","name":"m","value":"M-1"},
		{"type":"article_view_limited","name":"n","value":"A-1"},
		{"type":"click","name":"parent","key":"k","sub_button":{"list":[{"type":"click","name":"c","key":"k"}]}},
		{"name":"nothing"},
		{"type":"news","name":"empty","value":"M-2"}
	]}}`
	got := imported(t, []byte(raw))
	finder := menu.Console{Kind: "finder", Name: "channel", Value: "export/1", Key: "k1"}
	shop := menu.Console{Kind: "shop", Name: "shop", URL: "https://shop.example.com/"}
	empty := menu.Console{Kind: menu.Articles, Name: "empty", Value: "M-2"}
	want := one(
		menu.View{Name: "v", URL: "https://a.com/"}, finder, shop,
		menu.Media{Name: "m", MediaID: "M-1"}, menu.ArticleLimited{Name: "n", ArticleID: "A-1"},
		menu.Sub{Name: "parent", Buttons: []menu.Button{menu.Click{Name: "c", Key: "k"}}},
		menu.Sub{Name: "nothing"}, empty,
	)
	if diff := cmp.Diff(want, got.Menu); diff != "" {
		t.Errorf("Menu (-want +got):\n%s", diff)
	}
	wantLossy := []menu.Lossy{
		{Path: "buttons[1]", Was: finder, Instead: menu.Click{Name: "channel", Key: "k1"}, Todo: `type "finder" is not known here: decide what the event CLICK k1 does`},
		{Path: "buttons[2]", Was: shop, Instead: menu.View{Name: "shop", URL: "https://shop.example.com/"}},
		{Path: "buttons[7]", Was: empty, Instead: menu.ArticleLimited{Name: "empty"}, Todo: "publish the article and set its article_id"},
	}
	if diff := cmp.Diff(wantLossy, got.Lossy); diff != "" {
		t.Errorf("Lossy (-want +got):\n%s", diff)
	}
}

// the proposal can be sent once the missing ids are there.
func TestProposedMenuLacksOnlyIDs(t *testing.T) {
	got := imported(t, read(t, "console.json"))
	proposed := got.Proposed()
	want := []string{
		"buttons[0].buttons[2].media_id required",
		"buttons[0].buttons[3].media_id required",
		"buttons[2].media_id required",
	}
	if diff := cmp.Diff(want, problems(t, proposed.Validate())); diff != "" {
		t.Errorf("Proposed().Validate (-want +got):\n%s", diff)
	}
	if got.Menu.Validate() == nil {
		t.Error("the website's own buttons passed Validate")
	}
	again := imported(t, read(t, "console.json")).Proposed()
	if diff := cmp.Diff(proposed, again); diff != "" {
		t.Errorf("proposals differ between imports:\n%s", diff)
	}
}

func TestProposalsNeverClashWithTheLimits(t *testing.T) {
	long := strings.Repeat("长", 2000)
	raw, err := json.Marshal(map[string]any{"is_menu_open": 1, "selfmenu_info": map[string]any{"button": []map[string]any{
		{"type": "text", "name": "a", "value": long}, {"type": "text", "name": "b", "value": ""}, {"type": "x", "name": "c", "value": long},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := imported(t, raw).Proposed().Validate(); err != nil {
		t.Errorf("Proposed().Validate() = %v", err)
	}
}

func TestImportedPrintsTheTreeAndWhatIsLeftToDo(t *testing.T) {
	got := imported(t, read(t, "console.json")).String()
	for _, want := range []string{
		"├─ 营业时间   text   “周一至周五 9:00–18:00↵周末休息” (website only)",
		"\nmade on the website; through the API use instead:\n",
		"\n  buttons[1] “营业时间”: text → click text-04ab2ef792e7; answer the event CLICK text-04ab2ef792e7 with the text\n",
		"news   “春季新品” and 1 more (website only)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("String() lacks %q:\n%s", want, got)
		}
	}
	if got := (menu.Imported{}).String(); got != "menu (none)" {
		t.Errorf("String of none = %q", got)
	}
}

func TestLossyIsJSONInThePlatformsShape(t *testing.T) {
	got, err := json.Marshal(imported(t, read(t, "console.json")).Lossy[3])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"path":"buttons[1]","was":{"type":"text","name":"营业时间","value":"周一至周五 9:00–18:00\n周末休息"},` +
		`"instead":{"type":"click","name":"营业时间","key":"text-04ab2ef792e7"},"todo":"answer the event CLICK text-04ab2ef792e7 with the text"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Import of an exported menu is the same menu, in each shape.
func TestImportOfAnExportedMenuIsTheSameMenu(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 35))
	menus := []menu.Menu{song(), one(menu.Sub{Name: "all", Buttons: everyKind()})}
	for range 500 {
		menus = append(menus, randomMenu(r))
	}
	for _, m := range menus {
		data, err := m.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		asWebsite := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte(`"sub_button":[`), []byte(`"sub_button":{"list":[`)), []byte(`]}`), []byte(`]}}`))
		for _, raw := range [][]byte{
			slices.Concat([]byte(`{"menu":`), data, []byte(`}`)),
			slices.Concat([]byte(`{"is_menu_open":1,"selfmenu_info":`), data, []byte(`}`)),
			slices.Concat([]byte(`{"is_menu_open":1,"selfmenu_info":`), asWebsite[:len(asWebsite)-1], []byte(`}`)),
		} {
			got := imported(t, raw)
			if diff := cmp.Diff(m, got.Menu); diff != "" || got.Lossy != nil {
				t.Fatalf("%s (-want +got):\n%s", raw, diff)
			}
		}
	}
}
