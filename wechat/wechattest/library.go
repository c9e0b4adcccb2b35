package wechattest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// materialRules are the rules for permanent media as today's page has them.
var materialRules = map[string]mediaRule{
	"image": {10 << 20, 40009, []string{"jpg", "png", "gif", "bmp"}},
	"voice": {2 << 20, 40006, []string{"mp3", "wma", "wav", "amr"}},
	"video": {10 << 20, 40006, []string{"mp4"}},
	"thumb": {64 << 10, 40006, []string{"jpg"}},
}

// materialCaps is how many media of a kind the library holds.
var materialCaps = map[string]int{"image": 100_000, "news": 100_000, "voice": 1000, "video": 1000, "thumb": 1000}

// Article is an article in the library. Articles can no longer be added there by the API, but old ones stay.
type Article struct {
	Title            string `json:"title"`
	ThumbMediaID     string `json:"thumb_media_id"`
	ShowCoverPic     int    `json:"show_cover_pic"`
	Author           string `json:"author"`
	Digest           string `json:"digest"`
	Content          string `json:"content"`
	URL              string `json:"url"`
	ContentSourceURL string `json:"content_source_url"`
	ThumbURL         string `json:"thumb_url"`
}

// AddArticles puts a set of articles into the account's library and returns its media_id.
func (c *Console) AddArticles(articles ...Article) string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	m := c.collect(Medium{Kind: "news", Created: c.p.now()}, nil)
	m.news = slices.Clone(articles)
	return m.ID
}

// AddRecording has a follower record a voice with the JS-SDK, and returns the serverId that uploadVoice
// gives the page: a media_id of three days, for which media/get answers amr and media/get/jssdk speex.
func (c *Console) AddRecording(amr, speex []byte) string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	sum, now := sha256.Sum256(amr), c.p.now()
	m := c.shelve(Medium{
		Kind: "voice", Size: int64(len(amr)), SHA256: hex.EncodeToString(sum[:]), Created: now, Expires: now.Add(mediaLife),
	}, amr)
	m.better = slices.Clone(speex)
	return m.ID
}

// collect puts a medium into the library. The platform is locked.
func (c *Console) collect(m Medium, content []byte) *media {
	kept := c.shelve(m, content)
	c.library = append(c.library, kept)
	return kept
}

// holds counts what the library has of a kind.
func (c *Console) holds(kind string) int {
	n := 0
	for _, m := range c.library {
		if m.Kind == kind {
			n++
		}
	}
	return n
}

// material finds a medium of the calling account's library.
func (c *call) material(id string) (*media, error) {
	i := slices.IndexFunc(c.acct.library, func(m *media) bool { return m.ID == id })
	if i < 0 {
		return nil, refuse(40007)
	}
	return c.acct.library[i], nil
}

// discard takes a medium out of the library.
func (c *Console) discard(m *media) {
	c.library = slices.DeleteFunc(c.library, func(o *media) bool { return o == m })
	delete(c.p.media, m.ID)
}

// uses reports whether a menu made by the API has a button for a medium.
func (m *menus) uses(id string) bool {
	return usesMedia(m.buttons, id) ||
		slices.ContainsFunc(m.conditional, func(c conditionalMenu) bool { return usesMedia(c.Button, id) })
}

func usesMedia(buttons []button, id string) bool {
	return slices.ContainsFunc(buttons, func(b button) bool { return b.MediaID == id || usesMedia(b.Sub, id) })
}
