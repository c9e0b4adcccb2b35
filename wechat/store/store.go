// Package store says how this module keeps what must survive a call: tokens, quota ledgers, broadcast
// jobs, menus. A [Store] is the least that must be atomic: read a key, replace a key if nobody else has,
// list keys. Everything else (leases, ledgers, journals) is built from that, so that any database can be
// a store. A change is read, think, swap, and again if somebody was faster:
//
//	for {
//		now, err := s.Get(ctx, key)
//		if err != nil {
//			return err
//		}
//		_, swapped, err := s.Swap(ctx, key, now.Version, change(now.Value), 0)
//		if swapped || err != nil {
//			return err
//		}
//	}
//
// [NewMemory] keeps everything in the process. Package sqlitestore is the durable default for one
// machine. [Sealed] encrypts what any store keeps. Who writes another store checks its arguments with
// [CheckKey], [CheckList] and [CheckValue], may number its records with [Versions], and runs package
// storetest against it.
package store

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Limits of every store.
const (
	// MaxKey is the greatest length of a key in bytes.
	MaxKey = 200
	// MaxValue is the greatest length of a value in bytes.
	MaxValue = 512 << 10
)

// What can go wrong in a store. They are distinct, because what to do differs.
var (
	// ErrUnavailable: the store cannot be reached now. After Swap the change may have happened.
	ErrUnavailable = errors.New("store unavailable")
	// ErrCorrupt: what is kept is not what was written. Somebody has to look; nothing is guessed.
	ErrCorrupt = errors.New("store corrupt")
	// ErrTooLarge: a value is longer than MaxValue, or than what the store leaves of it.
	ErrTooLarge = errors.New("value too large")
	// ErrSchema: the store was made by another version of this module.
	ErrSchema = errors.New("store has another schema")
	// ErrKey: the key is empty, too long, without a partition, or holds a character that is not allowed.
	ErrKey = errors.New("key refused")
)

// Store keeps records. Its contract, each sentence of which package storetest checks:
//
//  1. A missing or expired key has Version 0 and no error. Swap with version 0 creates; an empty value
//     deletes.
//  2. A store is linearizable per key. Swap changes the key only if its version is version; either way
//     it returns the record as it now is.
//  3. Versions are equal or not, never ordered, and never come back: not after expiry, deletion or a
//     restart.
//  4. An error from Swap means that the change may have happened: read again. So what is written should
//     carry an id by which the writer knows its own write.
//  5. A ttl is relative and counted by the store; 0 means for ever, and a ttl below 0 is over already, so
//     it deletes. Records without a ttl are durable when Swap returns; records with one may be lost in a
//     power failure, but never altered.
//  6. Keys have at most MaxKey bytes of [A-Za-z0-9._:/-] and are ordered bytewise. The part before the
//     first slash is the partition; List stays within one.
//  7. Values have at most MaxValue bytes and are copied in and out. List ascends, is lazy, reads in
//     pages, and starts again when ranged over again. It is no snapshot, but each record was true when
//     it was read.
//  8. ErrUnavailable, ErrCorrupt, ErrTooLarge, ErrSchema and ErrKey are distinct. The context ends every
//     call.
//
// A Store is safe for concurrent use.
type Store interface {
	// Get reads a key.
	Get(ctx context.Context, key string) (Record, error)
	// Swap sets key to value if its version is version. It returns the record as it is afterwards and
	// whether it was changed.
	Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (now Record, swapped bool, err error)
	// List yields the records whose keys begin with prefix and sort behind after. The prefix holds at
	// least a partition and its slash.
	List(ctx context.Context, prefix, after string) iter.Seq2[Record, error]
}
