package wechat

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log/slog"
)

// redacted is what every formatter, encoder and logger gets instead of a secret.
const redacted = "[redacted]"

// Secret holds a value that must never be printed: an AppSecret, a callback token, an encoding key.
//
// The value lives in a closure, so that no formatter, encoder, logger or diff can walk to it; what they
// print is "[redacted]". The only way out is [Secret.Reveal]. The zero Secret holds the empty string.
//
// A Secret is deliberately not comparable: == and use as a map key do not compile. Use [Secret.Equal].
// It is safe for concurrent use.
type Secret struct{ reveal func() string }

// NewSecret wraps a value that must never be printed.
func NewSecret(value string) Secret {
	return Secret{reveal: func() string { return value }}
}

// Reveal gives the value itself. It is the only way out, and easy to search for.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether the secret holds no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Equal reports whether both secrets hold the same value. It compares their digests, so that its time tells
// nothing of where they differ.
func (s Secret) Equal(other Secret) bool {
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (s Secret) GoString() string { return redacted }

// Format writes "[redacted]" whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue gives "[redacted]" to a structured logger.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText gives "[redacted]" to text encoders, XML's among them.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON gives "[redacted]" to JSON encoders.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// GobEncode gives "[redacted]" to gob encoders.
func (s Secret) GobEncode() ([]byte, error) { return []byte(redacted), nil }

var (
	_ fmt.Formatter  = Secret{}
	_ slog.LogValuer = Secret{}
	_ json.Marshaler = Secret{}
	_ gob.GobEncoder = Secret{}
)
