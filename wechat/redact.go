package wechat

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxAnswer is how much of a failed answer an Error keeps.
const maxAnswer = 64 << 10

// cleanError is somebody else's error without the URLs and secrets that net/http, net/url and others put
// into theirs.
type cleanError struct {
	text    string
	timeout bool
	inner   error // nil where the inner error could lead to a secret
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.inner }

// Timeout reports whether it was a timeout, as net.Error does.
func (e *cleanError) Timeout() bool { return e.timeout }

// Is keeps telling a timeout where the inner error had to go.
func (e *cleanError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded && e.timeout
}

// urls finds absolute URLs, whatever their scheme.
var urls = regexp.MustCompile(`[A-Za-z][0-9A-Za-z+.-]*://[^\s"'<>]*`)

// clean turns an error that did not come from this package into one that names no URL and no secret. The
// inner error stays reachable where it names none either; of others it stays known whether the context ended.
func clean(err error, secrets ...string) error {
	var timeout bool
	for {
		u, ok := err.(*url.Error) //nolint:errorlint // unwrapped one by one, so that none stays
		if !ok {
			break
		}
		timeout = timeout || u.Timeout()
		if err = u.Err; err == nil {
			err = errors.New("no reason given")
		}
	}
	text := err.Error()
	struck := strike(urls.ReplaceAllString(text, "[url]"), secrets...)
	if _, deep := errors.AsType[*url.Error](err); struck == text && !deep {
		return &cleanError{text: printable(text, maxText), timeout: timeout, inner: err}
	}
	var inner error
	for _, known := range []error{context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, known) {
			inner = known
		}
	}
	return &cleanError{text: printable(struck, maxText), timeout: timeout, inner: inner}
}

// named finds the values of what is secret by its name, in queries and in JSON, also in JSON inside a string.
var named = regexp.MustCompile(`(?i)(\b[a-z_]*(?:token|secret|ticket|session_key)(?:=|\\*"\s*:\s*(?:\\*")?))[^"'\\&\s<>#,}]+`)

// strike replaces secrets, as they are and as URLs and JSON have them, and whatever stands where a token or
// a secret does. A text that hides one in yet another escape goes as a whole.
func strike(text string, secrets ...string) string {
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return len(s) < 4 })
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // one may hold another
	for _, s := range secrets {
		inJSON, _ := json.Marshal(s)
		for _, shape := range []string{s, url.QueryEscape(s), url.PathEscape(s), strings.Trim(string(inJSON), `"`), strings.Trim(strconv.Quote(s), `"`)} {
			text = strings.ReplaceAll(text, shape, redacted)
		}
	}
	text = named.ReplaceAllString(text, "${1}"+redacted)
	if hides(text, secrets) {
		return redacted
	}
	return text
}

var escaped = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// hides reports whether a text holds a secret once its URL escapes, and the escapes of these, are undone.
func hides(text string, secrets []string) bool {
	for range 3 {
		plain := escaped.ReplaceAllStringFunc(text, func(e string) string {
			b, _ := hex.DecodeString(e[1:])
			return string(b)
		})
		if plain == text {
			return false
		}
		text = plain
		for _, s := range secrets {
			if strings.Contains(text, s) || strings.Contains(strings.ReplaceAll(text, "+", " "), s) {
				return true
			}
		}
	}
	return false
}

// keepAnswer gives what an Error keeps of an answer: its head, without secrets. They are struck before it is
// cut, and what the first cut may have halved is left out.
func keepAnswer(body []byte, secrets ...string) []byte {
	const margin = 8 << 10 // longer than any secret
	if len(body) == 0 {
		return nil
	}
	text := strike(string(body[:min(len(body), maxAnswer+margin)]), secrets...)
	if len(body) > maxAnswer+margin {
		text = text[:max(0, len(text)-margin)]
	}
	return []byte(text[:min(len(text), maxAnswer)])
}
