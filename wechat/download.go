package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"unicode"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

// Download is what came back for a file.
type Download struct {
	// JSON is the answer where it was JSON instead of a file: a video's address for example.
	JSON []byte
	// ContentType and FileName are what the platform says of the file; either may be empty. FileName is one
	// element of a path and printable.
	ContentType, FileName string
	// Bytes is the length of the file.
	Bytes int64
}

// Download streams a file to w. Whether the answer is a file or JSON is told by its bytes, since the
// platform's headers do not: an error comes back as an [*Error], other JSON in Download.JSON with nothing
// written to w. A web page is neither and is refused. A download that fails halfway has written part of the
// file; it is repeated only as long as nothing was. It needs no more memory for a large file than for a small
// one.
func (c *Client) Download(ctx context.Context, r Request, w io.Writer) (Download, error) {
	k, err := c.beginLong(ctx, r)
	if err != nil {
		return Download{}, err
	}
	defer k.end()
	k.sink = &sink{w: w}
	err = k.run()
	return k.sink.got, err
}

type sink struct {
	w       io.Writer
	got     Download
	started bool
}

// Write counts, and remembers that something arrived.
func (s *sink) Write(p []byte) (int, error) {
	s.started = true
	n, err := s.w.Write(p)
	s.got.Bytes += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		err = &sinkError{err}
	}
	return n, err
}

// sinkError tells a failure of the caller's writer from one of the network.
type sinkError struct{ error }

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// receive reads a file, or the JSON that came in its place.
func (k *call) receive(resp *http.Response) {
	k.sink.got = Download{ContentType: resp.Header.Get("Content-Type")}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		k.sink.got.FileName = plainName(params["filename"])
	}
	first := make([]byte, 0, 512)
	var err error
	for len(first) < cap(first) && err == nil {
		var n int
		n, err = resp.Body.Read(first[len(first):cap(first)])
		first = first[:len(first)+n]
	}
	whole := io.MultiReader(bytes.NewReader(first), resp.Body)
	begin := bytes.TrimLeft(bytes.TrimPrefix(first, []byte("\xef\xbb\xbf")), " \r\n\t")
	switch {
	case err != nil && err != io.EOF:
		k.brokenOff(err)
	case len(first) == 0:
		k.unfit(nil, errors.New("empty answer"))
	case len(begin) > 0 && begin[0] == '{':
		k.receiveJSON(whole)
	case strings.HasPrefix(http.DetectContentType(first), "text/html"):
		k.unfit(first, errors.New("answer is a web page"))
	default:
		k.copy(whole)
	}
}

// receiveJSON takes an answer that begins like JSON. If it turns out to be none it is a file after all.
func (k *call) receiveJSON(body io.Reader) {
	data, err := k.read(body)
	if errors.Is(err, ErrResponseTooLarge) {
		k.copy(io.MultiReader(bytes.NewReader(k.buffer.Bytes()), body))
		return
	}
	if err != nil {
		k.brokenOff(err)
		return
	}
	envelope, fixed, err := wire.Scan(data)
	switch {
	case !wire.Valid(fixed):
		k.copy(bytes.NewReader(data))
	case err != nil:
		k.unfit(data, err)
	case envelope.Code != 0:
		k.settleCode(envelope, data)
	case envelope.Members == 0:
		k.unfit(data, errors.New("empty object"))
	default:
		k.sink.got.JSON = bytes.Clone(fixed)
	}
}

func (k *call) copy(body io.Reader) {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	_, err := io.CopyBuffer(k.sink, struct{ io.Reader }{body}, *buf) // a MultiReader brings a buffer of its own
	k.received = k.sink.got.Bytes
	switch e := err.(type) { //nolint:errorlint // io.CopyBuffer returns the writer's error as it is
	case nil:
	case *sinkError:
		k.err = &Error{Op: k.op(), HTTPStatus: k.status, cause: fmt.Errorf("writing the file: %w", clean(e.error, k.secrets()...))}
	default:
		k.brokenOff(err)
	}
}

// brokenOff judges an answer that ended before its end.
func (k *call) brokenOff(err error) {
	if k.ctx.Err() != nil {
		k.settleTransport(err)
		return
	}
	k.unfit(nil, clean(err, k.secrets()...))
}

// unfit judges an answer that is neither a file nor what the platform says instead of one.
func (k *call) unfit(body []byte, cause error) {
	k.bad(body, ErrBadResponse, cause)
	k.passing = true
}

// plainName keeps of a file's name what can name a file in any folder.
func plainName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, name)
	switch name = path.Base(strings.ReplaceAll(name, "\\", "/")); name {
	case ".", "..", "/":
		return ""
	}
	return name
}
