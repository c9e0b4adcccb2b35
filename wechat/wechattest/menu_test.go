package wechattest_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const selfMenuInfo = "/cgi-bin/get_current_selfmenu_info"

// obj and list spell JSON values as json.Unmarshal gives them.
type (
	obj  = map[string]any
	list = []any
)

func (r reply) object(tb testing.TB) obj {
	tb.Helper()
	var v obj
	r.into(tb, &v)
	return v
}

func TestMenuComesBackInBothShapes(t *testing.T) {
	c := newCaller(t, verifiedService)
	image := c.acct.AddMaterial("image", "a.jpg", []byte(jpeg))
	want(t, "create", c.post(menuCreate, `{"button":[
		{"type":"click","name":"今日歌曲","key":"V1001"},
		{"name":"菜单","sub_button":[
			{"type":"view","name":"搜索","url":"https://www.soso.com/?a=1&b=<2>"},
			{"type":"miniprogram","name":"wxa","url":"http://mp.weixin.qq.com","appid":"wx286b93c14bbf93aa","pagepath":"pages/index"}]},
		{"type":"media_id","name":"图片","media_id":"`+image+`"}]}`).code(t), 0)

	got := c.get(menuGet).object(t)
	view := obj{"type": "view", "name": "搜索", "url": "https://www.soso.com/?a=1&b=<2>"}
	mini := obj{
		"type": "miniprogram", "name": "wxa", "url": "http://mp.weixin.qq.com",
		"appid": "wx286b93c14bbf93aa", "pagepath": "pages/index",
	}
	leaf := func(o obj) obj {
		out := obj{"sub_button": list{}}
		maps.Copy(out, o)
		return out
	}
	click := obj{"type": "click", "name": "今日歌曲", "key": "V1001"}
	media := obj{"type": "media_id", "name": "图片", "media_id": image}
	if diff := cmp.Diff(obj{"menu": obj{"button": list{
		leaf(click), obj{"name": "菜单", "sub_button": list{leaf(view), leaf(mini)}}, leaf(media),
	}}}, got); diff != "" {
		t.Errorf("menu/get (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(obj{"is_menu_open": 1.0, "selfmenu_info": obj{"button": list{
		click, obj{"name": "菜单", "sub_button": obj{"list": list{view, mini}}}, media,
	}}}, c.get(selfMenuInfo).object(t)); diff != "" {
		t.Errorf("get_current_selfmenu_info (-want +got):\n%s", diff)
	}
	if strings.Contains(c.get(menuGet).body, `\u0026`) {
		t.Error("menu/get escapes for HTML")
	}
}

func TestNoMenu(t *testing.T) {
	c := newCaller(t, verifiedService)
	want(t, "menu/get", c.get(menuGet).code(t), 46003)
	none := obj{"is_menu_open": 0.0, "selfmenu_info": obj{"button": list{}}}
	if diff := cmp.Diff(none, c.get(selfMenuInfo).object(t)); diff != "" {
		t.Errorf("get_current_selfmenu_info (-want +got):\n%s", diff)
	}
	want(t, "menu/delete", c.get("/cgi-bin/menu/delete").code(t), 0)
}

func TestMenuIsReplacedAndDeleted(t *testing.T) {
	c := newCaller(t, verifiedService)
	for _, name := range []string{"A", "B"} {
		want(t, "create", c.post(menuCreate, `{"button":[{"type":"click","name":"`+name+`","key":"k"}]}`).code(t), 0)
		if got := c.get(menuGet).body; !strings.Contains(got, `"name":"`+name+`"`) {
			t.Errorf("menu is %s", got)
		}
	}
	want(t, "a bad menu", c.post(menuCreate, `{"button":[]}`).code(t), 40016)
	if got := c.get(menuGet).body; !strings.Contains(got, `"name":"B"`) {
		t.Errorf("a menu that was refused changed it: %s", got)
	}
	want(t, "delete", c.get("/cgi-bin/menu/delete").code(t), 0)
	want(t, "menu/get", c.get(menuGet).code(t), 46003)
}

