package wechattest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// answer is what the platform answers, before anything goes wrong on its way.
type answer struct {
	status int
	header http.Header
	body   []byte

	// repeat is how often body is sent; huge bodies are one block sent many times.
	repeat int64
	// cut is how many bytes really arrive of the length that the head announces; negative: all.
	cut int64
	// drip is the time between two bytes; 0: all at once.
	drip time.Duration
}

// jsonType is the content type of JSON answers, as the platform spells it.
const jsonType = "application/json; encoding=utf-8"

func newAnswer(status int, contentType string, body []byte) answer {
	return answer{status: status, header: http.Header{"Content-Type": {contentType}}, body: body, repeat: 1, cut: -1}
}

// jsonAnswer encodes v as the platform does: raw UTF-8, nothing escaped for HTML.
func jsonAnswer(v any) answer {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("wechattest: answer: " + err.Error()) // our own types always encode
	}
	return newAnswer(http.StatusOK, jsonType, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// page is an answer that is meant for people: an error page, a captive portal.
func page(status int, title string) answer {
	html := "<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>"
	return newAnswer(status, "text/html", []byte(html))
}

// length is the length that the head announces.
func (a answer) length() int64 { return int64(len(a.body)) * a.repeat }

// head completes the header as it goes out.
func (a answer) head(at time.Time) http.Header {
	h := a.header.Clone()
	h.Set("Content-Length", strconv.FormatInt(a.length(), 10))
	h.Set("Date", at.UTC().Format(http.TimeFormat))
	return h
}

// content reads what really arrives of the body.
func (a answer) content() io.Reader {
	var r io.Reader = bytes.NewReader(a.body)
	if a.repeat > 1 {
		r = &repeated{block: a.body, left: a.length()}
	}
	if a.cut >= 0 {
		r = io.LimitReader(r, a.cut)
	}
	return r
}

// repeated reads the same block again and again.
type repeated struct {
	block []byte
	left  int64
	at    int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), r.left)], r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	r.left -= int64(n)
	return n, nil
}
