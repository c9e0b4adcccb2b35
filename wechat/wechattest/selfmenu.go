package wechattest

import "slices"

// ConsoleButton is a button of a menu that was made in the console.
type ConsoleButton struct {
	// Name is what it shows.
	Name string
	// Type is "text", "img", "photo", "voice", "video", "news" or "view", and empty for a button with a
	// sub-menu.
	Type string
	// Text is what a text button sends, URL where a view button leads.
	Text, URL string
	// File is what an img, photo, voice or video button sends. A few bytes in the right format are taken
	// when it is nil.
	File []byte
	// Articles are what a news button sends.
	Articles []ConsoleArticle
	// Sub is the sub-menu.
	Sub []ConsoleButton

	newsID string // the permanent material of a news button
}

// ConsoleArticle is an article of a news button.
type ConsoleArticle struct {
	Title      string `json:"title"`
	Digest     string `json:"digest"`
	Author     string `json:"author"`
	ShowCover  int    `json:"show_cover"`
	CoverURL   string `json:"cover_url"`
	ContentURL string `json:"content_url"`
	SourceURL  string `json:"source_url"`
}

// SetConsoleMenu makes the menu that an administrator made in the console. It replaces the default menu of
// the API, so that menu/get answers 46003; get_current_selfmenu_info shows it. Of img, photo, voice and
// video buttons every call shows new temporary media, which media/get and the links download.
func (c *Console) SetConsoleMenu(buttons ...ConsoleButton) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.menu = menus{console: c.adopt(buttons)}
}

// adopt copies buttons and puts their articles into the library.
func (c *Console) adopt(buttons []ConsoleButton) []ConsoleButton {
	out := slices.Clone(buttons)
	for i := range out {
		if out[i].Type == "news" {
			out[i].newsID = c.shelve(Medium{Kind: "news", Name: out[i].Name, Created: c.p.now()}, nil).ID
		}
		out[i].Sub = c.adopt(out[i].Sub)
	}
	return out
}

// selfButton is a button as get_current_selfmenu_info shows it.
type selfButton struct {
	Type      string    `json:"type,omitempty"`
	Name      string    `json:"name"`
	Value     string    `json:"value,omitempty"`
	URL       string    `json:"url,omitempty"`
	Key       string    `json:"key,omitempty"`
	MediaID   string    `json:"media_id,omitempty"`
	AppID     string    `json:"appid,omitempty"`
	PagePath  string    `json:"pagepath,omitempty"`
	ArticleID string    `json:"article_id,omitempty"`
	News      *newsInfo `json:"news_info,omitempty"`
	Sub       *selfList `json:"sub_button,omitempty"`
}

type (
	newsInfo struct {
		List []ConsoleArticle `json:"list"`
	}
	selfList struct {
		List []selfButton `json:"list"`
	}
	selfMenu struct {
		Button []selfButton `json:"button"`
	}
)

// getSelfMenu is api_getcurrentselfmenuinfo: the menu that followers see, whoever made it.
func getSelfMenu(c *call) (any, error) {
	out := struct {
		IsMenuOpen int      `json:"is_menu_open"`
		Info       selfMenu `json:"selfmenu_info"`
	}{Info: selfMenu{[]selfButton{}}}
	m := c.acct.menu
	for _, b := range m.buttons {
		out.Info.Button = append(out.Info.Button, b.self())
	}
	for _, b := range m.console {
		out.Info.Button = append(out.Info.Button, c.showButton(b))
	}
	if len(out.Info.Button) > 0 {
		out.IsMenuOpen = 1
	}
	return out, nil
}

// self is a button of the API in the other shape.
func (b button) self() selfButton {
	out := selfButton{
		Type: b.Type, Name: b.Name, Key: b.Key, URL: b.URL,
		MediaID: b.MediaID, AppID: b.AppID, PagePath: b.PagePath, ArticleID: b.ArticleID,
	}
	if len(b.Sub) > 0 {
		out.Type, out.Sub = "", &selfList{}
		for _, sub := range b.Sub {
			out.Sub.List = append(out.Sub.List, sub.self())
		}
	}
	return out
}

// showButton shows a button of the console: files as temporary media, articles as permanent ones.
func (c *call) showButton(b ConsoleButton) selfButton {
	out := selfButton{Type: b.Type, Name: b.Name, URL: b.URL}
	switch b.Type {
	case "text":
		out.Value = b.Text
	case "img", "photo":
		out.Value = c.lend(b, "image", "\xff\xd8\xff\xe0image").ID
	case "voice":
		out.Value = c.lend(b, "voice", "#!AMR\nvoice").ID
	case "video":
		out.Value = c.videoURL(c.lend(b, "video", "\x00\x00\x00\x18ftypmp42"))
	case "news":
		out.Value, out.News = b.newsID, &newsInfo{b.Articles}
	}
	if len(b.Sub) > 0 {
		out.Sub = &selfList{}
		for _, sub := range b.Sub {
			out.Sub.List = append(out.Sub.List, c.showButton(sub))
		}
	}
	return out
}

// lend makes a temporary medium of a button's file.
func (c *call) lend(b ConsoleButton, kind, stub string) *media {
	file := b.File
	if file == nil {
		file = []byte(stub)
	}
	m := Medium{Kind: kind, Name: b.Name, Size: int64(len(file)), Created: c.now, Expires: c.now.Add(mediaLife)}
	return c.acct.shelve(m, file)
}
