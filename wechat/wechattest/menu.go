package wechattest

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

var menuEndpoints = []endpoint{
	{path: "/cgi-bin/menu/create", method: http.MethodPost, subscr: verified, daily: 1000, handle: createMenu},
	{path: "/cgi-bin/menu/get", method: http.MethodGet, subscr: verified, daily: 10_000, handle: getMenu},
	{path: "/cgi-bin/menu/delete", method: http.MethodGet, subscr: verified, daily: 1000, handle: deleteMenu},
	{path: "/cgi-bin/get_current_selfmenu_info", method: http.MethodGet, handle: getSelfMenu},
	{
		path: "/cgi-bin/menu/addconditional", method: http.MethodPost,
		service: verified, subscr: verified, daily: 2000, handle: addConditionalMenu,
	},
	{
		path: "/cgi-bin/menu/delconditional", method: http.MethodPost,
		service: verified, subscr: verified, daily: 2000, handle: deleteConditionalMenu,
	},
}

// menus are the menus of an account. The default menu was made either by the API or in the console.
type menus struct {
	id          int64
	buttons     []button // by the API
	console     []ConsoleButton
	conditional []conditionalMenu
}

// button is a button as the API makes it.
type button struct {
	Type      string   `json:"type,omitempty"`
	Name      string   `json:"name"`
	Key       string   `json:"key,omitempty"`
	URL       string   `json:"url,omitempty"`
	MediaID   string   `json:"media_id,omitempty"`
	AppID     string   `json:"appid,omitempty"`
	PagePath  string   `json:"pagepath,omitempty"`
	ArticleID string   `json:"article_id,omitempty"`
	Sub       []button `json:"sub_button"`
}

// createMenu is api_createcustommenu: it replaces the default menu and leaves personalised ones.
func createMenu(c *call) (any, error) {
	var in struct {
		Button []button `json:"button"`
	}
	if err := c.decodeMenu(&in); err != nil {
		return nil, err
	}
	if err := c.checkButtons(in.Button); err != nil {
		return nil, err
	}
	c.acct.menu.id, c.acct.menu.buttons, c.acct.menu.console = c.p.nextID(), in.Button, nil
	return success, nil
}

// getMenu is api_getmenu: it only sees what was made through the API.
func getMenu(c *call) (any, error) {
	m := c.acct.menu
	if m.buttons == nil {
		return nil, refuse(46003)
	}
	type defaultMenu struct {
		Button []button `json:"button"`
		MenuID int64    `json:"menuid,omitempty"`
	}
	out := struct {
		Menu        defaultMenu       `json:"menu"`
		Conditional []conditionalMenu `json:"conditionalmenu,omitempty"`
	}{defaultMenu{Button: m.buttons}, m.conditional}
	if m.conditional != nil {
		out.Menu.MenuID = m.id
	}
	return out, nil
}

// deleteMenu is a GET that deletes all menus, personalised ones included.
func deleteMenu(c *call) (any, error) {
	c.acct.menu = menus{}
	return success, nil
}

// decodeMenu reads the body of a menu. It has to be raw UTF-8 without \uXXXX escapes.
func (c *call) decodeMenu(v any) error {
	if !utf8.Valid(c.body) {
		return refuse(65318)
	}
	if hasUnicodeEscape(c.body) {
		return refuse(40033)
	}
	return c.decode(v)
}

// hasUnicodeEscape reports whether JSON text holds a \u that is not itself escaped.
func hasUnicodeEscape(b []byte) bool {
	for i := 0; i+1 < len(b); i++ {
		if b[i] == '\\' {
			if b[i+1] == 'u' {
				return true
			}
			i++
		}
	}
	return false
}

// level is what a menu allows on one of its two levels.
type level struct {
	buttons, name int
	refused       refusedButton
}

// refusedButton holds the errcodes for what a level does not allow.
type refusedButton struct{ count, kind, name, key, url, domain, media int }

var (
	topLevel = level{3, 16, refusedButton{
		count: 40016, kind: 40017, name: 40018, key: 40019, url: 40020, domain: 40055, media: 40117,
	}}
	subLevel = level{5, 60, refusedButton{
		count: 40023, kind: 40024, name: 40025, key: 40026, url: 40027, domain: 40054, media: 40118,
	}}
)

const (
	maxKey = 128
	maxURL = 1024
)

// needs says what a button of each type has to have.
var needs = map[string]string{
	"click": "key", "scancode_push": "key", "scancode_waitmsg": "key", "pic_sysphoto": "key",
	"pic_photo_or_album": "key", "pic_weixin": "key", "location_select": "key",
	"view": "url", "miniprogram": "miniprogram",
	"media_id": "media", "view_limited": "media",
	"article_id": "article", "article_view_limited": "article",
}

// checkButtons refuses a menu with the errcode for the first rule that it breaks, and makes every list of
// sub-buttons a list, as menu/get shows them.
func (c *call) checkButtons(top []button) error {
	if err := c.checkLevel(top, topLevel); err != nil {
		return err
	}
	for i := range top {
		if len(top[i].Sub) == 0 {
			top[i].Sub = []button{}
			continue
		}
		if err := c.checkLevel(top[i].Sub, subLevel); err != nil {
			return err
		}
		for j := range top[i].Sub {
			if len(top[i].Sub[j].Sub) > 0 {
				return refuse(40022)
			}
			top[i].Sub[j].Sub = []button{}
		}
	}
	return nil
}

func (c *call) checkLevel(buttons []button, l level) error {
	if len(buttons) == 0 || len(buttons) > l.buttons {
		return refuse(l.refused.count)
	}
	for _, b := range buttons {
		if b.Name == "" || len(b.Name) > l.name {
			return refuse(l.refused.name)
		}
		if len(b.Sub) > 0 {
			continue
		}
		if err := c.checkAction(b, l); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) checkAction(b button, l level) error {
	need, ok := needs[b.Type]
	badURL := b.URL == "" || len(b.URL) > maxURL
	switch {
	case !ok:
		return refuse(l.refused.kind)
	case need == "key" && (b.Key == "" || len(b.Key) > maxKey):
		return refuse(l.refused.key)
	case (need == "url" || need == "miniprogram") && badURL:
		return refuse(l.refused.url)
	case need == "url" && !isWeb(b.URL):
		return refuse(l.refused.domain)
	case need == "miniprogram" && b.AppID == "":
		return refuse(40013)
	case need == "miniprogram" && b.PagePath == "":
		return refuse(40035)
	case need == "media" && b.MediaID == "":
		return refuse(l.refused.media)
	case need == "article" && b.ArticleID == "":
		return refuse(53600)
	}
	if need == "media" {
		m, err := c.medium(b.MediaID, "image", "voice", "video", "news")
		if err != nil || !m.Expires.IsZero() { // only permanent material stays in a menu
			return refuse(40007)
		}
	}
	return nil
}

func isWeb(url string) bool {
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}
