package menu

import "github.com/seed-a9908ced/wechat-go/wechat"

// Button is one button of a menu. The set is closed: [Click], [View], [MiniProgram], [ScanPush],
// [ScanWait], [Photo], [PhotoOrAlbum], [PicWeixin], [Location], [Media], [ViewLimited], [Article],
// [ArticleLimited], the parent [Sub], and [Console] for what only the website can make. Use them as
// values, not as pointers.
//
//sumtype:decl
type Button interface {
	// wire gives the button's fields under the platform's names.
	wire() wire
}

// Buttons that push an event with a key to the callback. A key has at most 128 bytes and is not shown.
type (
	// Click (click) pushes the event CLICK. The answer to it is up to the account.
	Click struct{ Name, Key string }
	// ScanPush (scancode_push) scans a code, shows its content or opens its URL, and pushes the result.
	ScanPush struct{ Name, Key string }
	// ScanWait (scancode_waitmsg) scans a code, pushes the result and waits for a message to show.
	ScanWait struct{ Name, Key string }
	// Photo (pic_sysphoto) opens the camera and sends the picture taken.
	Photo struct{ Name, Key string }
	// PhotoOrAlbum (pic_photo_or_album) lets the follower take a picture or choose some.
	PhotoOrAlbum struct{ Name, Key string }
	// PicWeixin (pic_weixin) opens WeChat's own album and sends what is chosen.
	PicWeixin struct{ Name, Key string }
	// Location (location_select) opens the map and sends the place chosen.
	Location struct{ Name, Key string }
)

// Buttons that open something.
type (
	// View (view) opens a web page and pushes the event VIEW. URL is http or https, at most 1024 bytes.
	View struct{ Name, URL string }
	// MiniProgram (miniprogram) opens a page of a mini program that is linked to the account; clients
	// too old for that open URL. Only verified accounts may use it, and the platform answers 45064 when
	// the mini program is not linked.
	MiniProgram struct {
		Name string
		// AppID is the mini program's AppID.
		AppID wechat.AppID
		// PagePath is the page to open: "pages/index/index".
		PagePath string
		// URL is the page for clients that do not know mini programs.
		URL string
	}
	// Article (article_id) sends a published article as a card.
	Article struct {
		Name string
		// ArticleID is the article_id that publishing gave.
		ArticleID string
	}
	// ArticleLimited (article_view_limited) opens a published article.
	ArticleLimited struct {
		Name string
		// ArticleID is the article_id that publishing gave.
		ArticleID string
	}
	// Media (media_id) sends a permanent image, voice or video. Articles are no longer taken here.
	Media struct {
		Name string
		// MediaID is the media_id of permanent material.
		MediaID wechat.MediaID
	}
	// ViewLimited (view_limited) opens an article kept as permanent material. The platform is
	// withdrawing it: use [ArticleLimited].
	ViewLimited struct {
		Name string
		// MediaID is the media_id of permanent articles.
		MediaID wechat.MediaID
	}
)

// Sub is a parent: it opens a list of one to five buttons and has no action of its own. Only a button of
// the top level can be one.
type Sub struct {
	Name string
	// Buttons are the children, from top to bottom.
	Buttons []Button
}

// NameOf gives the text on a button, "" for nil.
func NameOf(b Button) string {
	if b == nil {
		return ""
	}
	return b.wire().name
}

// KindOf gives the type of a button as the platform writes it: "click", "view", "pic_sysphoto" … It is
// empty for [Sub], which has none, and for nil.
func KindOf(b Button) Kind {
	if b == nil {
		return ""
	}
	return b.wire().kind
}

// withName gives the same button with another text.
func withName(b Button, name string) Button {
	w := b.wire()
	w.name = name
	return w.button()
}
