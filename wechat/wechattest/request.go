package wechattest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// request is a request that has been read to its end.
type request struct {
	method, host, path string
	query              url.Values
	body               []byte // as it was sent; empty for an upload
	chunked            bool   // sent without a Content-Length
	tooLong            bool   // more than maxBody; body is cut
	file               *upload
}

// maxBody is the greatest length of a JSON body that is read; ten thousand OpenIDs fit well.
const maxBody = 8 << 20

// requestOf is a request whose body has not been read.
func requestOf(r *http.Request) *request {
	in := &request{method: r.Method, host: r.Host, path: r.URL.Path, query: r.URL.Query(), chunked: r.ContentLength < 0}
	if in.method == "" {
		in.method = http.MethodGet
	}
	if in.host == "" {
		in.host = r.URL.Host
	}
	return in
}

// read reads a request's body to its end, as a server would, whatever comes of it. Only an error of the
// source itself is an error: what was sent can be as wrong as it likes. At most keep bytes of an uploaded
// file are kept.
func (in *request) read(source io.Reader, contentType string, keep int64) error {
	body := &watched{r: source}
	if boundary, ok := multipartBoundary(contentType); ok {
		in.file = readUpload(body, boundary, keep)
	} else {
		in.body, _ = io.ReadAll(io.LimitReader(body, maxBody))
	}
	rest, _ := io.Copy(io.Discard, body)
	in.tooLong = rest > 0 && len(in.body) == maxBody
	return body.err
}

// multipartBoundary takes the boundary out of a content type, if it is that of an upload.
func multipartBoundary(contentType string) (string, bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return "", false
	}
	return params["boundary"], params["boundary"] != ""
}

// watched remembers whether the source itself failed.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}
