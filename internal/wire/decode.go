package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Envelope is what every answer of the platform may say beside its payload.
type Envelope struct {
	// Code is errcode; HasCode tells whether there was one.
	Code    int
	HasCode bool
	// Members counts the members of the answer's object.
	Members int
	message []byte
}

// Message decodes errmsg.
func (e Envelope) Message() string {
	var s string
	if json.Unmarshal(e.message, &s) != nil {
		return ""
	}
	return s
}

// What an answer can be instead of one JSON object.
var (
	errEmpty     = errors.New("empty answer")
	errNotObject = errors.New("answer is no JSON object")
	errCut       = errors.New("answer is cut off")
	errTrailing  = errors.New("answer goes on after its end")
	errTwice     = errors.New("answer holds errcode twice")
	errCode      = errors.New("errcode is no number")
	errInt       = errors.New("no whole number of 64 bits")
)

// Scan reads the envelope of an answer in one pass and without allocating. It gives back the body without
// a byte order mark, with raw control characters in strings escaped so that encoding/json takes them. It
// checks what encoding/json lets pass: that there is one object, nothing behind it, and one errcode. An
// errcode other than 0 is believed only in an answer that is JSON throughout; of others, decoding what Scan
// gives back, or [Valid], has the last word.
func Scan(body []byte) (Envelope, []byte, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	body = bytes.Trim(body, " \t\r\n")
	var e Envelope
	switch {
	case len(body) == 0:
		return e, body, errEmpty
	case body[0] != '{':
		return e, body, errNotObject
	}
	s := scanner{b: body, i: 1}
	for {
		s.space()
		if s.peek() == '}' {
			break
		}
		key, err := s.text()
		if err != nil {
			return e, body, err
		}
		s.space()
		if s.peek() != ':' {
			return e, body, s.wrong()
		}
		s.i++
		s.space()
		value, err := s.value()
		if err != nil {
			return e, body, err
		}
		e.Members++
		if bytes.IndexByte(key, '\\') >= 0 {
			key = plain(key)
		}
		switch string(key) {
		case `"errcode"`:
			if e.HasCode {
				return e, body, errTwice
			}
			code, err := integer(value)
			if err != nil || code > math.MaxInt32 || code < math.MinInt32 {
				return e, body, errCode
			}
			e.Code, e.HasCode = int(code), true
		case `"errmsg"`:
			e.message = value
		}
		s.space()
		if s.peek() == ',' {
			s.i++
			s.space()
			if s.peek() == '}' {
				return e, body, errNotObject
			}
		} else if s.peek() != '}' {
			return e, body, s.wrong()
		}
	}
	if s.i+1 != len(body) {
		return e, body, errTrailing
	}
	if s.control {
		body = escapeControls(body)
		e.message = escapeControls(e.message)
	}
	if e.Code != 0 && !json.Valid(body) {
		return Envelope{}, body, errNotObject
	}
	return e, body, nil
}

// plain writes a key without its escapes, as another spelling of it would be.
func plain(key []byte) []byte {
	var s string
	if json.Unmarshal(escapeControls(key), &s) != nil {
		return key
	}
	return []byte(`"` + s + `"`)
}

// Unmarshal decodes a body that Scan has seen.
func Unmarshal(body []byte, out any) error { return json.Unmarshal(body, out) }

// Valid reports whether a body that Scan has seen is JSON throughout.
func Valid(body []byte) bool { return json.Valid(body) }

// scanner walks JSON without judging more than it must: brackets, strings, ends.
type scanner struct {
	b       []byte
	i       int
	control bool // a string holds a raw control character
}

func (s *scanner) peek() byte {
	if s.i >= len(s.b) {
		return 0
	}
	return s.b[s.i]
}

func (s *scanner) wrong() error {
	if s.i >= len(s.b) {
		return errCut
	}
	return errNotObject
}

func (s *scanner) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\n' || s.b[s.i] == '\r' || s.b[s.i] == '\t') {
		s.i++
	}
}

func (s *scanner) text() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.wrong()
	}
	start := s.i
	for s.i++; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[start:s.i], nil
		case c == '\\':
			s.i++
		case c < 0x20:
			s.control = true
		}
	}
	return nil, errCut
}

func (s *scanner) value() ([]byte, error) {
	start, depth := s.i, 0
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case '"':
			if _, err := s.text(); err != nil {
				return nil, err
			}
			if depth == 0 {
				return s.b[start:s.i], nil
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return s.scalar(start)
			}
			if depth--; depth == 0 {
				s.i++
				return s.b[start:s.i], nil
			}
		case ',', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return s.scalar(start)
			}
		}
		s.i++
	}
	return nil, errCut
}

func (s *scanner) scalar(start int) ([]byte, error) {
	if s.i == start {
		return nil, errNotObject
	}
	return s.b[start:s.i], nil
}

// escapeControls writes raw control characters inside strings as JSON demands.
func escapeControls(b []byte) []byte {
	out := make([]byte, 0, len(b)+16)
	inside := false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '"':
			inside = !inside
		case inside && c == '\\' && i+1 < len(b):
			out = append(out, c)
			i++
			c = b[i]
		case inside && c < 0x20:
			out = fmt.Appendf(out, `\u%04x`, c)
			continue
		}
		out = append(out, c)
	}
	return out
}

// integer reads a JSON number or a string of one, as long as it is whole.
func integer(b []byte) (int64, error) {
	if len(b) >= 2 && b[0] == '"' && b[len(b)-1] == '"' {
		b = b[1 : len(b)-1]
	}
	if len(b) == 0 || b[0] == '+' || len(bytes.Trim(b, "0123456789+-.eE")) > 0 {
		return 0, errCode
	}
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, errCode
	}
	return int64(f), nil
}

// Int is an integer that the platform sends as a number in one answer and as a string in the next.
type Int int64

// UnmarshalJSON takes a whole number, or a string of one.
func (n *Int) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	v, err := integer(b)
	if err != nil {
		return errInt // does not say what it was: it could be anything, a token as well
	}
	*n = Int(v)
	return nil
}
