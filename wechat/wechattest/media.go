package wechattest

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// mediaLife is how long a temporary medium lives.
const mediaLife = 3 * 24 * time.Hour

// mediaRule is what the platform takes for one kind of medium.
type mediaRule struct {
	limit   int64
	tooBig  int
	formats []string
}

// mediaRules are the rules for temporary media as today's page has them.
var mediaRules = map[string]mediaRule{
	"image": {10 << 20, 40009, []string{"jpg", "png", "gif"}},
	"voice": {2 << 20, 40006, []string{"amr", "mp3"}},
	"video": {10 << 20, 40006, []string{"mp4"}},
	"thumb": {64 << 10, 40006, []string{"jpg"}},
}

// articleImage is the rule for images inside articles.
var articleImage = mediaRule{1<<20 - 1, 40009, []string{"jpg", "png"}}

var mediaEndpoints = []endpoint{
	{path: "/cgi-bin/media/upload", method: http.MethodPost, handle: uploadMedia},
	{path: "/cgi-bin/media/get", method: http.MethodGet, daily: 200_000, plain: true, handle: getMedia},
	{path: "/cgi-bin/media/uploadimg", method: http.MethodPost, handle: uploadImage},
	{
		path: "/cgi-bin/media/uploadvideo", method: http.MethodPost,
		service: verified, subscr: verified, handle: uploadVideo,
	},
	{path: videoPath, method: http.MethodGet, open: true, plain: true, handle: downloadVideo},
}

// videoPath is where the links to videos lead, on the host that gave them.
const videoPath = "/wechattest/video"

// media is something that a media_id names.
type media struct {
	Medium
	acct    *Console
	content []byte    // nil when it is not kept
	better  []byte    // a recording as media/get/jssdk gives it
	news    []Article // articles in the library
}

// Medium is what the platform knows of a file, draft or article that a media_id names.
type Medium struct {
	// ID is its media_id.
	ID string
	// Kind is "image", "voice", "video", "thumb", or "news" for a draft.
	Kind string
	// Name and Size are the file's.
	Name string
	Size int64
	// SHA256 is the file's sum in hexadecimal digits.
	SHA256 string
	// Title and Introduction describe a permanent video.
	Title, Introduction string
	// URL is where a permanent image is shown.
	URL string
	// Created is when it came, Expires when it will be gone; zero: never.
	Created, Expires time.Time
}

// gone reports whether a temporary medium is no more.
func (m *media) gone(now time.Time) bool { return !m.Expires.IsZero() && !now.Before(m.Expires) }

// uploadMedia is /doc/subscription/api/material/temporary/api_uploadtempmedia.html.
func uploadMedia(c *call) (any, error) {
	kind := c.query.Get("type")
	rule, ok := mediaRules[kind]
	if !ok {
		return nil, refuse(40004)
	}
	if _, err := c.uploaded(rule); err != nil {
		return nil, err
	}
	m := c.acct.shelve(c.file.medium(kind, c.now, mediaLife), c.file.kept())
	out := struct {
		Type         string `json:"type"`
		MediaID      string `json:"media_id,omitempty"`
		ThumbMediaID string `json:"thumb_media_id,omitempty"`
		CreatedAt    int64  `json:"created_at"`
	}{Type: kind, CreatedAt: c.now.Unix()}
	if kind == "thumb" {
		out.ThumbMediaID = m.ID
	} else {
		out.MediaID = m.ID
	}
	return out, nil
}

// uploadImage is api_uploadimage: an image for the text of articles, which has a URL and no media_id.
func uploadImage(c *call) (any, error) {
	format, err := c.uploaded(articleImage)
	if err != nil {
		return nil, err
	}
	return struct {
		URL string `json:"url"`
	}{c.p.imageURL(format)}, nil
}

// uploaded judges the file of an upload and returns its format. A body without a length is refused by the
// servers in front of the platform, so it has no errcode.
func (c *call) uploaded(rule mediaRule) (format string, err error) {
	u := c.file
	switch {
	case c.chunked:
		return "", &refusal{status: http.StatusPreconditionFailed}
	case u == nil || u.field != "media" || strings.ContainsFunc(u.name, func(r rune) bool { return r > '~' }):
		return "", refuse(41005) // a file name that is not ASCII is not found
	case u.size == 0:
		return "", refuse(44001)
	case u.size > rule.limit:
		return "", refuse(rule.tooBig)
	}
	format = formatOf(u.content)
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(u.name), "."))
	if ext == "jpeg" {
		ext = "jpg"
	}
	if !slices.Contains(rule.formats, format) || !slices.Contains(rule.formats, ext) {
		return "", refuse(40005)
	}
	return format, nil
}

