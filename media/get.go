package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Where temporary material is fetched:
// /doc/subscription/api/material/temporary/api_getmedia.html and api_gethdvoice.html.
const (
	pathGet   = "/cgi-bin/media/get"
	pathGetHD = "/cgi-bin/media/get/jssdk"
)

// Content is what the platform answered for an item.
type Content struct {
	// Name and Type are the file's name and media type as the platform gives them; either may be empty.
	Name, Type string
	// Bytes is how many were written.
	Bytes int64
	// VideoURL is set, and nothing was written, where the item is a video: the platform gives its address,
	// not its content.
	VideoURL string
}

// Get fetches temporary material and streams it to w. A video is not streamed: its address comes back in
// Content.VideoURL. An id that is unknown or expired is an [*wechat.Error] with code 40007.
//
// A download that fails halfway has written a part; Content.Bytes says how much.
func (m *Client) Get(ctx context.Context, id wechat.MediaID, w io.Writer) (Content, error) {
	return m.fetch(ctx, pathGet, id, w)
}

// GetHD fetches a voice that was recorded with the JS-SDK in its better form: Speex at 16 kHz, where
// [Client.Get] gives AMR at 8 kHz. The id is the serverId of the JS-SDK's uploadVoice.
func (m *Client) GetHD(ctx context.Context, id wechat.MediaID, w io.Writer) (Content, error) {
	return m.fetch(ctx, pathGetHD, id, w)
}

func (m *Client) fetch(ctx context.Context, path string, id wechat.MediaID, w io.Writer) (Content, error) {
	if id == "" {
		return Content{}, wechat.Refuse("media: get", []wechat.Problem{{Field: "media_id", Rule: "required", Message: "no media id"}})
	}
	got, err := m.c.Download(ctx, wechat.Request{
		Method: http.MethodGet, Path: path, Query: url.Values{"media_id": {string(id)}}, Class: wechat.ClassRead,
	}, w)
	c := Content{Name: got.FileName, Type: got.ContentType, Bytes: got.Bytes}
	if err != nil || got.JSON == nil {
		return c, err
	}
	c.VideoURL, err = videoURL(got.JSON)
	return c, err
}

// videoURL reads the answer that a video has in place of content.
func videoURL(b []byte) (string, error) {
	var answer struct {
		VideoURL string `json:"video_url"`
	}
	err := json.Unmarshal(b, &answer)
	if err == nil && answer.VideoURL == "" {
		err = errors.New("neither a file nor a video_url")
	}
	if err != nil {
		return "", fmt.Errorf("media: get: %w: %w", wechat.ErrBadResponse, err)
	}
	return answer.VideoURL, nil
}
