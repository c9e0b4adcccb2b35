// Package wire is the one place where this module meets JSON. It writes what the platform accepts (raw
// UTF-8, no escapes) and reads what the platform really sends (byte order marks, raw control characters,
// numbers as strings), and refuses what neither side should have said.
package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// TextError says where an outgoing text holds something that must not be sent, and what.
type TextError struct {
	// Offset is the position in the text: for Encode, in the encoded body.
	Offset int
	// Reason says what stands there.
	Reason string
}

// Error gives the reason and the position.
func (e *TextError) Error() string {
	return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset)
}

type encoder struct {
	buf bytes.Buffer
	enc *json.Encoder
}

var encoders = sync.Pool{New: func() any {
	e := new(encoder)
	e.enc = json.NewEncoder(&e.buf)
	e.enc.SetEscapeHTML(false)
	return e
}}

// Encode gives v as JSON in raw UTF-8: no \u escapes, no HTML escapes. Invalid UTF-8, noncharacters and
// control characters other than tab, line feed and carriage return are a [*TextError], never replaced.
func Encode(v any) ([]byte, error) {
	e := encoders.Get().(*encoder)
	defer func() {
		if e.buf.Cap() <= 1<<16 {
			encoders.Put(e)
		}
	}()
	e.buf.Reset()
	if err := e.enc.Encode(v); err != nil {
		return nil, err
	}
	return raw(bytes.TrimSuffix(e.buf.Bytes(), []byte("\n")))
}

// raw copies JSON with its \u escapes written out. encoding/json escapes what it replaced (\ufffd), the
// two separators that JavaScript dislikes, and control characters; a RawMessage may hold any.
func raw(b []byte) ([]byte, error) {
	out := make([]byte, 0, len(b))
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i+1 >= len(b) {
			break
		}
		out = append(out, b[:i]...)
		r, n := rune(b[i+1]), 2
		switch r {
		case 'u':
			r, n = unescape(b[i:])
		case 'b':
			r = '\b'
		case 'f':
			r = '\f'
		default: // stays as it is
			out = append(out, b[i], b[i+1])
			b = b[i+2:]
			continue
		}
		if reason := unfit(r, 1); reason != "" {
			return nil, &TextError{len(out), reason}
		}
		if short := strings.IndexRune("\"\\\n\r\t", r); short >= 0 {
			out = append(out, '\\', `"\nrt`[short])
		} else {
			out = utf8.AppendRune(out, r)
		}
		b = b[i+n:]
	}
	out = append(out, b...)
	if err := CheckText(out); err != nil {
		return nil, err
	}
	return out, nil
}

// CheckText gives a [*TextError] for text that must not be sent: it is no UTF-8, or holds noncharacters or
// control characters other than tab, line feed and carriage return.
func CheckText(b []byte) error {
	for i := 0; i < len(b); {
		if ' ' <= b[i] && b[i] <= '~' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if reason := unfit(r, n); reason != "" {
			return &TextError{i, reason}
		}
		i += n
	}
	return nil
}

// unfit says why a character must not be sent. Its size tells a U+FFFD that stands in the text from one that
// stands for what could not be decoded.
func unfit(r rune, size int) string {
	switch {
	case r == utf8.RuneError && size <= 1:
		return "invalid UTF-8"
	case r == '\t' || r == '\n' || r == '\r':
		return ""
	case unicode.IsControl(r):
		return fmt.Sprintf("control character %U", r)
	case unicode.Is(unicode.Noncharacter_Code_Point, r):
		return fmt.Sprintf("noncharacter %U", r)
	}
	return ""
}

// unescape decodes \uXXXX at the head of b, or a pair of surrogates, and says how long it was.
func unescape(b []byte) (rune, int) {
	r := hex4(b)
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if both := utf16.DecodeRune(r, hex4(b[6:])); both != utf8.RuneError {
			return both, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(b []byte) rune {
	if len(b) < 6 {
		return utf8.RuneError
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return utf8.RuneError
		}
		r = r<<4 | rune(c)
	}
	return r
}
