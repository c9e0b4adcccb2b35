package store

import (
	"fmt"
	"log/slog"
	"time"
)

// Record is a key's value and version as a store has it at one moment.
//
// Formatted or logged, a record shows its key, version and length, never its value, which may hold a
// token.
type Record struct {
	// Key is the key.
	Key string
	// Value is the value, a copy that the caller may change. Absent keys have none.
	Value []byte
	// Version changes with every write of the key. 0 means the key is absent.
	Version uint64
	// Now is the store's clock at this operation.
	Now time.Time
}

// Format writes the record without its value, whatever the verb.
func (r Record) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.summary())) }

// LogValue gives the record without its value to a structured logger.
func (r Record) LogValue() slog.Value { return slog.StringValue(r.summary()) }

func (r Record) summary() string {
	if r.Version == 0 {
		return fmt.Sprintf("%s (absent)", r.Key)
	}
	return fmt.Sprintf("%s@%d (%d bytes)", r.Key, r.Version, len(r.Value))
}
