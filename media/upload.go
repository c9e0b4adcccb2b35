package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// pathUpload takes temporary material; its documentation is temporaryPage.
const pathUpload = "/cgi-bin/media/upload"

// UploadOption changes one upload.
type UploadOption func(*wechat.Upload)

// WithProgress has f told how many bytes of the file were sent, of how many, from the goroutine that sends
// them. It starts over from 0 if the upload is repeated.
func WithProgress(f func(sent, total int64)) UploadOption {
	return func(u *wechat.Upload) {
		total := u.Size
		u.Progress = func(sent int64) { f(sent, total) }
	}
}

// Upload puts a file into temporary material as an image, voice, video or thumb, and gives the item, which
// lives for 72 hours; see [Item.ExpiresAt].
//
// The file is judged first ([Client.Validate], use [Upload]); one that breaks a rule is refused with an
// [*wechat.InputError] before a token is fetched or anything is sent. Then it is streamed: memory does not
// grow with the file. If the connection breaks, the file is opened again and sent again. A file that
// changes on the way is [wechat.ErrSourceChanged]. The name that the platform sees is ASCII and has the
// ending of the content, whatever the file is called.
func (m *Client) Upload(ctx context.Context, k Kind, f *File, opts ...UploadOption) (Item, error) {
	if err := m.permit(ctx, pathUpload); err != nil {
		return Item{}, err
	}
	info, err := m.judge("media: upload", Upload, k, f)
	if err != nil {
		return Item{}, err
	}
	started := time.Now()
	digest := new(sendDigest)
	u := wechat.Upload{
		Path: pathUpload, Query: url.Values{"type": {string(k)}}, Class: wechat.ClassUpload, Field: "media",
		FileName: uploadName(f.name, info.Format), ContentType: info.Format.ContentType(),
		Size: f.size, Open: digest.opener(f),
	}
	for _, o := range opts {
		o(&u)
	}
	var answer uploadAnswer
	if err := m.c.Upload(ctx, u, &answer); err != nil {
		return Item{}, err
	}
	item := Item{
		ID: answer.id(), Kind: k, CreatedAt: started, Name: f.name,
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
}

func (a *uploadAnswer) id() wechat.MediaID {
	if a.MediaID != "" {
		return a.MediaID
	}
	return a.ThumbMediaID
}

// Check refuses an answer without an id.
func (a *uploadAnswer) Check() error {
	if a.id() == "" {
		return errors.New("no media_id")
	}
	return nil
}

// sendDigest takes the digest of a file while it is sent. Only a file that was read to its end has one.
type sendDigest struct{ sum atomic.Pointer[string] }

func (d *sendDigest) String() string {
	if sum := d.sum.Load(); sum != nil {
		return *sum
	}
	return ""
}

// opener opens f for one attempt, from which the digest is then taken.
func (d *sendDigest) opener(f *File) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		return &hashing{ReadCloser: r, hash: sha256.New(), digest: d}, nil
	}
}

type hashing struct {
	io.ReadCloser
	hash   hash.Hash
	digest *sendDigest
}

// Read passes on what it reads and hashes it.
func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	_, _ = h.hash.Write(p[:n])
	if errors.Is(err, io.EOF) {
		h.digest.sum.Store(new(hex.EncodeToString(h.hash.Sum(nil))))
	}
	return n, err
}

// uploadName is a name with the ending of the content, as the platform goes by endings.
func uploadName(name string, f Format) string {
	facts, ext := f.facts(), filepath.Ext(name)
	lower := strings.ToLower(ext)
	if facts.ext == "" || lower == facts.ext {
		return name
	}
	if slices.Contains(allExtensions(), lower) {
		name = strings.TrimSuffix(name, ext)
	}
	return name + facts.ext
}

// allExtensions are the endings of all formats that can be uploaded.
func allExtensions() []string {
	var all []string
	for _, f := range formats {
		if f.ext != "" {
			all = append(append(all, f.ext), f.more...)
		}
	}
	return all
}

// quote makes a name fit to stand in an error.
func quote(name string) string { return strconv.Quote(strings.ToValidUTF8(name, "?")) }