func TestMenusAreRefused(t *testing.T) {
	c := newCaller(t, verifiedService)
	temporary := c.upload(mediaUpload, "image", "a.jpg", jpeg).decode(t).MediaID
	click := `{"type":"click","name":"A","key":"k"}`
	top := func(buttons ...string) string { return `{"button":[` + strings.Join(buttons, ",") + `]}` }
	sub := func(buttons ...string) string {
		return top(`{"name":"A","sub_button":[` + strings.Join(buttons, ",") + `]}`)
	}
	name := func(n int) string { return `{"type":"click","key":"k","name":"` + strings.Repeat("n", n) + `"}` }
	key := func(n int) string { return `{"type":"click","name":"A","key":"` + strings.Repeat("k", n) + `"}` }
	url := func(n int) string {
		return `{"type":"view","name":"A","url":"https://` + strings.Repeat("u", n-len("https://")) + `"}`
	}
	media := func(id string) string { return `{"type":"media_id","name":"A","media_id":"` + id + `"}` }
	for _, tc := range []struct {
		what, body string
		code       int
	}{
		{"no body", "", 44002},
		{"no JSON", "{", 47001},
		{"no buttons", `{}`, 40016},
		{"three buttons", top(click, click, click), 0},
		{"four buttons", top(click, click, click, click), 40016},
		{"five sub-buttons", sub(click, click, click, click, click), 0},
		{"six sub-buttons", sub(click, click, click, click, click, click), 40023},
		{"no type", top(`{"name":"A"}`), 40017},
		{"unknown type", top(`{"type":"text","name":"A"}`), 40017},
		{"unknown sub-type", sub(`{"type":"text","name":"A"}`), 40024},
		{"three levels", sub(`{"name":"A","sub_button":[` + click + `]}`), 40022},
		{"no name", top(name(0)), 40018},
		{"name of 16 bytes", top(name(16)), 0},
		{"name of 17 bytes", top(name(17)), 40018},
		{"name of six Chinese characters", top(`{"type":"click","key":"k","name":"一二三四五六"}`), 40018},
		{"sub-name of 60 bytes", sub(name(60)), 0},
		{"sub-name of 61 bytes", sub(name(61)), 40025},
		{"no key", top(key(0)), 40019},
		{"key of 128 bytes", top(key(128)), 0},
		{"key of 129 bytes", top(key(129)), 40019},
		{"sub-key of 129 bytes", sub(key(129)), 40026},
		{"no url", top(`{"type":"view","name":"A"}`), 40020},
		{"url of 1024 bytes", top(url(1024)), 0},
		{"url of 1025 bytes", top(url(1025)), 40020},
		{"sub-url of 1025 bytes", sub(url(1025)), 40027},
		{"url of another scheme", top(`{"type":"view","name":"A","url":"javascript:x"}`), 40055},
		{"sub-url of another scheme", sub(`{"type":"view","name":"A","url":"ftp://x"}`), 40054},
		{"mini-program without appid", top(`{"type":"miniprogram","name":"A","url":"http://x","pagepath":"p"}`), 40013},
		{"mini-program without page", top(`{"type":"miniprogram","name":"A","url":"http://x","appid":"wx"}`), 40035},
		{"no media_id", top(media("")), 40117},
		{"no sub-media_id", sub(media("")), 40118},
		{"unknown media_id", top(media("nonsense")), 40007},
		{"temporary media_id", top(media(temporary)), 40007},
		{"no article_id", top(`{"type":"article_id","name":"A"}`), 53600},
		{"article_id", top(`{"type":"article_view_limited","name":"A","article_id":"a"}`), 0},
		{"escaped characters", top(`{"type":"click","key":"k","name":"\u4eca"}`), 40033},
		{"escaped backslash before a u", top(`{"type":"click","key":"\\u4eca","name":"A"}`), 0},
		{"other escapes", top(`{"type":"click","key":"a\"b\n","name":"A"}`), 0},
		{"no UTF-8", top("{\"type\":\"click\",\"key\":\"k\",\"name\":\"\xff\"}"), 65318},
		{"children in the other shape", top(`{"name":"A","sub_button":{"list":[` + click + `]}}`), 47001},
	} {
		want(t, tc.what, c.post(menuCreate, tc.body).code(t), tc.code)
	}
}

