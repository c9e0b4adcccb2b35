package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// What sealing costs of a value's length.
const (
	// SealOverhead is how many bytes longer a sealed value is: the format, the nonce and the tag.
	SealOverhead = 1 + 12 + 16
	// MaxSealed is the greatest length of a value in bytes in a [Sealed] store.
	MaxSealed = MaxValue - SealOverhead
)

// sealFormat is the first byte of every sealed value and, before the key, its additional data.
const sealFormat = 0x01

// sealKeySize is the length of an AES-256 key in bytes.
const sealKeySize = 32

// sealed encrypts on the way to another store. The ciphers live in closures, so that no formatter or
// diff that walks through the store meets key material.
type sealed struct {
	Store
	seal func(key string, value []byte) []byte
	open func(r Record) (Record, error)
}

// Sealed returns a store that keeps its values in s encrypted with AES-256-GCM, for those who share a
// database with people who need not read tokens. Keys are 32 random bytes. The first seals; it and the
// older ones open, so a key is changed by giving the new one first and dropping the old one when every
// value has been written again. One key is good for 2³² writes.
//
// A value is bound to its key: altered, moved to another key, written without sealing or sealed with a
// key that is not given, it is [ErrCorrupt]. Not hidden are keys, versions, times and lengths; and who can
// write to s can delete a record or put back what was once sealed for the same key.
//
// Values have at most [MaxSealed] bytes. Closing s, where it needs that, stays with the caller. The store
// is safe for concurrent use.
func Sealed(s Store, key []byte, older ...[]byte) (Store, error) {
	if s == nil {
		return nil, errors.New("store: sealed: no store to seal")
	}
	var aeads []cipher.AEAD
	for i, k := range append([][]byte{key}, older...) {
		if len(k) != sealKeySize {
			return nil, fmt.Errorf("store: sealed: key %d has %d bytes, want %d", i+1, len(k), sealKeySize)
		}
		aead, err := newAEAD(k)
		if err != nil {
			return nil, fmt.Errorf("store: sealed: key %d: %w", i+1, err)
		}
		aeads = append(aeads, aead)
	}
	return &sealed{
		Store: s,
		seal: func(key string, value []byte) []byte {
			out := make([]byte, 1, len(value)+SealOverhead)
			out[0] = sealFormat
			return aeads[0].Seal(out, nil, value, sealContext(key))
		},
		open: func(r Record) (Record, error) {
			if r.Version == 0 {
				return r, nil
			}
			if len(r.Value) > SealOverhead && r.Value[0] == sealFormat {
				for _, aead := range aeads {
					if plain, err := aead.Open(nil, nil, r.Value[1:], sealContext(r.Key)); err == nil {
						r.Value = plain
						return r, nil
					}
				}
			}
			return Record{}, fmt.Errorf("%w: the value of %s does not open: altered, moved, not sealed, or sealed with another key",
				ErrCorrupt, r.Key)
		},
	}, nil
}

// newAEAD makes the cipher of one key. It puts a random nonce before what it seals.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealContext is the additional data that binds a value to its key and to this use of the cipher.
func sealContext(key string) []byte {
	return append([]byte{sealFormat}, "wechat-go/store "+key...)
}

// Get reads a key and opens its value.
func (s *sealed) Get(ctx context.Context, key string) (Record, error) {
	r, err := s.Store.Get(ctx, key)
	if err != nil {
		return Record{}, err
	}
	return s.open(r)
}

// Swap seals value and swaps it in.
func (s *sealed) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (Record, bool, error) {
	if err := CheckValue(value, MaxSealed); err != nil {
		return Record{}, false, err
	}
	var kept []byte
	if len(value) > 0 {
		kept = s.seal(key, value)
	}
	now, swapped, err := s.Store.Swap(ctx, key, version, kept, ttl)
	if err != nil {
		return Record{}, false, err
	}
	if !swapped {
		now, err = s.open(now)
		return now, false, err
	}
	if now.Version != 0 {
		now.Value = slices.Clone(value)
	}
	return now, true, nil
}

// List yields records with their values opened. The first that does not open ends it.
func (s *sealed) List(ctx context.Context, prefix, after string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for r, err := range s.Store.List(ctx, prefix, after) {
			if err == nil {
				r, err = s.open(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
