package wechat

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

// Upload is a file on its way to the platform.
type Upload struct {
	// Path and Query say where to: "/cgi-bin/media/upload", type=image.
	Path  string
	Query url.Values
	// Class counts where the client does not know the path.
	Class Class
	// Field is the form field's name; empty means "media".
	Field string
	// FileName is what the platform is told: its last element, of which only ASCII letters, digits, dots,
	// dashes and underscores stay, since the platform refuses others, and at most 80 of them. "图片.png"
	// becomes "file.png".
	FileName string
	// ContentType of the file; empty means application/octet-stream.
	ContentType string
	// Size is the exact length of the file in bytes. A source that turns out longer or shorter ends the
	// upload with ErrSourceChanged.
	Size int64
	// Open opens the file from its start. It is called once for each attempt; a source that can be read once
	// only gives an error the second time, and the upload is then not repeated. What it gave is closed before
	// Upload returns, and when the context ends while a Read is under way: that should end the Read, as with
	// an [os.File].
	Open func() (io.ReadCloser, error)
	// Form is sent before the file.
	Form []FormField
	// Progress, where set, is told how many bytes of the file were sent, from the goroutine that sends.
	// It starts again from 0 with another attempt.
	Progress func(sent int64)
}

// FormField is a plain field of a form.
type FormField struct{ Name, Value string }

// Upload sends a file as a form, streaming, with its length announced (the platform refuses chunked
// bodies), and decodes the answer as [Client.Call] does. It needs no more memory for a large file than for
// a small one.
func (c *Client) Upload(ctx context.Context, u Upload, out any) error {
	f, err := newForm(u)
	if err != nil {
		return err
	}
	k, err := c.beginLong(ctx, Request{Method: http.MethodPost, Path: u.Path, Query: u.Query, Class: u.Class})
	if err != nil {
		return err
	}
	defer k.end()
	k.form, k.out, k.body = f, out, nil
	return k.run()
}

// beginLong begins a call that moves a file: it has the time of an upload, whatever its class.
func (c *Client) beginLong(ctx context.Context, r Request) (*call, error) {
	if _, given := ctx.Deadline(); given {
		return c.begin(ctx, r)
	}
	ctx, cancel := context.WithTimeout(ctx, ClassUpload.timeout())
	k, err := c.begin(ctx, r)
	if err != nil {
		cancel()
		return nil, err
	}
	k.given, k.cancel = false, cancel
	return k, nil
}

// form is an upload as it is announced: the same head, tail and length for each attempt.
type form struct {
	Upload
	head, tail  string
	length      int64
	contentType []string
}

func newForm(u Upload) (*form, error) {
	if err := Refuse("upload", u.problems()); err != nil {
		return nil, err
	}
	u.Field = cmp.Or(u.Field, "media")
	u.ContentType = cmp.Or(u.ContentType, "application/octet-stream")
	boundary := rand.Text()
	var head strings.Builder
	for _, f := range u.Form {
		fmt.Fprintf(&head, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary, f.Name, f.Value)
	}
	fmt.Fprintf(&head, "--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"; filelength=%d\r\nContent-Type: %s\r\n\r\n",
		boundary, u.Field, fileName(u.FileName), u.Size, u.ContentType)
	f := &form{Upload: u, head: head.String(), tail: "\r\n--" + boundary + "--\r\n"}
	f.length = int64(len(f.head)) + u.Size + int64(len(f.tail))
	f.contentType = []string{"multipart/form-data; boundary=" + boundary}
	return f, nil
}

// problems lists what is wrong with an upload before anything of it is read.
func (u Upload) problems() []Problem {
	var ps []Problem
	if u.Open == nil {
		ps = append(ps, Problem{Field: "open", Rule: "required", Message: "no source"})
	}
	if u.Size <= 0 {
		ps = append(ps, Problem{Field: "size", Rule: "required", Message: fmt.Sprintf("a file of %d bytes", u.Size)})
	}
	word := func(field, s string) {
		if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '"' || r == '\\' || r == utf8.RuneError }) {
			ps = append(ps, Problem{Field: field, Rule: "format", Message: "holds a quote, a backslash or a control character"})
		}
	}
	word("field", u.Field)
	word("content_type", u.ContentType)
	for i, f := range u.Form {
		at := fmt.Sprintf("form[%d]", i)
		if f.Name == "" {
			ps = append(ps, Problem{Field: at + ".name", Rule: "required", Message: "no name"})
		}
		word(at+".name", f.Name)
		if err := wire.CheckText([]byte(f.Value)); err != nil {
			ps = append(ps, Problem{Field: at + ".value", Rule: "encoding", Message: err.Error()})
		}
	}
	return ps
}

// fileName makes a name that the platform takes: ASCII, short, with its extension.
func fileName(name string) string {
	fit := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
				return r
			}
			return -1
		}, s)
	}
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	stem, ext := strings.TrimSuffix(name, path.Ext(name)), fit(path.Ext(name))
	stem = cmp.Or(strings.Trim(fit(stem), "."), "file")
	if ext == "." {
		ext = ""
	}
	return stem[:min(len(stem), 64)] + ext[:min(len(ext), 16)]
}
