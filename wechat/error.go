package wechat

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

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
	// Message is the platform's errmsg without its rid, printable and at most 512 bytes long.
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
	return append(slices.Clip(e.kinds), e.cause)
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
