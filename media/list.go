package media

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// pathList lists the library: /doc/subscription/api/material/permanent/api_batchgetmaterial.html.
const pathList = "/cgi-bin/material/batchget_material"

// pageSize is the most that the platform gives at once.
const pageSize = 20

// Article is an article of the library, as the platform gives it back. Articles can no longer be added there,
// but old ones stay; new ones are drafts.
type Article struct {
	Title, Author string
	// Digest is the summary, of single articles only.
	Digest string
	// Content is HTML.
	Content string
	// URL is where the article is shown, SourceURL where "read more" leads.
	URL, SourceURL string
	// Thumb is the cover's media_id, ThumbURL its address where the platform gave one.
	Thumb    wechat.MediaID
	ThumbURL string
	// ShowCover says that the cover is shown in the text as well.
	ShowCover bool
}

// ArticleSet is a set of articles under one id, one to eight of them.
type ArticleSet struct {
	ID        wechat.MediaID
	UpdatedAt time.Time
	Articles  []Article
}

// List goes through the library's pictures, voices or videos, newest first. It asks for twenty at a time, as
// it gets to them, and can be ranged over more than once; each time asks anew. An error ends it. A file that
// is added or deleted meanwhile shifts the pages, so that one item may come twice or be left out. Thumbs
// cannot be listed. Item.CreatedAt is the time of the last change.
func (m *Client) List(ctx context.Context, k Kind) iter.Seq2[Item, error] {
	if k != Image && k != Voice && k != Video {
		p := kindProblem(k)
		p.Message = `"` + string(k) + `" cannot be listed: one of image voice video`
		return refused[Item](wechat.Refuse("media: list", []wechat.Problem{p}))
	}
	return pages(ctx, m.c, string(k), func(e listed) Item {
		return Item{ID: e.ID, Kind: k, CreatedAt: e.at(), Permanent: true, Name: e.Name, URL: e.URL}
	})
}

// ListArticles goes through the library's articles as [Client.List] does through its files. Articles may be
// long: where twenty sets are more than an answer may hold, fewer are asked for at a time.
func (m *Client) ListArticles(ctx context.Context) iter.Seq2[ArticleSet, error] {
	return pages(ctx, m.c, "news", func(e listed) ArticleSet {
		return ArticleSet{ID: e.ID, UpdatedAt: e.at(), Articles: e.Content.articles()}
	})
}

// pages asks for one page after the other.
func pages[T any](ctx context.Context, c *wechat.Client, kind string, item func(listed) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for offset, count := 0, pageSize; ; {
			var page listAnswer
			err := c.Call(ctx, wechat.Request{
				Method: http.MethodPost, Path: pathList, Class: wechat.ClassRead, Body: listRequest{kind, offset, count},
			}, &page)
			if errors.Is(err, wechat.ErrResponseTooLarge) && count > 1 {
				count /= 2
				continue
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, e := range page.Items {
				if !yield(item(e), nil) {
					return
				}
			}
			offset += len(page.Items)
			// A total that claims more than ever comes must not keep this going.
			if len(page.Items) == 0 || int64(offset) >= int64(*page.Total) {
				return
			}
		}
	}
}

// refused is a list that cannot be asked for.
func refused[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}

type listRequest struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Count  int    `json:"count"`
}

type listAnswer struct {
	Total *wire.Int `json:"total_count"`
	Items []listed  `json:"item"`
}

// Check refuses what would look like an empty library.
func (a *listAnswer) Check() error {
	switch {
	case a.Total == nil:
		return errors.New("no total_count")
	case slices.ContainsFunc(a.Items, func(e listed) bool { return e.ID == "" }):
		return errors.New("an item without a media_id")
	}
	return nil
}

// listed is an item as the list has it.
type listed struct {
	ID      wechat.MediaID `json:"media_id"`
	Updated wire.Int       `json:"update_time"`
	Name    string         `json:"name"`
	URL     string         `json:"url"`
	Content newsItems      `json:"content"`
}

func (e listed) at() time.Time {
	if e.Updated <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(e.Updated), 0)
}

// newsItems are articles as the platform writes them.
type newsItems struct {
	Items []struct {
		Title            string         `json:"title"`
		Author           string         `json:"author"`
		Digest           string         `json:"digest"`
		Content          string         `json:"content"`
		URL              string         `json:"url"`
		ContentSourceURL string         `json:"content_source_url"`
		ThumbMediaID     wechat.MediaID `json:"thumb_media_id"`
		ThumbURL         string         `json:"thumb_url"`
		ShowCoverPic     wire.Int       `json:"show_cover_pic"`
	} `json:"news_item"`
}

func (n newsItems) articles() []Article {
	var all []Article
	for _, a := range n.Items {
		all = append(all, Article{
			Title: a.Title, Author: a.Author, Digest: a.Digest, Content: a.Content, URL: a.URL, SourceURL: a.ContentSourceURL,
			Thumb: a.ThumbMediaID, ThumbURL: a.ThumbURL, ShowCover: a.ShowCoverPic != 0,
		})
	}
	return all
}
