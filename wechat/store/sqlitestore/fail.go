package sqlitestore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// How long a call sleeps before it tries a lock again: first, and at most. SQLite's own handler sleeps up
// to 100 ms and does not know the context.
const (
	firstPause = 100 * time.Microsecond
	maxPause   = 5 * time.Millisecond
)

// retry repeats op while another process is in its way, until the context ends or the patience does.
func (s *Store) retry(ctx context.Context, op func() error) error {
	return s.retrySince(ctx, time.Time{}, op)
}

// retrySince is retry for a call that has been waiting since began.
func (s *Store) retrySince(ctx context.Context, began time.Time, op func() error) error {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := op()
		if !busy(err) {
			return err
		}
		if began.IsZero() {
			began = time.Now()
		}
		if time.Since(began) >= s.patience {
			return s.impatient()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// impatient is the error of a call that has waited too long.
func (s *Store) impatient() error {
	return fmt.Errorf("%w: other writers held the lock for %v", store.ErrUnavailable, s.patience)
}

// code is SQLite's primary result code for an error, 0 if it is not one of SQLite's.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return sqlite3.SQLITE_OK
}

// busy reports whether another connection was in the way, so that trying again helps.
func busy(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_BUSY || c == sqlite3.SQLITE_PROTOCOL
}

// fail gives an error its kind. An error that has one, or is the context's, stays as it is.
func (s *Store) fail(err error) error {
	for _, kind := range []error{
		store.ErrUnavailable, store.ErrCorrupt, store.ErrSchema, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, kind) {
			return err
		}
	}
	switch code(err) {
	case sqlite3.SQLITE_OK:
		if s.closed.Load() || errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) {
			return fmt.Errorf("%w: closed", store.ErrUnavailable)
		}
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err) // a column of a type that was never written
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_CONSTRAINT:
		return fmt.Errorf("%w: %w", store.ErrSchema, err) // a table or column is missing, or differs
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}
