package sqlitestore_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// versus runs an operation and its floor by turns, so that both meet the same machine, and reports the
// time of each and their ratio. ns/op is the sum of both.
func versus(b *testing.B, floor, op func(i int)) {
	b.Helper()
	var floors, ops time.Duration
	i := 0
	for b.Loop() {
		began := time.Now()
		floor(i)
		between := time.Now()
		op(i)
		floors, ops = floors+between.Sub(began), ops+time.Since(between)
		i++
	}
	b.ReportMetric(float64(ops.Nanoseconds())/float64(i), "ns/call")
	b.ReportMetric(float64(floors.Nanoseconds())/float64(i), "ns/floor")
	b.ReportMetric(float64(ops)/float64(floors), "x/floor")
}

// record is a value as jobs have it.
var record = bytes.Repeat([]byte("0123456789abcdef"), 32)

func benchKey(i int) string { return fmt.Sprintf("wx0123456789abcdef/job/%05d", i%10_000) }

// swapper swaps keys whose versions it remembers.
func swapper(b *testing.B, ttl time.Duration) func(i int) {
	b.Helper()
	s := open(b, filepath.Join(b.TempDir(), "wechat.db"))
	versions := map[string]uint64{}
	return func(i int) {
		key := benchKey(i)
		now, swapped, err := s.Swap(b.Context(), key, versions[key], record, ttl)
		if err != nil || !swapped {
			b.Fatal(now, swapped, err)
		}
		versions[key] = now.Version
	}
}

// bare is the table of records under the driver alone.
func bare(b *testing.B) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "bare.db")+"?_journal_mode=WAL&_synchronous=NORMAL")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(b.Context(),
		"CREATE TABLE records (key TEXT NOT NULL PRIMARY KEY, version INTEGER, expires INTEGER, sum INTEGER, value BLOB) STRICT")
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func prepare(b *testing.B, db *sql.DB, query string) *sql.Stmt {
	b.Helper()
	s, err := db.PrepareContext(b.Context(), query)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// The floor is a record appended to a file and synced.
func BenchmarkSwapDurable(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "journal"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	versus(b, func(int) {
		if _, err := f.Write(record); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}, swapper(b, 0))
}

// The floor is one prepared INSERT OR REPLACE that waits for no disk either.
func BenchmarkSwapTTL(b *testing.B) {
	put := prepare(b, bare(b), "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)")
	versus(b, func(i int) {
		if _, err := put.ExecContext(b.Context(), benchKey(i), i, 1, 1, record); err != nil {
			b.Fatal(err)
		}
	}, swapper(b, time.Hour))
}

// The floor is a prepared SELECT of the same columns.
func BenchmarkGet(b *testing.B) {
	db := bare(b)
	get := prepare(b, db, "SELECT version, expires, sum, value FROM records WHERE key = ?")
	s := open(b, filepath.Join(b.TempDir(), "wechat.db"))
	for i := range 10_000 {
		_, err := db.ExecContext(b.Context(), "INSERT INTO records VALUES (?, 1, 1, 1, ?)", benchKey(i), record)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := s.Swap(b.Context(), benchKey(i), 0, record, time.Hour); err != nil {
			b.Fatal(err)
		}
	}
	ctx := b.Context()
	versus(b, func(i int) {
		var (
			version, expires, sum int64
			value                 []byte
		)
		if err := get.QueryRowContext(ctx, benchKey(i*7919)).Scan(&version, &expires, &sum, &value); err != nil {
			b.Fatal(err)
		}
	}, func(i int) {
		if r, err := s.Get(ctx, benchKey(i*7919)); err != nil || r.Version == 0 {
			b.Fatal(r, err)
		}
	})
}

// A whole list of 10,000 records of 512 bytes.
func BenchmarkList(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "wechat.db"))
	for i := range 10_000 {
		if _, _, err := s.Swap(b.Context(), benchKey(i), 0, record, time.Hour); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		n := 0
		for _, err := range s.List(b.Context(), "wx0123456789abcdef/", "") {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 10_000 {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/record")
}