func TestConsoleMenuShowsOnlyInTheOtherCall(t *testing.T) {
	c := newCaller(t, verifiedService)
	c.post(menuCreate, `{"button":[{"type":"click","name":"A","key":"k"}]}`)
	article := wechattest.ConsoleArticle{Title: "标题", Author: "A", ShowCover: 1, ContentURL: "https://mp.weixin.qq.com/s/x"}
	c.acct.SetConsoleMenu(
		wechattest.ConsoleButton{Name: "文字", Type: "text", Text: "你好"},
		wechattest.ConsoleButton{Name: "官网", Type: "view", URL: "https://example.com"},
		wechattest.ConsoleButton{Name: "更多", Sub: []wechattest.ConsoleButton{
			{Name: "图片", Type: "img", File: []byte(png)},
			{Name: "相册", Type: "photo"},
			{Name: "声音", Type: "voice"},
			{Name: "视频", Type: "video", File: []byte(mp4)},
			{Name: "图文", Type: "news", Articles: []wechattest.ConsoleArticle{article}},
		}},
	)
	want(t, "menu/get", c.get(menuGet).code(t), 46003)

	type shown struct {
		Type, Name, Value string
		Sub               struct{ List []shown } `json:"sub_button"`
		News              struct {
			List []wechattest.ConsoleArticle
		} `json:"news_info"`
		URL string
	}
	var first, second struct {
		Open int                      `json:"is_menu_open"`
		Info struct{ Button []shown } `json:"selfmenu_info"`
	}
	c.get(selfMenuInfo).into(t, &first)
	c.get(selfMenuInfo).into(t, &second)
	top := first.Info.Button
	if first.Open != 1 || len(top) != 3 || top[0].Value != "你好" || top[1].URL != "https://example.com" || top[2].Type != "" {
		t.Fatalf("menu %+v", first)
	}
	subs, again := top[2].Sub.List, second.Info.Button[2].Sub.List
	if len(subs) != 5 || cmp.Diff([]wechattest.ConsoleArticle{article}, subs[4].News.List) != "" {
		t.Fatalf("sub-buttons %+v", subs)
	}
	for i, content := range []string{png, "", ""} {
		if subs[i].Value == again[i].Value {
			t.Errorf("%s has the same media_id in two calls", subs[i].Name)
		}
		got := c.get(mediaGet, "media_id", subs[i].Value)
		if got.header.Get("Content-Disposition") == "" || content != "" && got.body != content {
			t.Errorf("%s downloads as %q", subs[i].Name, got.body)
		}
	}
	if subs[3].Value == again[3].Value || !strings.HasPrefix(subs[3].Value, "http://") {
		t.Errorf("video links %s, %s", subs[3].Value, again[3].Value)
	}
	if subs[4].Value == "" || subs[4].Value != again[4].Value {
		t.Errorf("articles are %q, then %q: they are permanent", subs[4].Value, again[4].Value)
	}
}

func TestPersonalisedMenus(t *testing.T) {
	c := newCaller(t, verifiedService)
	menu := func(domain, rule string) string {
		return `{"button":[{"name":"A","sub_button":[{"type":"view","name":"A","url":"https://` + domain + `/"}]}],"matchrule":` + rule + `}`
	}
	add := func(domain, rule string) reply { return c.post("/cgi-bin/menu/addconditional", menu(domain, rule)) }
	want(t, "before the default menu", add("a.example", `{"tag_id":"2"}`).code(t), 65303)
	c.post(menuCreate, `{"button":[{"type":"click","name":"A","key":"k"}]}`)
	want(t, "no rule", add("a.example", `{}`).code(t), 65304)
	want(t, "rule on sex", add("a.example", `{"tag_id":"2","sex":"1"}`).code(t), 65320)
	want(t, "rule on a city", add("a.example", `{"city":"广州"}`).code(t), 65320)
	want(t, "bad buttons", c.post("/cgi-bin/menu/addconditional", `{"button":[],"matchrule":{"tag_id":"2"}}`).code(t), 40016)

	var ids []string
	for _, domain := range []string{"a.example", "b.example", "c.example"} {
		var got struct{ MenuID string }
		add(domain, `{"client_platform_type":"1"}`).into(t, &got)
		ids = append(ids, got.MenuID)
	}
	want(t, "fourth domain", add("d.example", `{"tag_id":"2"}`).code(t), 65316)
	want(t, "known domain", add("a.example", `{"tag_id":"2"}`).code(t), 0)

	var got struct {
		Menu struct {
			MenuID int64 `json:"menuid"`
		}
		Conditional []struct {
			Rule struct {
				TagID string `json:"tag_id"`
			} `json:"matchrule"`
			MenuID int64 `json:"menuid"`
		} `json:"conditionalmenu"`
	}
	c.get(menuGet).into(t, &got)
	if len(got.Conditional) != 4 || got.Conditional[0].Rule.TagID != "2" || got.Menu.MenuID == 0 {
		t.Errorf("menu/get %+v, want four menus, the newest first", got)
	}
	del := func(id string) int { return c.post("/cgi-bin/menu/delconditional", `{"menuid":"`+id+`"}`).code(t) }
	want(t, "delete one", del(ids[1]), 0)
	want(t, "delete it again", del(ids[1]), 65301)
	want(t, "delete all", c.get("/cgi-bin/menu/delete").code(t), 0)
	want(t, "delete what went with all", del(ids[0]), 65301)
}
