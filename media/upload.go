package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// pathUpload takes temporary material; its documentation is temporaryPage.
const pathUpload = "/cgi-bin/media/upload"

// UploadOption changes one upload.
type UploadOption func(*sending)

// sending is what an upload was asked for besides the file.
type sending struct {
	progress func(sent, total int64)
	plain    bool // without a digest
	about    *description
}

// WithProgress has f told how many bytes of the file were sent, of how many, from the goroutine that sends
// them. It starts over from 0 if the upload is repeated.
func WithProgress(f func(sent, total int64)) UploadOption {
	return func(s *sending) { s.progress = f }
}

// WithoutDigest leaves out [Item.SHA256], which takes some 6 ms for 10 MB: nothing over a network, a good part
// of an upload within a machine.
func WithoutDigest() UploadOption {
	return func(s *sending) { s.plain = true }
}

// Upload puts a file into temporary material as an image, voice, video or thumb, and gives the item, which
// lives for 72 hours; see [Item.ExpiresAt].
//
// The file is judged first ([Client.Validate], use [Upload]); one that breaks a rule is refused with an
// [*wechat.InputError] before a token is fetched or anything is sent. Then it is streamed: memory does not
// grow with the file. If the connection breaks, the file is opened again and sent again. A file that
// changes on the way is [wechat.ErrSourceChanged]. The name that the platform sees is ASCII and has the
// ending of the content, whatever the file is called. What [Rules.Warn] finds goes to the client's logger.
func (m *Client) Upload(ctx context.Context, k Kind, f *File, opts ...UploadOption) (Item, error) {
	return m.send(ctx, shipment{op: "media: upload", path: pathUpload, class: wechat.ClassUpload, use: Upload, kind: k}, f, opts)
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
