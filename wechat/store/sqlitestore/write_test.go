package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
)

// number reads a number from the file.
func number(t *testing.T, s *sqlitestore.Store, query string, args ...any) int64 {
	t.Helper()
	n, err := s.Number(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// What has no ttl is committed with synchronous FULL, before it is changed and after.
func TestRecordsWithoutTTLWaitForTheDisk(t *testing.T) {
	const normal, full = 1, 2
	s := open(t, filepath.Join(t.TempDir(), "wechat.db"))
	var version uint64
	for _, step := range []struct {
		what, value string
		ttl         time.Duration
		want        int64
	}{
		{"create with a ttl", "1", time.Hour, normal},
		{"replace with a ttl", "2", time.Hour, normal},
		{"delete what has a ttl", "", 0, normal},
		{"create without a ttl", "3", 0, full},
		{"replace without a ttl", "4", 0, full},
		{"give it a ttl", "5", time.Hour, full},
		{"replace with a ttl again", "6", time.Hour, normal},
		{"take the ttl away", "7", 0, full},
		{"delete what has none", "", 0, full},
		{"create with a ttl again", "8", time.Hour, normal},
		{"let it be over", "9", -1, normal},
	} {
		r, swapped, err := s.Swap(t.Context(), "wx/a", version, []byte(step.value), step.ttl)
		if err != nil || !swapped {
			t.Fatalf("%s: %v, %t, %v", step.what, r, swapped, err)
		}
		version = r.Version
		if got := number(t, s, "PRAGMA synchronous"); got != step.want {
			t.Errorf("%s: committed with synchronous %d, want %d", step.what, got, step.want)
		}
	}
	if got := number(t, s, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"); got != 1 {
		t.Error("the journal mode is not WAL")
	}
}

func TestExpiredRowsAreRemovedInBatches(t *testing.T) {
	const rows, batch = 500, 200
	var clock sqlitestore.Clock
	s := clock.With(open(t, filepath.Join(t.TempDir(), "wechat.db")))
	for i := range rows {
		put(t, s, fmt.Sprintf("wx/seen/%d", i), "1", time.Minute)
	}
	put(t, s, "wx/kept", "1", 0)
	put(t, s, "wx/long", "1", time.Hour)
	clock.Shift(2 * time.Minute)
	for i, want := range []int64{rows - batch, rows - 2*batch, 0, 0} {
		put(t, s, fmt.Sprintf("wx/new/%d", i), "1", 0)
		if got := number(t, s, "SELECT count(*) FROM records WHERE key LIKE 'wx/seen/%'"); got != want {
			t.Errorf("after %d writes %d expired rows are left, want %d", i+1, got, want)
		}
	}
	if got := number(t, s, "SELECT count(*) FROM records"); got != 2+4 {
		t.Errorf("%d rows are left, want the 6 that live", got)
	}
}

func TestEveryColumnIsCoveredByTheChecksum(t *testing.T) {
	for _, damage := range []string{
		"version = version + 1",
		"version = 0",
		"expires = 1",
		"expires = 0",
		"sum = sum + 1",
		"value = zeroblob(length(value))",
		"value = x''",
		"value = value || x'00'",
		"key = 'wx/c'",
	} {
		t.Run(damage, func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "wechat.db"))
			put(t, s, "wx/a", "1", time.Hour)
			put(t, s, "wx/b", "value", time.Hour)
			err := s.Exec(t.Context(), "UPDATE records SET "+damage+" WHERE key = 'wx/b'")
			if strings.HasPrefix(damage, "value = value ||") {
				err = s.Exec(t.Context(), "UPDATE records SET value = CAST(value || x'00' AS BLOB) WHERE key = 'wx/b'")
			}
			if err != nil {
				t.Fatal(err)
			}
			key := "wx/b"
			if strings.HasPrefix(damage, "key") {
				key = "wx/c"
			}
			if r, err := s.Get(t.Context(), key); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("Get(%q) = %v, %v, want store.ErrCorrupt", key, r, err)
			}
			if r, swapped, err := s.Swap(t.Context(), key, 0, []byte("x"), 0); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("Swap(%q) = %v, %t, %v, want store.ErrCorrupt", key, r, swapped, err)
			}
			var got []string
			for r, err := range s.List(t.Context(), "wx/", "") {
				if got = append(got, r.Key); err != nil && !errors.Is(err, store.ErrCorrupt) {
					t.Errorf("List: %v, want store.ErrCorrupt", err)
				}
			}
			if want := []string{"wx/a", ""}; !slices.Equal(got, want) {
				t.Errorf("List yielded %q, want the record before the damage and an error", got)
			}
		})
	}
}

// locked returns a store whose file somebody else keeps locked for writing.
func locked(t *testing.T, patience time.Duration) *sqlitestore.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wechat.db")
	s := open(t, path, sqlitestore.WithBusyTimeout(patience))
	put(t, s, "wx/a", "1", 0)
	db := raw(t, path)
	db.SetMaxOpenConns(1)
	run(t, db, "BEGIN IMMEDIATE")
	return s
}

func TestALockedFileIsUnavailableInTime(t *testing.T) {
	const patience, writers = 200 * time.Millisecond, 8
	s := locked(t, patience)
	began := time.Now()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			if _, _, err := s.Swap(t.Context(), "wx/b", 0, []byte("1"), 0); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Swap: %v, want store.ErrUnavailable", err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(began); took < patience || took > writers*patience {
		t.Errorf("%d writers waited %v for a lock, want about %v, all at once", writers, took, patience)
	}
	if r, err := s.Get(t.Context(), "wx/a"); err != nil || string(r.Value) != "1" {
		t.Errorf("Get beside the lock = %v, %v", r, err)
	}
}

func TestTheContextEndsTheWaitForALock(t *testing.T) {
	s := locked(t, time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 3 { // one waits for the file, the others for their turn
		wg.Go(func() {
			_, _, err := s.Swap(ctx, "wx/b", 0, []byte("1"), 0)
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Swap: %v, want context.DeadlineExceeded", err)
			}
		})
	}
	wg.Wait()
}

func TestLookupsUseTheIndexes(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "wechat.db"))
	for _, q := range []struct {
		query, want string
		args        []any
	}{
		{sqlitestore.GetRow, "SEARCH records USING INDEX sqlite_autoindex_records_1 (key=?)", []any{"a/b"}},
		{sqlitestore.GetPage, "SEARCH records USING INDEX sqlite_autoindex_records_1 (key>? AND key<?)", []any{"a", "b", 1}},
		{sqlitestore.SweepRows, "SEARCH records USING COVERING INDEX expiring (expires>? AND expires<?)", []any{1, 1}},
	} {
		plan, err := s.Plan(t.Context(), q.query, q.args...)
		if err != nil || !slices.Contains(plan, q.want) {
			t.Errorf("plan of %s:\n%s\n%v, want %s", q.query, strings.Join(plan, "\n"), err, q.want)
		}
		if slices.ContainsFunc(plan, func(s string) bool { return strings.Contains(s, "TEMP B-TREE") }) {
			t.Errorf("%s sorts: %q", q.query, plan)
		}
	}
}
