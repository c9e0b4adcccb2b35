package wechat

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

// Download is what came back for a file.
type Download struct {
	// JSON is the answer where it was JSON instead of a file: a video's address for example.
	JSON []byte
	// ContentType and FileName are what the platform says of the file; either may be empty.
	ContentType, FileName string
	// Bytes is the length of the file.
	Bytes int64
}

// Download streams a file to w. Whether the answer is a file or JSON is told by its bytes, since the
// platform's headers do not: an error comes back as an [*Error], other JSON in Download.JSON with nothing
// written to w. A download that fails halfway has written part of the file; it is repeated only as long as
// nothing was.
func (c *Client) Download(ctx context.Context, r Request, w io.Writer) (Download, error) {
	given := ctx
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		given, cancel = context.WithTimeout(ctx, ClassUpload.timeout())
		defer cancel()
	}
	k, err := c.begin(given, r)
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
	if err != nil {
		err = &sinkError{err}
	}
	return n, err
}

// sinkError tells a failure of the caller's writer from one of the network.
type sinkError struct{ error }

func (e *sinkError) Unwrap() error { return e.error }

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// receive reads a file, or the JSON that came in its place.
func (k *call) receive(resp *http.Response) {
	k.sink.got = Download{ContentType: resp.Header.Get("Content-Type")}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		k.sink.got.FileName = params["filename"]
	}
	var first [64]byte
	n, err := io.ReadFull(resp.Body, first[:])
	head := bytes.TrimLeft(bytes.TrimPrefix(first[:n], []byte("\xef\xbb\xbf")), " \r\n\t")
	switch {
	case n == 0 && err == io.EOF:
		k.bad(nil, ErrBadResponse, fmt.Errorf("empty answer"))
		k.passing = true
		return
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		k.bad(nil, ErrBadResponse, clean(err, k.secrets()...))
		k.passing = true
		return
	case len(head) > 0 && head[0] == '{':
		k.receiveJSON(io.MultiReader(bytes.NewReader(first[:n]), resp.Body))
	default:
		k.copy(io.MultiReader(bytes.NewReader(first[:n]), resp.Body))
	}
}

// receiveJSON takes an answer that begins like JSON. If it turns out to be none it is a file after all.
func (k *call) receiveJSON(body io.Reader) {
	data, err := k.read(body)
	if err == nil {
		if envelope, fixed, err := wire.Scan(data); err == nil && wire.Valid(fixed) {
			if envelope.Code != 0 {
				k.settleCode(envelope, data)
			} else {
				k.sink.got.JSON = bytes.Clone(fixed)
			}
			return
		}
	}
	k.copy(io.MultiReader(bytes.NewReader(k.buffer.Bytes()), body))
}

func (k *call) copy(body io.Reader) {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	_, err := io.CopyBuffer(k.sink, body, *buf)
	k.received = k.sink.got.Bytes
	switch e := err.(type) { //nolint:errorlint // io.CopyBuffer returns the writer's error as it is
	case nil:
	case *sinkError:
		k.err = &Error{Op: k.op(), HTTPStatus: k.status, cause: fmt.Errorf("writing the file: %w", e.error)}
	default:
		k.bad(nil, ErrBadResponse, clean(err, k.secrets()...))
		k.passing = true
	}
}
