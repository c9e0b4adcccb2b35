package menu

import (
	"maps"
	"slices"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Kind is the type of a button as the platform writes it. In Go the type of the button says it; kinds
// appear in [Console] buttons and in reports.
type Kind string

// wire holds the fields of any button under the platform's names. It is the one place where the Go types
// and the platform's objects meet.
type wire struct {
	kind               Kind
	name               string
	key, url           string
	appID, pagePath    string
	mediaID, articleID string
	value              string
	news               []News
	children           []Button
	parent             bool
}

// field is one of the fields an action can need: its name on the wire and where it lives.
type field struct {
	name string
	at   func(*wire) *string
}

var (
	fieldKey       = field{"key", func(w *wire) *string { return &w.key }}
	fieldURL       = field{"url", func(w *wire) *string { return &w.url }}
	fieldAppID     = field{"appid", func(w *wire) *string { return &w.appID }}
	fieldPagePath  = field{"pagepath", func(w *wire) *string { return &w.pagePath }}
	fieldMediaID   = field{"media_id", func(w *wire) *string { return &w.mediaID }}
	fieldArticleID = field{"article_id", func(w *wire) *string { return &w.articleID }}
	fieldValue     = field{"value", func(w *wire) *string { return &w.value }}
)

// fields are all of them, in the order in which they are written.
var fields = []field{
	fieldKey, fieldURL, fieldAppID, fieldPagePath, fieldMediaID, fieldArticleID, fieldValue,
}

// action is what the platform's page says about a type of button: the fields it needs, all of them
// required, and the Go type that stands for it.
type action struct {
	needs []field
	build func(wire) Button
}

// actions are the types that the API can make.
// Source: /doc/service/api/custommenu/api_createcustommenu; view_limited is only in its field notes.
var actions = map[Kind]action{
	"click":                {[]field{fieldKey}, func(w wire) Button { return Click{w.name, w.key} }},
	"scancode_push":        {[]field{fieldKey}, func(w wire) Button { return ScanPush{w.name, w.key} }},
	"scancode_waitmsg":     {[]field{fieldKey}, func(w wire) Button { return ScanWait{w.name, w.key} }},
	"pic_sysphoto":         {[]field{fieldKey}, func(w wire) Button { return Photo{w.name, w.key} }},
	"pic_photo_or_album":   {[]field{fieldKey}, func(w wire) Button { return PhotoOrAlbum{w.name, w.key} }},
	"pic_weixin":           {[]field{fieldKey}, func(w wire) Button { return PicWeixin{w.name, w.key} }},
	"location_select":      {[]field{fieldKey}, func(w wire) Button { return Location{w.name, w.key} }},
	"view":                 {[]field{fieldURL}, func(w wire) Button { return View{w.name, w.url} }},
	"media_id":             {[]field{fieldMediaID}, func(w wire) Button { return Media{w.name, wechat.MediaID(w.mediaID)} }},
	"view_limited":         {[]field{fieldMediaID}, func(w wire) Button { return ViewLimited{w.name, wechat.MediaID(w.mediaID)} }},
	"article_id":           {[]field{fieldArticleID}, func(w wire) Button { return Article{w.name, w.articleID} }},
	"article_view_limited": {[]field{fieldArticleID}, func(w wire) Button { return ArticleLimited{w.name, w.articleID} }},
	"miniprogram": {[]field{fieldAppID, fieldPagePath, fieldURL}, func(w wire) Button {
		return MiniProgram{w.name, wechat.AppID(w.appID), w.pagePath, w.url}
	}},
}

// knownKinds lists the types that the API can make, for messages.
func knownKinds() []Kind { return slices.Sorted(maps.Keys(actions)) }

// button gives the Go value that stands for the fields. Every type that the API cannot make is a
// [Console] button.
func (w wire) button() Button {
	if w.parent {
		return Sub{w.name, w.children}
	}
	if a, ok := actions[w.kind]; ok {
		return a.build(w)
	}
	return Console{Kind: w.kind, Name: w.name, Value: w.value, URL: w.url, Key: w.key, News: w.news}
}

func (b Click) wire() wire        { return wire{kind: "click", name: b.Name, key: b.Key} }
func (b ScanPush) wire() wire     { return wire{kind: "scancode_push", name: b.Name, key: b.Key} }
func (b ScanWait) wire() wire     { return wire{kind: "scancode_waitmsg", name: b.Name, key: b.Key} }
func (b Photo) wire() wire        { return wire{kind: "pic_sysphoto", name: b.Name, key: b.Key} }
func (b PhotoOrAlbum) wire() wire { return wire{kind: "pic_photo_or_album", name: b.Name, key: b.Key} }
func (b PicWeixin) wire() wire    { return wire{kind: "pic_weixin", name: b.Name, key: b.Key} }
func (b Location) wire() wire     { return wire{kind: "location_select", name: b.Name, key: b.Key} }
func (b View) wire() wire         { return wire{kind: "view", name: b.Name, url: b.URL} }
func (b Media) wire() wire        { return wire{kind: "media_id", name: b.Name, mediaID: string(b.MediaID)} }

func (b Article) wire() wire { return wire{kind: "article_id", name: b.Name, articleID: b.ArticleID} }
func (b Sub) wire() wire     { return wire{name: b.Name, children: b.Buttons, parent: true} }

func (b ViewLimited) wire() wire {
	return wire{kind: "view_limited", name: b.Name, mediaID: string(b.MediaID)}
}

func (b ArticleLimited) wire() wire {
	return wire{kind: "article_view_limited", name: b.Name, articleID: b.ArticleID}
}

func (b MiniProgram) wire() wire {
	return wire{kind: "miniprogram", name: b.Name, appID: string(b.AppID), pagePath: b.PagePath, url: b.URL}
}

func (b Console) wire() wire {
	return wire{kind: b.Kind, name: b.Name, value: b.Value, url: b.URL, key: b.Key, news: b.News}
}
