package broadcast

import (
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Content is what a broadcast says: [Text], [Images] or [Voice].
//
//sumtype:decl
type Content interface {
	// Kind is the platform's msgtype.
	Kind() string
	// Items are the media that the content is made of.
	Items() []media.Item
	problems(Rules) []wechat.Problem
	fill(body map[string]any)
}

// Text is a broadcast of text alone.
type Text struct {
	Content string
}

// Images is a broadcast of one or more images.
type Images struct {
	// Images are what was uploaded as media.Image, in order.
	Images []media.Item
	// Title and Recommend are shown with the images. Both may be empty.
	Title, Recommend string
	// OpenComments allows comments; FansOnlyComments those of followers only.
	OpenComments, FansOnlyComments bool
}

// Voice is a broadcast of one recording.
type Voice struct {
	Voice media.Item
}

// Kind is "text".
func (Text) Kind() string { return "text" }

// Kind is "image".
func (Images) Kind() string { return "image" }

// Kind is "voice".
func (Voice) Kind() string { return "voice" }

// Items are none.
func (Text) Items() []media.Item { return nil }

// Items are the images.
func (c Images) Items() []media.Item { return c.Images }

// Items is the recording.
func (c Voice) Items() []media.Item { return []media.Item{c.Voice} }

func (c Text) problems(r Rules) []wechat.Problem {
	if c.Content == "" {
		return []wechat.Problem{{Field: "content.text", Rule: "required", Message: "empty text"}}
	}
	if ps := textProblems("content.text", c.Content, true); ps != nil {
		return ps
	}
	return r.Text.check("content.text", c.Content, rules[wechat.Current].Text, r.Set)
}

func (c Images) problems(r Rules) []wechat.Problem {
	var ps []wechat.Problem
	if len(c.Images) == 0 {
		ps = append(ps, wechat.Problem{Field: "content.images", Rule: "required", Message: "no image"})
	}
	for i, item := range c.Images {
		ps = append(ps, itemProblems(fmt.Sprintf("content.images[%d]", i), item, media.Image)...)
	}
	if text := textProblems("content.title", c.Title, false); text != nil {
		ps = append(ps, text...)
	} else {
		ps = append(ps, r.Title.check("content.title", c.Title, rules[wechat.Current].Title, r.Set)...)
	}
	ps = append(ps, textProblems("content.recommend", c.Recommend, true)...)
	if c.FansOnlyComments && !c.OpenComments {
		ps = append(ps, wechat.Problem{Field: "content.fans_only_comments", Rule: "conflict", Message: "comments are for followers only, but not open", Fix: "set OpenComments as well"})
	}
	return ps
}

func (c Voice) problems(Rules) []wechat.Problem {
	return itemProblems("content.voice", c.Voice, media.Voice)
}

func itemProblems(field string, item media.Item, want media.Kind) []wechat.Problem {
	switch {
	case item.ID == "":
		return []wechat.Problem{{Field: field, Rule: "required", Message: "no media id", Fix: "upload the file first"}}
	case item.Kind != want && item.Kind != "":
		return []wechat.Problem{{Field: field, Rule: "kind", Message: fmt.Sprintf("uploaded as %s, but sent as %s", item.Kind, want)}}
	}
	return textProblems(field, string(item.ID), false)
}

// expired finds the media that will be gone when the broadcast is sent: temporary files live three days,
// permanent ones for ever.
func expired(c Content, at time.Time) []wechat.Problem {
	var ps []wechat.Problem
	for i, item := range c.Items() {
		if ends := item.ExpiresAt(); !ends.IsZero() && !at.Before(ends) {
			ps = append(ps, wechat.Problem{
				Field: fmt.Sprintf("content.items[%d]", i), Rule: "expired",
				Message: fmt.Sprintf("temporary %s expired at %s", item.Kind, ends.In(quotaZone).Format(stamp)),
				Fix:     "upload it again", Source: "temporary media live three days",
			})
		}
	}
	return ps
}

func (c Text) fill(b map[string]any) {
	b["msgtype"] = "text"
	b["text"] = map[string]string{"content": c.Content}
}

func (c Images) fill(b map[string]any) {
	ids := make([]wechat.MediaID, len(c.Images))
	for i, item := range c.Images {
		ids[i] = item.ID
	}
	b["msgtype"] = "image"
	b["images"] = struct {
		MediaIDs  []wechat.MediaID `json:"media_ids"`
		Recommend string           `json:"recommend,omitempty"`
		Title     string           `json:"title,omitempty"`
		Comment   int              `json:"need_open_comment"`
		FansOnly  int              `json:"only_fans_can_comment"`
	}{ids, c.Recommend, c.Title, flag(c.OpenComments), flag(c.FansOnlyComments)}
}

func (c Voice) fill(b map[string]any) {
	b["msgtype"] = "voice"
	b["voice"] = map[string]wechat.MediaID{"media_id": c.Voice.ID}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
