package wechat

import (
	"fmt"
	"time"
)

// Class says what a repeated request would do, and with it when the client may repeat one by itself. The
// class belongs to the operation: a path that this module knows keeps its class whatever a caller of
// [Client.Call] says.
//
// Every class is sent once more, at most, when the platform refuses the access token (40001, 40014,
// 42001), since it does so before it carries anything out.
type Class uint8

const (
	// ClassOnce is the zero value, for writes whose repetition somebody would notice: it is repeated only
	// when the request provably never left. Otherwise a lost answer is ErrOutcomeUnknown.
	ClassOnce Class = iota
	// ClassRead reads and changes nothing: up to three attempts.
	ClassRead
	// ClassReplace sets something to a value, so that doing it twice is doing it once: up to three
	// attempts.
	ClassReplace
	// ClassKeyed carries a key by which the platform itself recognises a repeat (clientmsgid): as
	// ClassOnce. What resolves a lost answer is whoever keeps the key.
	ClassKeyed
	// ClassUpload uploads a temporary file: as ClassOnce, with one more attempt where the answer was
	// lost, as an unused file disappears by itself.
	ClassUpload
	// ClassScarce spends one of a few calls a day or month: never repeated.
	ClassScarce
)

// String names the class.
func (c Class) String() string {
	switch c {
	case ClassOnce:
		return "once"
	case ClassRead:
		return "read"
	case ClassReplace:
		return "replace"
	case ClassKeyed:
		return "keyed"
	case ClassUpload:
		return "upload"
	case ClassScarce:
		return "scarce"
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// harmless reports whether a request may be carried out twice without anybody noticing.
func (c Class) harmless() bool { return c == ClassRead || c == ClassReplace }

// timeout is how long a call may take where its context sets no deadline.
func (c Class) timeout() time.Duration {
	switch c {
	case ClassKeyed:
		return 60 * time.Second
	case ClassUpload:
		return 120 * time.Second
	default:
		return 15 * time.Second
	}
}
