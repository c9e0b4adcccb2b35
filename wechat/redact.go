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
	struck := text
	if strings.Contains(text, "://") {
		struck = urls.ReplaceAllString(text, "[url]")
	}
	struck = strike(struck, secrets...)
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
	text = strikeNamed(text)
	if hides(text, secrets) {
		return redacted
	}
	return text
}

// secretNames are how the names of what is secret end, in queries and in JSON.
var secretNames = []string{"token", "secret", "ticket", "session_key"}

// strikeNamed replaces the values of what is secret by its name: name=value in a query, "name":"value" in
// JSON, also in JSON inside a string.
func strikeNamed(text string) string {
	var out strings.Builder
	done := 0
	for at := 0; ; {
		i := strings.IndexAny(text[at:], "=:")
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		if !namesSecret(text[:i], text[i] == ':') {
			continue
		}
		value := text[at:]
		if text[i] == ':' {
			value = strings.TrimPrefix(strings.TrimLeft(strings.TrimLeft(value, " \t\r\n"), `\`), `"`)
		}
		at = len(text) - len(value)
		n := strings.IndexAny(value, "\"'\\&<>#,} \t\r\n")
		if n < 0 {
			n = len(value)
		}
		if n > 0 {
			out.WriteString(text[done:at])
			out.WriteString(redacted)
			at += n
			done = at
		}
	}
	return out.String() + text[done:]
}

// namesSecret reports whether a text ends with the name of something secret: quoted where it is JSON.
func namesSecret(text string, quoted bool) bool {
	if quoted {
		name := strings.TrimRight(text, " \t\r\n")
		text = strings.TrimRight(name, `\"`)
		if len(text) == len(name) {
			return false
		}
	}
	return slices.ContainsFunc(secretNames, func(s string) bool {
		return len(text) >= len(s) && strings.EqualFold(text[len(text)-len(s):], s)
	})
}

// hides reports whether a text holds a secret once its URL escapes, and the escapes of these, are undone.
func hides(text string, secrets []string) bool {
	for range 3 {
		plain := unescape(text)
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

// unescape undoes the URL escapes of a text, and leaves alone what is none.
func unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if b, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				out = append(out, b...)
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return string(out)
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
