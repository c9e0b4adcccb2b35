package wechattest

import (
	"crypto/sha256"
	"io"
	"mime/multipart"
)

// upload is the file in a multipart request.
type upload struct {
	field, name, contentType string
	size                     int64
	sum                      [sha256.Size]byte
	content                  []byte // up to what is kept
	whole                    bool   // content is all of it
}

// headLength is how many bytes are kept of every upload, to tell what it is.
const headLength = 64

// readUpload reads the first file of a multipart body, and nil if there is none. It keeps at most keep
// bytes of its content; the size and the sum are those of the whole.
func readUpload(body io.Reader, boundary string, keep int64) *upload {
	parts := multipart.NewReader(body, boundary)
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return nil
		}
		if part.FileName() == "" {
			continue
		}
		u := &upload{field: part.FormName(), name: part.FileName(), contentType: part.Header.Get("Content-Type")}
		sum := sha256.New()
		seen := &countedReader{r: io.TeeReader(part, sum)}
		u.content, err = io.ReadAll(io.LimitReader(seen, max(keep, headLength)))
		if err == nil {
			_, err = io.Copy(io.Discard, seen)
		}
		if err != nil {
			return nil // cut off before its closing boundary
		}
		u.size, u.whole = seen.n, seen.n == int64(len(u.content))
		sum.Sum(u.sum[:0])
		return u
	}
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
