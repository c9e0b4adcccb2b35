package wechattest

import (
	"crypto/sha256"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
)

// upload is the file in a multipart request.
type upload struct {
	field, name, contentType string
	size                     int64
	sum                      [sha256.Size]byte
	content                  []byte // up to what is kept
	whole                    bool   // content is all of it
	form                     url.Values
}

// headLength is how many bytes are kept of every upload, to tell what it is.
const headLength = 64

// maxField is how much of a plain field of a form is read.
const maxField = 64 << 10

// readUpload reads the first file of a multipart body and its plain fields, and nil if there is no file. It
// keeps at most keep bytes of its content; the size and the sum are those of the whole.
func readUpload(body io.Reader, boundary string, keep int64) *upload {
	var file *upload
	form := url.Values{}
	for parts := multipart.NewReader(body, boundary); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) && file != nil {
			file.form = form
			return file
		}
		if err != nil {
			return nil // cut off before its closing boundary, or without a file
		}
		switch {
		case part.FileName() == "":
			var value []byte
			value, err = io.ReadAll(io.LimitReader(part, maxField))
			form.Add(part.FormName(), string(value))
		case file == nil:
			file, err = readFile(part, keep)
		}
		if err != nil {
			return nil
		}
	}
}

// readFile reads the part that holds the file.
func readFile(part *multipart.Part, keep int64) (*upload, error) {
	u := &upload{field: part.FormName(), name: part.FileName(), contentType: part.Header.Get("Content-Type")}
	sum := sha256.New()
	seen := &countedReader{r: io.TeeReader(part, sum)}
	var err error
	if u.content, err = io.ReadAll(io.LimitReader(seen, max(keep, headLength))); err != nil {
		return nil, err
	}
	if _, err = io.Copy(io.Discard, seen); err != nil {
		return nil, err
	}
	u.size, u.whole = seen.n, seen.n == int64(len(u.content))
	sum.Sum(u.sum[:0])
	return u, nil
}

// countedReader counts what is read through it.
type countedReader struct {
	r io.Reader
	n int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
