package wechat

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"
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
	// FileName is what the platform is told. What is not ASCII letters, digits, dot, dash or underscore
	// is replaced, since the platform refuses it; the extension stays.
	FileName string
	// ContentType of the file; empty means application/octet-stream.
	ContentType string
	// Size is the exact length of the file in bytes. A source that turns out longer or shorter ends the
	// upload with ErrSourceChanged.
	Size int64
	// Open opens the file from its start. It is called once for each attempt; a source that can be read
	// once only gives an error the second time, and the upload is then not repeated.
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
	class := u.Class
	if op, known := operations[u.Path]; known {
		class = op.Class
	}
	var cancel context.CancelFunc
	given := ctx
	if _, ok := ctx.Deadline(); !ok {
		given, cancel = context.WithTimeout(ctx, ClassUpload.timeout())
		defer cancel()
	}
	k, err := c.begin(given, Request{Method: http.MethodPost, Path: u.Path, Query: u.Query, Class: class})
	if err != nil {
		return err
	}
	defer k.end()
	k.form, k.out, k.body = f, out, nil
	return k.run()
}

// form is an upload as it is announced: the same head, tail and length for each attempt.
type form struct {
	Upload
	head, tail  string
	length      int64
	contentType []string
}

func newForm(u Upload) (*form, error) {
	var problems []Problem
	if u.Open == nil {
		problems = append(problems, Problem{Field: "open", Rule: "required", Message: "no source"})
	}
	if u.Size <= 0 {
		problems = append(problems, Problem{Field: "size", Rule: "required", Message: fmt.Sprintf("a file of %d bytes", u.Size)})
	}
	for _, f := range append([]FormField{{Name: u.Field}, {Name: u.ContentType}}, u.Form...) {
		if strings.ContainsAny(f.Name, "\r\n\"\\") {
			problems = append(problems, Problem{Field: "form", Rule: "format", Message: "a name holds a quote or a line break"})
		}
	}
	if err := Refuse("upload", problems); err != nil {
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

// fileName makes a name that the platform takes: ASCII, short, with its extension.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	ext := path.Ext(name)
	ascii := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
				return r
			}
			return -1
		}, s)
	}
	stem := strings.Trim(ascii(strings.TrimSuffix(name, ext)), ".")
	if stem == "" {
		stem = "file"
	}
	return stem[:min(len(stem), 64)] + ascii(ext)[:min(len(ascii(ext)), 16)]
}

// body opens the source for one attempt.
func (f *form) body() (*uploadBody, error) {
	file, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("upload source: %w", err)
	}
	return &uploadBody{form: f, file: file}, nil
}

// uploadBody is a form as one request's body: head, file, tail. A request that failed may go on reading
// its own for a while, so no two share one.
type uploadBody struct {
	*form
	sent atomic.Int64 // of the file

	mu   sync.Mutex
	file io.ReadCloser
	at   int64 // of the whole body
	err  error // what went wrong with the source
}

// Read gives the next piece. The source is checked against its announced length at the end of the file,
// before the tail is let out.
func (b *uploadBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	if b.file == nil {
		return 0, errors.New("upload closed")
	}
	head, end := int64(len(b.head)), int64(len(b.head))+b.Size
	var n int
	switch {
	case b.at < head:
		n = copy(p, b.head[b.at:])
	case b.at < end:
		m, err := b.file.Read(p[:min(int64(len(p)), end-b.at)])
		n = m
		switch {
		case b.at+int64(n) == end:
			if b.err = b.longer(); b.err != nil {
				return 0, b.err
			}
		case errors.Is(err, io.EOF):
			b.err = fmt.Errorf("%d bytes were announced and the source ended after %d", b.Size, b.at+int64(n)-head)
			return 0, b.err
		case err != nil:
			b.err = err
			return 0, err
		}
		b.sent.Add(int64(n))
		if b.Progress != nil && n > 0 {
			b.Progress(b.sent.Load())
		}
	case b.at < b.length:
		n = copy(p, b.tail[b.at-end:])
	default:
		return 0, io.EOF
	}
	b.at += int64(n)
	return n, nil
}

// longer reports a source that goes on after its announced length.
func (b *uploadBody) longer() error {
	var one [1]byte
	for range 100 {
		n, err := b.file.Read(one[:])
		if n > 0 {
			return fmt.Errorf("%d bytes were announced and the source goes on", b.Size)
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
	return io.ErrNoProgress
}

// Close closes the source. net/http may call it while a Read is under way.
func (b *uploadBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	err := b.file.Close()
	b.file = nil
	return err
}

// failure is what went wrong with the source, if anything.
func (b *uploadBody) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}
