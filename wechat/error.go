package wechat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/seed-a9908ced/wechat-go/internal/errcode"
)

// Error is a call that did not succeed. It unwraps to one or more kinds ([ErrQuota], [ErrIPNotAllowed] …)
// and to what ended it, the context's error for example, so errors.Is tells what happened and
// errors.AsType[*wechat.Error] gives the details. Nothing in it is secret.
type Error struct {
	// Op is the operation: "POST /cgi-bin/menu/create".
	Op string
	// Code is the platform's errcode, and 0 where it gave none.
	Code int
	// Message is the platform's errmsg without its rid.
	Message string
	// RID is the platform's request id, by which Client.RequestInfo and WeChat's support find the call.
	RID string
	// HTTPStatus is the answer's status, and 0 where there was none.
	HTTPStatus int
	// Answer is the answer's body as it came, at most 64 KiB, with secrets struck out.
	Answer []byte

	kinds   []error
	cause   error
	retryAt time.Time
	ip      netip.Addr
}

// maxAnswer is how much of a failed answer an Error keeps.
const maxAnswer = 64 << 10

// Error says on one line what was asked, what came, what it means, who can mend it and when to try again.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Code != 0 {
		fmt.Fprintf(&b, ": errcode %d", e.Code)
		if e.Message != "" {
			b.WriteString(": " + e.Message)
		}
	}
	for _, kind := range e.kinds {
		if e.Code == 0 || errors.Is(kind, ErrOutcomeUnknown) {
			b.WriteString(": " + kind.Error())
		}
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	if e.HTTPStatus != 0 && e.HTTPStatus != http.StatusOK {
		fmt.Fprintf(&b, " (HTTP status %d)", e.HTTPStatus)
	}
	if hint := e.Hint(); hint != "" {
		b.WriteString("; " + hint)
	}
	if e.RID != "" {
		b.WriteString(" [rid " + e.RID + "]")
	}
	return b.String()
}

// Unwrap gives the kinds and the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return e.kinds
	}
	return append(e.kinds[:len(e.kinds):len(e.kinds)], e.cause)
}

// RetryAt says when it makes sense to try again, and is zero where that is not known or never.
func (e *Error) RetryAt() time.Time { return e.retryAt }

// IP is the address that the platform saw and did not find on the whitelist; it is invalid where the
// platform named none.
func (e *Error) IP() netip.Addr { return e.ip }

// Hint explains the errcode in a sentence: what it means, who can mend it, when to try again. It is empty
// where nothing is known.
func (e *Error) Hint() string {
	var parts []string
	if entry, ok := errcode.Lookup(e.Code); ok {
		parts = append(parts, entry.Cause)
		if who := fixers[entry.Fixer]; who != "" {
			parts = append(parts, who)
		}
	}
	if e.ip.IsValid() {
		parts = append(parts, "add "+e.ip.String()+" to the IP whitelist and allow it some ten minutes")
	}
	if !e.retryAt.IsZero() {
		parts = append(parts, "try again at "+e.retryAt.In(platformZone).Format("2006-01-02 15:04:05 -07:00"))
	}
	return strings.Join(parts, "; ")
}

var fixers = map[errcode.Fixer]string{
	errcode.Admin:    "the account's administrator can mend it in the console",
	errcode.Follower: "it is up to the follower",
	errcode.WeChat:   "it is up to the platform",
}

// platformZone is the platform's clock, by which quotas renew: UTC+8 without daylight saving.
var platformZone = time.FixedZone("UTC+8", 8*60*60)

var kindOf = map[errcode.Kind]error{
	errcode.Credentials: ErrCredentials,
	errcode.Token:       ErrTokenRejected,
	errcode.IP:          ErrIPNotAllowed,
	errcode.Rate:        ErrRateLimited,
	errcode.Quota:       ErrQuota,
	errcode.Forbidden:   ErrForbidden,
	errcode.NotFound:    ErrNotFound,
	errcode.Busy:        ErrBusy,
}

