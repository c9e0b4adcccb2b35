package media

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// shipment is where a file is sent, and as what.
type shipment struct {
	op, path string
	class    wechat.Class
	use      Use
	kind     Kind
	nameless bool // the answer has a url and no media_id, and the path has no type parameter
}

// send judges a file, and sends it if no rule is broken.
func (m *Client) send(ctx context.Context, to shipment, f *File, opts []UploadOption) (Item, error) {
	if err := m.permit(ctx, to.path); err != nil {
		return Item{}, err
	}
	if !slices.Contains(uploadKinds, to.kind) {
		return Item{}, wechat.Refuse(to.op, []wechat.Problem{kindProblem(to.kind)})
	}
	info, err := m.judge(to.op, to.use, to.kind, f)
	if err != nil {
		return Item{}, err
	}
	var s sending
	for _, o := range opts {
		o(&s)
	}
	form, err := to.form(s)
	if err != nil {
		return Item{}, err
	}
	m.warn(ctx, to.use, to.kind, info)
	started, digest := time.Now(), new(sendDigest)
	u := wechat.Upload{
		Path: to.path, Class: to.class, Field: "media", Form: form,
		FileName: uploadName(f.name, info.Format), ContentType: info.Format.ContentType(),
		Size: f.size, Open: digest.opener(f),
	}
	if !to.nameless {
		u.Query = url.Values{"type": {string(to.kind)}}
	}
	if s.plain {
		u.Open = f.Open
	}
	if s.progress != nil {
		u.Progress = func(sent int64) { s.progress(sent, f.size) }
	}
	answer := uploadAnswer{nameless: to.nameless}
	if err := m.c.Upload(ctx, u, &answer); err != nil {
		return Item{}, err
	}
	item := Item{
		ID: answer.id(), Kind: to.kind, CreatedAt: started, Permanent: to.use != Upload, Name: f.name, URL: answer.URL,
		Format: info.Format, Bytes: f.size, Duration: info.Duration, SHA256: digest.String(),
	}
	if answer.CreatedAt > 0 {
		item.CreatedAt = time.Unix(int64(answer.CreatedAt), 0)
	}
	return item, nil
}

// uploadAnswer is what the platform says to an upload. For thumbs it has been seen to use a key of its own.
type uploadAnswer struct {
	MediaID      wechat.MediaID `json:"media_id"`
	ThumbMediaID wechat.MediaID `json:"thumb_media_id"`
	CreatedAt    wire.Int       `json:"created_at"`
	URL          string         `json:"url"`

	nameless bool
}

func (a *uploadAnswer) id() wechat.MediaID {
	if a.MediaID != "" {
		return a.MediaID
	}
	return a.ThumbMediaID
}

// Check refuses an answer that does not say where the file is.
func (a *uploadAnswer) Check() error {
	switch {
	case a.nameless && a.URL == "":
		return errors.New("no url")
	case !a.nameless && a.id() == "":
		return errors.New("no media_id")
	}
	return nil
}
