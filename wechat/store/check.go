package store

import (
	"fmt"
	"strings"
)

// keyBytes marks the bytes that a key may hold: [A-Za-z0-9._:/-].
var keyBytes = func() (allowed [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-") {
		allowed[c] = true
	}
	return allowed
}()

// CheckKey returns nil for a key that every store takes, and an error that is [ErrKey] for any other: one
// that is empty, longer than [MaxKey] bytes, without a partition (a part of at least one byte before the
// first slash), or with a byte outside [A-Za-z0-9._:/-]. The error says what is wrong and where, and does
// not repeat the key, which may be something that was never meant as one.
//
// Every store calls it in Get and Swap before anything else, so that all refuse the same keys.
func CheckKey(key string) error { return check("key", key, true) }

// CheckList checks the arguments of List like [CheckKey]: the prefix holds at least a partition and its
// slash; after is empty, or made of bytes that a key may hold and no longer than a key.
func CheckList(prefix, after string) error {
	if err := check("prefix", prefix, true); err != nil {
		return err
	}
	return check("after", after, false)
}

// CheckValue returns nil for a value of at most limit bytes, and an error that is [ErrTooLarge] for any
// other. A store passes [MaxValue]; one that adds to its values passes less.
func CheckValue(value []byte, limit int) error {
	if len(value) > limit {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(value), limit)
	}
	return nil
}

// check judges s, which the error calls by its role. Partitioned strings must begin with a partition.
func check(role, s string, partitioned bool) error {
	if len(s) > MaxKey {
		return fmt.Errorf("%w: %s of %d bytes, at most %d", ErrKey, role, len(s), MaxKey)
	}
	for i := range len(s) {
		if !keyBytes[s[i]] {
			return fmt.Errorf("%w: %s has byte %#02x at %d, allowed are [A-Za-z0-9._:/-]", ErrKey, role, s[i], i)
		}
	}
	switch {
	case !partitioned:
		return nil
	case s == "":
		return fmt.Errorf("%w: %s is empty", ErrKey, role)
	case strings.IndexByte(s, '/') < 0:
		return fmt.Errorf("%w: %s has no slash after a partition", ErrKey, role)
	case s[0] == '/':
		return fmt.Errorf("%w: %s has an empty partition", ErrKey, role)
	}
	return nil
}

// partition is the part of a checked key or prefix before the first slash.
func partition(key string) string {
	return key[:strings.IndexByte(key, '/')]
}