// formats tells files apart by their first bytes.
var formats = []struct{ name, head string }{
	{"jpg", "\xff\xd8\xff"},
	{"png", "\x89PNG\r\n\x1a\n"},
	{"gif", "GIF8"},
	{"amr", "#!AMR"},
	{"mp3", "ID3"},
	{"bmp", "BM"},
	{"wma", "\x30\x26\xb2\x75\x8e\x66\xcf\x11"},
}

func formatOf(b []byte) string {
	for _, f := range formats {
		if bytes.HasPrefix(b, []byte(f.head)) {
			return f.name
		}
	}
	switch {
	case len(b) >= 8 && string(b[4:8]) == "ftyp":
		return "mp4"
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WAVE":
		return "wav"
	case len(b) >= 2 && b[0] == 0xff && b[1]&0xe0 == 0xe0: // a frame of MPEG audio
		return "mp3"
	}
	return ""
}

// uploadVideo is the old way to make an uploaded video sendable.
func uploadVideo(c *call) (any, error) {
	var in struct {
		MediaID string `json:"media_id"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	m, err := c.medium(in.MediaID, "video")
	if err != nil {
		return nil, err
	}
	sendable := m.Medium
	sendable.Created, sendable.Expires = c.now, c.now.Add(mediaLife)
	return struct {
		Type      string `json:"type"`
		MediaID   string `json:"media_id"`
		CreatedAt int64  `json:"created_at"`
	}{"video", c.acct.shelve(sendable, m.content).ID, c.now.Unix()}, nil
}

// getMedia answers with the file, or for a video with a link to it.
func getMedia(c *call) (any, error) {
	id := c.query.Get("media_id")
	if id == "" {
		return nil, refuse(41006)
	}
	m, err := c.medium(id, "image", "voice", "thumb", "video")
	if err != nil {
		return nil, err
	}
	if m.Expires.IsZero() { // permanent material is got elsewhere
		return nil, refuse(40007)
	}
	if m.Kind == "video" {
		return struct {
			VideoURL string `json:"video_url"`
		}{c.videoURL(m)}, nil
	}
	return m.download()
}

func (c *call) videoURL(m *media) string { return "http://" + c.host + videoPath + "?id=" + m.ID }

// downloadVideo is where a link to a video leads. It needs no token.
func downloadVideo(c *call) (any, error) {
	m, ok := c.p.media[c.query.Get("id")]
	if !ok || m.Kind != "video" || m.gone(c.now) {
		return nil, &refusal{status: http.StatusNotFound}
	}
	return m.download()
}

// contentTypes are the content types of files by format.
var contentTypes = map[string]string{
	"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif",
	"amr": "audio/amr", "mp3": "audio/mp3", "mp4": "video/mp4",
	"bmp": "image/bmp", "wav": "audio/wav", "wma": "audio/x-ms-wma",
}

func (m *media) download() (any, error) {
	if m.content == nil {
		return nil, refuse(-1)
	}
	format := formatOf(m.content)
	a := newAnswer(http.StatusOK, contentTypes[format], m.content)
	a.header.Set("Content-Disposition", `attachment; filename="`+m.ID+"."+format+`"`)
	return a, nil
}

// medium finds a medium of the calling account, of one of the given kinds.
func (c *call) medium(id string, kinds ...string) (*media, error) {
	m, ok := c.p.media[id]
	if !ok || m.acct != c.acct || m.gone(c.now) || !slices.Contains(kinds, m.Kind) {
		return nil, refuse(40007)
	}
	return m, nil
}

// medium describes an uploaded file. A life of 0 does not end.
func (u *upload) medium(kind string, now time.Time, life time.Duration) Medium {
	m := Medium{Kind: kind, Name: u.name, Size: u.size, SHA256: hex.EncodeToString(u.sum[:]), Created: now}
	if life > 0 {
		m.Expires = now.Add(life)
	}
	return m
}

// kept is the content, if all of it was kept.
func (u *upload) kept() []byte {
	if !u.whole {
		return nil
	}
	return u.content
}
