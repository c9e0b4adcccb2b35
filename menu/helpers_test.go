package menu_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-a9908ced/wechat-go/menu"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// read gives a file of testdata.
func read(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return bytes.TrimSpace(data)
}

// problems lists what an input was refused for as "field rule".
func problems(tb testing.TB, err error) []string {
	tb.Helper()
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*wechat.InputError](err)
	if !ok || !errors.Is(err, wechat.ErrInput) {
		tb.Fatalf("error %v is no *wechat.InputError", err)
	}
	return list(e.Problems)
}

func list(ps []wechat.Problem) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Field+" "+p.Rule)
	}
	return out
}

// one is a menu of the given buttons.
func one(buttons ...menu.Button) menu.Menu { return menu.Menu{Buttons: buttons} }

// song is a valid menu with a parent.
func song() menu.Menu {
	return one(
		menu.Click{Name: "今日歌曲", Key: "V1001_TODAY_MUSIC"},
		menu.Sub{Name: "菜单", Buttons: []menu.Button{
			menu.View{Name: "搜索", URL: "http://www.soso.com/"},
			menu.MiniProgram{Name: "wxa", AppID: "wx286b93c14bbf93aa", PagePath: "pages/lunar/index", URL: "http://mp.weixin.qq.com"},
			menu.Click{Name: "赞一下我们", Key: "V1001_GOOD"},
		}},
	)
}

// everyKind has each button that the API can make.
func everyKind() []menu.Button {
	return []menu.Button{
		menu.Click{Name: "a", Key: "k"},
		menu.View{Name: "b", URL: "https://example.com/?x=1&y=<2>"},
		menu.MiniProgram{Name: "c", AppID: "wx286b93c14bbf93aa", PagePath: "pages/index", URL: "https://example.com"},
		menu.ScanPush{Name: "d", Key: "k"},
		menu.ScanWait{Name: "e", Key: "k"},
		menu.Photo{Name: "f", Key: "k"},
		menu.PhotoOrAlbum{Name: "g", Key: "k"},
		menu.PicWeixin{Name: "h", Key: "k"},
		menu.Location{Name: "i", Key: "k"},
		menu.Media{Name: "j", MediaID: "M-1_x"},
		menu.ViewLimited{Name: "k", MediaID: "M-2_x"},
		menu.Article{Name: "l", ArticleID: "A-1_x"},
		menu.ArticleLimited{Name: "m", ArticleID: "A-2_x"},
	}
}

// randomMenu makes a menu of one to three buttons; most of them have few names and keys to choose from,
// so that two such menus have something in common.
func randomMenu(r *rand.Rand) menu.Menu {
	m := menu.Menu{}
	for range 1 + r.IntN(3) {
		if r.IntN(2) == 0 {
			m.Buttons = append(m.Buttons, randomLeaf(r))
			continue
		}
		sub := menu.Sub{Name: randomName(r)}
		for range 1 + r.IntN(5) {
			sub.Buttons = append(sub.Buttons, randomLeaf(r))
		}
		m.Buttons = append(m.Buttons, sub)
	}
	return m
}

func randomName(r *rand.Rand) string {
	return []string{"今日", "菜单", "Help", "👍", "a&b<c>", "\"q\"\\"}[r.IntN(6)]
}

func randomLeaf(r *rand.Rand) menu.Button {
	name, key := randomName(r), strings.Repeat("k", 1+r.IntN(3))
	switch r.IntN(7) {
	case 0:
		return menu.View{Name: name, URL: "https://example.com/" + key}
	case 1:
		return menu.MiniProgram{Name: name, AppID: "wx286b93c14bbf93aa", PagePath: "pages/" + key, URL: "https://example.com/"}
	case 2:
		return menu.Media{Name: name, MediaID: wechat.MediaID(key)}
	case 3:
		return menu.ArticleLimited{Name: name, ArticleID: key}
	case 4:
		return menu.ScanWait{Name: name, Key: key}
	default:
		return menu.Click{Name: name, Key: key}
	}
}
