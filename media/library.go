package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// The material library: /doc/subscription/api/material/permanent/api_addmaterial.html, api_getmaterial.html,
// api_delmaterial.html, api_getmaterialcount.html, and api_uploadimage.html.
const (
	pathKeep   = "/cgi-bin/material/add_material"
	pathFetch  = "/cgi-bin/material/get_material"
	pathDelete = "/cgi-bin/material/del_material"
	pathCount  = "/cgi-bin/material/get_materialcount"
	pathImage  = "/cgi-bin/media/uploadimg"
)

// description goes with a permanent video.
type description struct {
	Title        string `json:"title"`
	Introduction string `json:"introduction"`
}

// WithDescription gives the title and the introduction that [Client.Keep] needs for a video. Nothing else
// has a description. The introduction may be empty.
func WithDescription(title, introduction string) UploadOption {
	return func(s *sending) { s.about = &description{title, introduction} }
}

// form gives what is sent before the file.
func (to shipment) form(s sending) ([]wechat.FormField, error) {
	described := to.path == pathKeep && to.kind == Video
	var problems []wechat.Problem
	switch {
	case described && (s.about == nil || strings.TrimSpace(s.about.Title) == ""):
		problems = []wechat.Problem{{
			Field: "title", Rule: "required", Message: "a permanent video has a title", Fix: "media.WithDescription", Source: permanentPage,
		}}
	case !described && s.about != nil:
		problems = []wechat.Problem{{Field: "description", Rule: "forbidden", Message: "only a permanent video has a description"}}
	}
	if problems != nil || !described {
		return nil, wechat.Refuse(to.op, problems)
	}
	text, err := wire.Encode(s.about)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", to.op, err)
	}
	return []wechat.FormField{{Name: "description", Value: strings.TrimSpace(string(text))}}, nil
}

// Keep puts a file into the account's material library, where it stays until [Client.Delete]; a video with
// its title, by [WithDescription]. The library holds 100,000 pictures and 1000 of each other kind.
//
// The file is judged by the rules for [Permanent] and streamed as [Client.Upload] does it. Unlike an upload it
// is never sent twice, since the library would then hold it twice: if the answer is lost the error is
// [wechat.ErrOutcomeUnknown], and [Client.List] shows whether it arrived, newest first. The platform does not
// say when it took the file; Item.CreatedAt is this machine's time before it was sent.
func (m *Client) Keep(ctx context.Context, k Kind, f *File, opts ...UploadOption) (Item, error) {
	return m.send(ctx, shipment{op: "media: keep", path: pathKeep, class: wechat.ClassOnce, use: Permanent, kind: k}, f, opts)
}

// UploadImage uploads a picture for the text of articles, a JPEG or PNG under 1 MB (the rules for [InArticle]),
// and gives its address, which is what an article's img element needs: other addresses are taken out by the
// platform. It does not count toward the library's limit, has no media_id and cannot be deleted. If the answer
// is lost the error is [wechat.ErrOutcomeUnknown]; sending it again does no harm but an unused picture.
func (m *Client) UploadImage(ctx context.Context, f *File, opts ...UploadOption) (string, error) {
	item, err := m.send(ctx, shipment{
		op: "media: upload image", path: pathImage, class: wechat.ClassOnce, use: InArticle, kind: Image, nameless: true,
	}, f, opts)
	return item.URL, err
}

// Material is what the library has under an id: a file, whose content was written; a video, of which there is
// an address; or articles.
type Material struct {
	// Content says what was written. For a video VideoURL is set and nothing was.
	Content
	// Title and Introduction describe a video.
	Title, Introduction string
	// Articles are set, and nothing was written, where the id names articles.
	Articles []Article
}

// Fetch gets permanent material by its id and streams it to w, as [Client.Get] does for temporary material.
// Videos and articles come back in the result instead. An id that is unknown, deleted or of temporary material
// is an [*wechat.Error] with code 40007.
func (m *Client) Fetch(ctx context.Context, id wechat.MediaID, w io.Writer) (Material, error) {
	if err := needID("media: fetch", id); err != nil {
		return Material{}, err
	}
	got, err := m.c.Download(ctx, wechat.Request{
		Method: http.MethodPost, Path: pathFetch, Body: named{id}, Class: wechat.ClassRead,
	}, w)
	a := Material{Content: Content{Name: got.FileName, Type: got.ContentType, Bytes: got.Bytes}}
	if err != nil || got.JSON == nil {
		return a, err
	}
	var answer struct {
		newsItems
		Title       string `json:"title"`
		Description string `json:"description"`
		DownURL     string `json:"down_url"`
	}
	if err = json.Unmarshal(got.JSON, &answer); err == nil && answer.Items == nil && answer.DownURL == "" {
		err = errors.New("neither a file nor a down_url nor news_item")
	}
	if err != nil {
		return a, fmt.Errorf("media: fetch: %w: %w", wechat.ErrBadResponse, err)
	}
	a.Title, a.Introduction, a.VideoURL, a.Articles = answer.Title, answer.Description, answer.DownURL, answer.articles()
	return a, nil
}

// named is a request for one item.
type named struct {
	ID wechat.MediaID `json:"media_id"`
}

func needID(op string, id wechat.MediaID) error {
	if id != "" {
		return nil
	}
	return wechat.Refuse(op, []wechat.Problem{{Field: "media_id", Rule: "required", Message: "no media id"}})
}

// Delete takes material out of the library, for good.
//
// Beware of material that was broadcast: deleting it, or deleting one broadcast of it, has been seen to break
// the links of every broadcast that was made of it. Nothing warns of that later, so material that is used
// again and again is better left where it is. What the menu or an automatic reply shows is refused by the
// platform with code 48005. An id that is unknown or gone is code 40007, which is [wechat.ErrNotFound]; as a
// deletion whose answer is lost is sent again, that may mean that this very call deleted it.
func (m *Client) Delete(ctx context.Context, id wechat.MediaID) error {
	if err := needID("media: delete", id); err != nil {
		return err
	}
	return m.c.Call(ctx, wechat.Request{Method: http.MethodPost, Path: pathDelete, Body: named{id}, Class: wechat.ClassReplace}, nil)
}

// Counts is how much the library holds. The platform does not count thumbs.
type Counts struct {
	Images, Voices, Videos, Articles int64
}

// Count says how much the library holds.
func (m *Client) Count(ctx context.Context) (Counts, error) {
	a, err := wechat.Get[countAnswer](ctx, m.c, pathCount, nil)
	if err != nil {
		return Counts{}, err
	}
	return Counts{Images: int64(*a.Image), Voices: int64(*a.Voice), Videos: int64(*a.Video), Articles: int64(*a.News)}, nil
}

type countAnswer struct {
	Voice *wire.Int `json:"voice_count"`
	Video *wire.Int `json:"video_count"`
	Image *wire.Int `json:"image_count"`
	News  *wire.Int `json:"news_count"`
}

// Check refuses an answer that leaves out a count: it would read as 0.
func (a *countAnswer) Check() error {
	for _, n := range []*wire.Int{a.Voice, a.Video, a.Image, a.News} {
		if n == nil || *n < 0 {
			return errors.New("a count is missing or negative")
		}
	}
	return nil
}
