package wechattest

import (
	"encoding/json"
	"net/http"
	"slices"
)

var materialEndpoints = []endpoint{
	{path: "/cgi-bin/material/add_material", method: http.MethodPost, handle: addMaterial},
	{path: "/cgi-bin/material/get_material", method: http.MethodPost, plain: true, handle: getMaterial},
	{path: "/cgi-bin/material/del_material", method: http.MethodPost, handle: delMaterial},
	{path: "/cgi-bin/material/get_materialcount", method: http.MethodGet, handle: countMaterial},
	{path: "/cgi-bin/material/batchget_material", method: http.MethodPost, handle: listMaterial},
	{
		path: "/cgi-bin/media/get/jssdk", method: http.MethodGet, plain: true,
		service: verified, subscr: verified, handle: getRecording,
	},
}

// addMaterial is /doc/subscription/api/material/permanent/api_addmaterial.html.
func addMaterial(c *call) (any, error) {
	kind := c.query.Get("type")
	rule, ok := materialRules[kind]
	if !ok {
		return nil, refuse(40004)
	}
	format, err := c.uploaded(rule)
	if err != nil {
		return nil, err
	}
	if c.acct.holds(kind) >= materialCaps[kind] {
		return nil, refuse(45074)
	}
	m := c.file.medium(kind, c.now, 0)
	var description struct {
		Title        string `json:"title"`
		Introduction string `json:"introduction"`
	}
	if text := c.file.form.Get("description"); kind == "video" && text != "" {
		if err := json.Unmarshal([]byte(text), &description); err != nil {
			return nil, refuse(47001)
		}
		m.Title, m.Introduction = description.Title, description.Introduction
	}
	if kind == "image" {
		m.URL = c.p.imageURL(format)
	}
	return struct {
		MediaID string `json:"media_id"`
		URL     string `json:"url,omitempty"`
	}{c.acct.collect(m, c.file.kept()).ID, m.URL}, nil
}

// imageURL is where a new image is shown.
func (p *Platform) imageURL(format string) string {
	return "http://mmbiz.qpic.cn/mmbiz_" + format + "/" + p.draw(web64, 43) + "/0"
}

// named is a request that names a medium of the library.
func (c *call) named() (*media, error) {
	var in struct {
		MediaID string `json:"media_id"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.MediaID == "" {
		return nil, refuse(41006)
	}
	return c.material(in.MediaID)
}

// newsItems are articles as get_material and batchget_material give them.
type newsItems struct {
	Items   []Article `json:"news_item"`
	Created int64     `json:"create_time"`
	Updated int64     `json:"update_time"`
}

func (m *media) newsItems() newsItems {
	return newsItems{m.news, m.Created.Unix(), m.Created.Unix()}
}

// getMaterial answers with the file, or with JSON for a video and for articles.
func getMaterial(c *call) (any, error) {
	m, err := c.named()
	if err != nil {
		return nil, err
	}
	switch m.Kind {
	case "news":
		return m.newsItems(), nil
	case "video":
		return struct {
			Title       string `json:"title"`
			Description string `json:"description"`
			DownURL     string `json:"down_url"`
		}{m.Title, m.Introduction, c.videoURL(m)}, nil
	}
	return m.download()
}

// delMaterial refuses to delete what a menu shows.
func delMaterial(c *call) (any, error) {
	m, err := c.named()
	if err != nil {
		return nil, err
	}
	if c.acct.menu.uses(m.ID) {
		return nil, refuse(48005)
	}
	c.acct.discard(m)
	return success, nil
}

func countMaterial(c *call) (any, error) {
	return struct {
		Voice int `json:"voice_count"`
		Video int `json:"video_count"`
		Image int `json:"image_count"`
		News  int `json:"news_count"`
	}{c.acct.holds("voice"), c.acct.holds("video"), c.acct.holds("image"), c.acct.holds("news")}, nil
}

// materialItem is an item of batchget_material.
type materialItem struct {
	MediaID string     `json:"media_id"`
	Name    string     `json:"name,omitempty"`
	URL     string     `json:"url,omitempty"`
	Content *newsItems `json:"content,omitempty"`
	Updated int64      `json:"update_time"`
}

// listMaterial gives a page of what the library has of a kind, the newest first.
func listMaterial(c *call) (any, error) {
	var in struct {
		Type          string
		Offset, Count number
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"image", "voice", "video", "news"}, in.Type) {
		return nil, refuse(40004)
	}
	if in.Offset < 0 || in.Count < 1 || in.Count > 20 {
		return nil, refuse(40035)
	}
	out := struct {
		Item  []materialItem `json:"item"`
		Total int            `json:"total_count"`
		Count int            `json:"item_count"`
	}{Item: []materialItem{}}
	for _, m := range slices.Backward(c.acct.library) {
		if m.Kind != in.Type {
			continue
		}
		if out.Total++; out.Total <= int(in.Offset) || len(out.Item) == int(in.Count) {
			continue
		}
		item := materialItem{MediaID: m.ID, Name: m.Name, URL: m.URL, Updated: m.Created.Unix()}
		if m.Kind == "news" {
			content := m.newsItems()
			item.Content = &content
		}
		out.Item = append(out.Item, item)
	}
	out.Count = len(out.Item)
	return out, nil
}

// getRecording is /doc/subscription/api/material/temporary/api_gethdvoice.html.
func getRecording(c *call) (any, error) {
	id := c.query.Get("media_id")
	if id == "" {
		return nil, refuse(41006)
	}
	m, err := c.medium(id, "voice")
	if err != nil {
		return nil, err
	}
	if m.better == nil {
		return nil, refuse(40007)
	}
	a := newAnswer(http.StatusOK, "voice/speex", m.better)
	a.header.Set("Content-Disposition", `attachment; filename="`+m.ID+`.speex"`)
	return a, nil
}
