package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// How much List reads at once.
const (
	pageRecords = 128
	pageBytes   = 1 << 20
)

const (
	getRow  = "SELECT key, version, expires, sum, value FROM records WHERE key = ?"
	getPage = "SELECT key, version, expires, sum, value FROM records WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
)

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// row is a row of the table records.
type row struct {
	key     string
	version int64
	expires int64
	sum     int64
	value   []byte
}

func (r *row) scan(from interface{ Scan(dest ...any) error }) error {
	return from.Scan(&r.key, &r.version, &r.expires, &r.sum, &r.value)
}

// checksum covers all that the row says.
func (r *row) checksum() int64 {
	head := make([]byte, 0, 16+store.MaxKey+1)
	head = binary.LittleEndian.AppendUint64(head, uint64(r.version))
	head = binary.LittleEndian.AppendUint64(head, uint64(r.expires))
	head = append(append(head, r.key...), 0)
	return int64(crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, r.value))
}

// record judges the row at a moment: damaged, expired (which is absent) or living.
func (r *row) record(now time.Time) (store.Record, error) {
	if r.sum != r.checksum() || r.version == 0 {
		return store.Record{}, fmt.Errorf("%w: the row of %q does not match its checksum", store.ErrCorrupt, r.key)
	}
	if r.expires != 0 && now.UnixMicro() >= r.expires {
		return absent(r.key, now), nil
	}
	return store.Record{Key: r.key, Value: r.value, Version: uint64(r.version), Now: now.UTC()}, nil
}

func absent(key string, now time.Time) store.Record { return store.Record{Key: key, Now: now.UTC()} }

// now is the store's clock, cut to what a row can hold.
func (s *Store) now() time.Time { return time.UnixMicro(s.clock().UnixMicro()) }

// Get reads a key. It does not wait for writers.
func (s *Store) Get(ctx context.Context, key string) (store.Record, error) {
	if err := ctx.Err(); err != nil {
		return store.Record{}, err
	}
	if err := store.CheckKey(key); err != nil {
		return store.Record{}, err
	}
	var (
		r   row
		now time.Time
	)
	err := s.retry(ctx, func() error {
		// The clock is read first: what lives now may only be replaced, not have expired, when it is read.
		now = s.now()
		return r.scan(s.get.QueryRowContext(context.WithoutCancel(ctx), key))
	})
	if errors.Is(err, sql.ErrNoRows) {
		return absent(key, now), nil
	}
	var rec store.Record
	if err == nil {
		rec, err = r.record(now)
	}
	if err != nil {
		return store.Record{}, fmt.Errorf("sqlitestore: get: %w", s.fail(err))
	}
	return rec, nil
}

// List yields the records whose keys begin with prefix and sort behind after. While it yields it holds
// neither a lock nor a connection.
func (s *Store) List(ctx context.Context, prefix, after string) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		if err := store.CheckList(prefix, after); err != nil {
			yield(store.Record{}, err)
			return
		}
		for last, more := after, true; more; {
			if err := ctx.Err(); err != nil {
				yield(store.Record{}, err)
				return
			}
			var (
				page []store.Record
				err  error
			)
			page, last, more, err = s.next(ctx, prefix, last)
			for _, r := range page {
				if err := ctx.Err(); err != nil {
					yield(store.Record{}, err)
					return
				}
				if !yield(r, nil) {
					return
				}
			}
			if err != nil {
				yield(store.Record{}, fmt.Errorf("sqlitestore: list: %w", s.fail(err)))
				return
			}
		}
	}
}

// next reads a page. It returns the key to go on behind and whether there may be more; with an error come
// the records before it.
func (s *Store) next(ctx context.Context, prefix, after string) (page []store.Record, last string, more bool, err error) {
	// All bytes of keys lie between these two, so one range of the index holds what is asked for.
	from, to := max(prefix, after+"\x01"), prefix+"\x7f"
	err = s.retry(ctx, func() error {
		page, last, more = nil, after, false
		now, size, n := s.now(), 0, 0
		rows, err := s.page.QueryContext(context.WithoutCancel(ctx), from, to, pageRecords)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r row
			if err := r.scan(rows); err != nil {
				return err
			}
			rec, err := r.record(now)
			if err != nil {
				return err
			}
			last = r.key
			if rec.Version != 0 {
				page = append(page, rec)
			}
			if n, size = n+1, size+len(r.value); n == pageRecords || size >= pageBytes {
				more = true
				break
			}
		}
		return rows.Err()
	})
	return page, last, more, err
}
