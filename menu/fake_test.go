package menu_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/seed-a9908ced/wechat-go/menu"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const (
	pathImport = "/cgi-bin/get_current_selfmenu_info"
	pathGet    = "/cgi-bin/menu/get"
	pathCreate = "/cgi-bin/menu/create"
	pathDelete = "/cgi-bin/menu/delete"
	pathAdd    = "/cgi-bin/menu/addconditional"
	pathDrop   = "/cgi-bin/menu/delconditional"
)

// fake is an account on a fake platform and a menu client for it.
type fake struct {
	*wechattest.Platform
	acct   *wechattest.Console
	client *wechat.Client
	menus  *menu.Client
}

func newFake(tb testing.TB, opts ...wechat.Option) fake {
	tb.Helper()
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
	return fake{p, acct, connect(tb, p, acct, opts...), nil}.withMenus()
}

func (f fake) withMenus(opts ...menu.Option) fake {
	f.menus = menu.New(f.client, opts...)
	return f
}

func connect(tb testing.TB, p *wechattest.Platform, acct *wechattest.Console, opts ...wechat.Option) *wechat.Client {
	tb.Helper()
	c, err := wechat.New(
		wechat.Credentials{AppID: wechat.AppID(acct.AppID()), AppSecret: wechat.NewSecret(acct.Secret())},
		append([]wechat.Option{wechat.WithTransport(p.Transport())}, opts...)...,
	)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// total counts what the platform was asked on all menu paths, and for tokens.
func (f fake) total() int { return len(f.Log()) }

// consoleMenu is a menu made on the website, with a button of each of its kinds.
func consoleMenu() []wechattest.ConsoleButton {
	return []wechattest.ConsoleButton{
		{Name: "了解我们", Sub: []wechattest.ConsoleButton{
			{Name: "官网", Type: "view", URL: "https://www.example.com/?a=1&b=2"},
			{Name: "新品", Type: "news", Articles: []wechattest.ConsoleArticle{{Title: "春季新品", ContentURL: "http://mp.weixin.qq.com/s?mid=1"}}},
			{Name: "品牌片", Type: "video"},
			{Name: "店长说", Type: "voice"},
			{Name: "海报", Type: "img"},
		}},
		{Name: "营业时间", Type: "text", Text: "9:00–18:00"},
		{Name: "价目表", Type: "photo"},
	}
}

// vip is the conditional menu of the tests: who has the tag sees one button.
func vip(tag wechat.TagID) menu.Conditional {
	return menu.Conditional{
		Menu:  one(menu.View{Name: "会员", URL: "https://vip.example.com/"}),
		Match: menu.Match{TagID: tag},
	}
}

// rewrite replaces text in an answer.
func rewrite(resp *http.Response, old, replacement string) (*http.Response, error) {
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	data = bytes.ReplaceAll(data, []byte(old), []byte(replacement))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	return resp, nil
}
