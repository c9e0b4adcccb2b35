package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// Expired rows are removed by writes, now and then and a bounded number at once.
const (
	sweepEvery = time.Second
	sweepBatch = 200
)

const (
	putRow = "INSERT INTO records (key, version, expires, sum, value) VALUES (?, ?, ?, ?, ?)" +
		" ON CONFLICT (key) DO UPDATE SET version = excluded.version, expires = excluded.expires," +
		" sum = excluded.sum, value = excluded.value"
	deleteRow = "DELETE FROM records WHERE key = ?"
	sweepRows = "DELETE FROM records WHERE rowid IN" +
		" (SELECT rowid FROM records WHERE expires > 0 AND expires <= ? LIMIT ?)"
)

// writer is the one connection that writes. Its transactions either wait for the disk (synchronous FULL)
// or do not (NORMAL). It switches between transactions, which costs nothing measurable compared with two
// connections that would have to wait for each other's lock.
type writer struct {
	conn  *sql.Conn
	full  bool // what synchronous is set to
	known bool // whether it was set
	swept time.Time

	statements              []*sql.Stmt
	begin, commit, rollback *sql.Stmt
	get, put, remove, sweep *sql.Stmt
}

// newWriter prepares the statements of conn, which it takes over.
func newWriter(ctx context.Context, conn *sql.Conn) (*writer, error) {
	w := &writer{conn: conn}
	for _, query := range []string{"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", getRow, putRow, deleteRow, sweepRows} {
		s, err := conn.PrepareContext(ctx, query) //nolint:sqlclosecheck // close does, with the connection
		if err != nil {
			return nil, errors.Join(err, w.close())
		}
		w.statements = append(w.statements, s)
	}
	for i, into := range []**sql.Stmt{&w.begin, &w.commit, &w.rollback, &w.get, &w.put, &w.remove, &w.sweep} {
		*into = w.statements[i]
	}
	return w, nil
}

// close closes the statements, without which SQLite would keep the connection open, and the connection.
func (w *writer) close() error {
	var errs []error
	for _, s := range w.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// synchronous has the next commit wait for the disk, or not.
func (w *writer) synchronous(ctx context.Context, full bool) error {
	if w.known && w.full == full {
		return nil
	}
	mode := "NORMAL"
	if full {
		mode = "FULL"
	}
	w.known = false
	if _, err := w.conn.ExecContext(ctx, "PRAGMA synchronous = "+mode); err != nil {
		return err
	}
	w.full, w.known = full, true
	return nil
}

// change is what Swap was asked for.
type change struct {
	key     string
	version uint64
	value   []byte
	ttl     time.Duration
	began   time.Time // when Swap was called
}

// deletes reports whether nothing is left of the key.
func (c change) deletes() bool { return len(c.value) == 0 || c.ttl < 0 }

// errNotDurable says that a change has to be made again, durably.
var errNotDurable = errors.New("the change must be durable")

// Swap sets key to value if its version is version.
func (s *Store) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (store.Record, bool, error) {
	if err := ctx.Err(); err != nil {
		return store.Record{}, false, err
	}
	if err := store.CheckKey(key); err != nil {
		return store.Record{}, false, err
	}
	if err := store.CheckValue(value, store.MaxValue); err != nil {
		return store.Record{}, false, err
	}
	began := time.Now()
	if err := s.await(ctx); err != nil {
		return store.Record{}, false, err
	}
	defer func() { <-s.turn }()
	c := change{key, version, value, ttl, began}
	now, swapped, err := s.try(ctx, c, ttl == 0 && !c.deletes())
	if errors.Is(err, errNotDurable) {
		now, swapped, err = s.try(ctx, c, true)
	}
	if err != nil {
		return store.Record{}, false, fmt.Errorf("sqlitestore: swap: %w", s.fail(err))
	}
	return now, swapped, nil
}

// await waits for the writer.
func (s *Store) await(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.patience):
		return fmt.Errorf("sqlitestore: swap: %w", s.impatient())
	}
}

// try makes the change in one transaction. Once that has begun, the context no longer ends it: it takes
// microseconds, and cut off at its commit it would leave the caller in doubt for nothing.
func (s *Store) try(ctx context.Context, c change, durable bool) (now store.Record, swapped bool, err error) {
	w, through := s.writer, context.WithoutCancel(ctx)
	if s.closed.Load() {
		return now, false, sql.ErrConnDone
	}
	if err := w.synchronous(through, durable); err != nil {
		return now, false, err
	}
	err = s.retrySince(ctx, c.began, func() error {
		_, err := w.begin.ExecContext(through)
		return err
	})
	if err != nil {
		return now, false, err
	}
	defer func() {
		if !swapped || err != nil {
			_, _ = w.rollback.ExecContext(through) // nothing was changed, or the error is reported already
		}
	}()
	at := s.now() // in the transaction, so that it is no older than what the transaction sees
	var old row
	switch err := old.scan(w.get.QueryRowContext(through, c.key)); {
	case errors.Is(err, sql.ErrNoRows):
		now = absent(c.key, at)
	case err != nil:
		return now, false, err
	default:
		if now, err = old.record(at); err != nil {
			return now, false, err
		}
	}
	if now.Version != c.version {
		return now, false, nil
	}
	if !durable && now.Version != 0 && old.expires == 0 {
		return now, false, errNotDurable // or the record that is to go could come back after a power failure
	}
	if now, err = s.apply(through, c, at); err != nil {
		return now, false, err
	}
	if err := w.drop(through, at); err != nil {
		return now, false, err
	}
	if _, err := w.commit.ExecContext(through); err != nil {
		return now, false, err
	}
	return now, true, nil
}

// apply writes or deletes the row.
func (s *Store) apply(ctx context.Context, c change, at time.Time) (store.Record, error) {
	if c.deletes() {
		_, err := s.writer.remove.ExecContext(ctx, c.key)
		return absent(c.key, at), err
	}
	r := row{key: c.key, version: int64(s.versions.Next()), value: c.value}
	if c.ttl > 0 {
		// Rounded up, so that a short ttl is not none at all. Microseconds hold the longest.
		r.expires = at.UnixMicro() + int64((c.ttl-1)/time.Microsecond) + 1
	}
	r.sum = r.checksum()
	if _, err := s.writer.put.ExecContext(ctx, r.key, r.version, r.expires, r.sum, r.value); err != nil {
		return store.Record{}, err
	}
	return store.Record{Key: r.key, Value: slices.Clone(r.value), Version: uint64(r.version), Now: at.UTC()}, nil
}

// drop removes expired rows if it is time to.
func (w *writer) drop(ctx context.Context, at time.Time) error {
	if passed := at.Sub(w.swept); passed >= 0 && passed < sweepEvery {
		return nil
	}
	result, err := w.sweep.ExecContext(ctx, at.UnixMicro(), sweepBatch)
	if err != nil {
		return err
	}
	w.swept = at
	if n, err := result.RowsAffected(); err == nil && n == sweepBatch {
		w.swept = time.Time{} // there may be more: go on with the next write
	}
	return nil
}