// explain fills in what the errcode and the errmsg tell.
func (e *Error) explain(errmsg string) {
	e.Message, e.RID = splitRID(printable(errmsg, 512))
	entry, _ := errcode.Lookup(e.Code)
	if kind := kindOf[entry.Kind]; kind != nil {
		e.kinds = append(e.kinds, kind)
	}
	if kind := kindOf[entry.Kind]; errors.Is(kind, ErrIPNotAllowed) {
		e.ip = findIP(e.Message)
	}
	e.retryAt = whenToRetry(entry.When, time.Now())
}

// whenToRetry turns the table's advice into a time. What depends on an allowance that only a ledger knows
// (errcode.Period) has none.
func whenToRetry(w errcode.When, now time.Time) time.Time {
	local := now.In(platformZone)
	switch w {
	case errcode.Minute:
		return now.Truncate(time.Minute).Add(time.Minute)
	case errcode.Hour:
		return now.Add(time.Hour)
	case errcode.Hours24:
		return now.Add(24 * time.Hour)
	case errcode.Mended:
		return now.Add(time.Minute)
	case errcode.TenMinutes:
		return now.Add(10 * time.Minute)
	case errcode.Day:
		return time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, platformZone)
	case errcode.Month:
		return time.Date(local.Year(), local.Month()+1, 1, 0, 0, 0, 0, platformZone)
	default:
		return time.Time{}
	}
}

// splitRID takes "… rid: 61725984-6126f6f9-040f19c4" off a message.
func splitRID(s string) (message, rid string) {
	before, after, found := strings.Cut(s, "rid:")
	if !found {
		return strings.TrimSpace(s), ""
	}
	after = strings.TrimLeft(after, " ")
	end := strings.IndexFunc(after, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'f')
	})
	if end < 0 {
		end = len(after)
	}
	rid = after[:end]
	if len(rid) < 8 || len(rid) > 64 {
		return strings.TrimSpace(s), ""
	}
	return strings.TrimSpace(strings.TrimRight(before, " ,;") + after[end:]), rid
}

// findIP finds the caller's address in messages like "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in
// whitelist".
func findIP(s string) netip.Addr {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == '[' || r == ']' }) {
		if ip, err := netip.ParseAddr(word); err == nil {
			return ip.Unmap()
		}
	}
	return netip.Addr{}
}

// printable drops what could harm a terminal or a log, and cuts.
func printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}

// transportError is what happened below HTTP, without the URL that net/http, net/url and others put into
// theirs.
type transportError struct {
	text    string
	timeout bool
	inner   error // nil where the inner error could lead to a secret
}

func (e *transportError) Error() string { return e.text }
func (e *transportError) Unwrap() error { return e.inner }

// Timeout reports whether it was a timeout, as net.Error does.
func (e *transportError) Timeout() bool { return e.timeout }

// Is keeps telling an ended context where the inner error had to go.
func (e *transportError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded && e.timeout
}

// clean turns an error of the transport into one that names no URL and no secret.
func clean(err error, secrets ...string) error {
	var timeout bool
	for {
		u, ok := err.(*url.Error) //nolint:errorlint // unwrapped one by one, so that none stays
		if !ok {
			break
		}
		timeout = timeout || u.Timeout()
		err = u.Err
	}
	text := err.Error()
	struck := strike(text, secrets...)
	if _, deep := errors.AsType[*url.Error](err); struck == text && !deep {
		return &transportError{text: printable(text, 512), timeout: timeout, inner: err}
	}
	var inner error
	for _, known := range []error{context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, known) {
			inner = known
		}
	}
	return &transportError{text: printable(struck, 512), timeout: timeout, inner: inner}
}

// strike replaces secrets, as they are and as a URL has them.
func strike(text string, secrets ...string) string {
	for _, s := range secrets {
		if len(s) < 4 {
			continue
		}
		text = strings.ReplaceAll(text, s, redacted)
		if q := url.QueryEscape(s); q != s {
			text = strings.ReplaceAll(text, q, redacted)
		}
	}
	return text
}
