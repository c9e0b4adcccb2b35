package sqlitestore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
)

// raw opens a file with the driver alone.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, queries ...string) {
	t.Helper()
	for _, q := range queries {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// put writes a key that is not there yet.
func put(t *testing.T, s store.Store, key, value string, ttl time.Duration) store.Record {
	t.Helper()
	r, swapped, err := s.Swap(t.Context(), key, 0, []byte(value), ttl)
	if err != nil || !swapped {
		t.Fatalf("Swap(%q, 0) = %v, %t, %v", key, r, swapped, err)
	}
	return r
}

// refused checks that a path cannot be opened, and with which error.
func refused(t *testing.T, path string, want error) {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), path, sqlitestore.WithBusyTimeout(50*time.Millisecond))
	if err == nil {
		_ = s.Close()
	}
	if !errors.Is(err, want) {
		t.Errorf("Open(%s): %v, want %v", filepath.Base(path), err, want)
	}
	for _, kind := range []error{store.ErrUnavailable, store.ErrCorrupt, store.ErrSchema} {
		if errors.Is(err, kind) && !errors.Is(want, kind) {
			t.Errorf("Open(%s): %v is %v as well", filepath.Base(path), err, kind)
		}
	}
}

func TestPathsThatNameNoFileAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"", ":memory:", "file:wechat.db", "file::memory:?cache=shared", "a\x00b"} {
		if s, err := sqlitestore.Open(t.Context(), path); err == nil {
			_ = s.Close()
			t.Errorf("Open(%q) opened something", path)
		}
	}
	if left, _ := os.ReadDir("."); len(left) != 0 {
		t.Errorf("refused paths left files: %v", left)
	}
}

func TestPathsAreTakenLiterally(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"a b.db", "a?mode=memory", "a#b", "a%20b", "公众号.db", "a&_pragma=x", "a'b\";"} {
		s := open(t, name)
		put(t, s, "wx/a", name, 0)
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("Open(%q) made another file: %v", name, err)
		}
		if r, err := open(t, filepath.Join(dir, name)).Get(t.Context(), "wx/a"); err != nil || string(r.Value) != name {
			t.Errorf("Open(%q) by its whole path reads %q, %v", name, r.Value, err)
		}
	}
}

func TestNewFilesAreTheOwnersOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs file modes")
	}
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "wechat.db"))
	put(t, s, "wx/token", "secret", 0)
	modes := map[string]fs.FileMode{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		modes[e.Name()] = info.Mode()
	}
	want := map[string]fs.FileMode{"wechat.db": 0o600, "wechat.db-wal": 0o600, "wechat.db-shm": 0o600}
	if diff := cmp.Diff(want, modes); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
}

func TestAnotherApplicationsFileIsLeftAlone(t *testing.T) {
	for name, queries := range map[string][]string{
		"tables":  {"CREATE TABLE a (b)", "INSERT INTO a VALUES (1)"},
		"id":      {"PRAGMA application_id = 77", "PRAGMA user_version = 0"},
		"version": {"PRAGMA user_version = 1"},
		"wal":     {"PRAGMA journal_mode = WAL", "CREATE TABLE records (key, version, expires, sum, value)"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "other.db")
			db := raw(t, path)
			run(t, db, queries...)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			refused(t, path, store.ErrSchema)
			after, err := os.ReadFile(path)
			if err != nil || string(after) != string(before) {
				t.Errorf("a refused file was changed: %v", err)
			}
			if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
				t.Errorf("a refused file has company: %v", left)
			}
		})
	}
}

func TestAnotherSchemaIsRefused(t *testing.T) {
	for name, query := range map[string]string{
		"newer":  "PRAGMA user_version = 2",
		"older":  "PRAGMA user_version = 0",
		"table":  "DROP TABLE records",
		"column": "ALTER TABLE records RENAME COLUMN sum TO checksum",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "wechat.db")
			if err := open(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			run(t, raw(t, path), query)
			refused(t, path, store.ErrSchema)
		})
	}
}

func TestWhatIsNoDatabaseIsCorrupt(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("dear diary ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, path, store.ErrCorrupt)
	whole := filepath.Join(dir, "wechat.db")
	s := open(t, whole)
	for i := range 200 {
		put(t, s, fmt.Sprintf("wx/%03d", i), strings.Repeat("x", 500), time.Hour)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(whole, 8192); err != nil {
		t.Fatal(err)
	}
	refused(t, whole, store.ErrCorrupt)
}

func TestWhatCannotBeOpenedIsUnavailable(t *testing.T) {
	dir := t.TempDir()
	refused(t, dir, store.ErrUnavailable)
	refused(t, filepath.Join(dir, "missing", "wechat.db"), store.ErrUnavailable)
	path := filepath.Join(dir, "locked.db")
	db := raw(t, path)
	run(t, db, "CREATE TABLE a (b)")
	db.SetMaxOpenConns(1)
	run(t, db, "BEGIN EXCLUSIVE")
	refused(t, path, store.ErrUnavailable)
	run(t, db, "ROLLBACK")
	if s, err := sqlitestore.Open(canceled(t), filepath.Join(dir, "new.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with an ended context = %v, %v, want context.Canceled", s, err)
	}
}

func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestManyMayMakeTheFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wechat.db")
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			s, err := sqlitestore.Open(t.Context(), path)
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			if err := add(t.Context(), s, "wx/counter", i); err != nil {
				t.Errorf("add: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	wg.Wait()
	if r, err := open(t, path).Get(t.Context(), "wx/counter"); err != nil || string(r.Value) != "66" {
		t.Errorf("12 openers counted to %s, %v, want 66", r.Value, err)
	}
}

// The last to close leaves one file that holds everything and can be copied.
func TestCloseLeavesOneFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "wechat.db")
	first, last := open(t, path), open(t, path)
	put(t, first, "wx/a", "1", 0)
	put(t, first, "wx/b", "2", time.Hour)
	for _, s := range []*sqlitestore.Store{first, last} {
		if r, err := s.Get(t.Context(), "wx/b"); err != nil || string(r.Value) != "2" {
			t.Fatalf("Get = %v, %v", r, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("after Close there are %v, %v, want one file", left, err)
	}
	again := open(t, path)
	for key, want := range map[string]string{"wx/a": "1", "wx/b": "2"} {
		if r, err := again.Get(t.Context(), key); err != nil || string(r.Value) != want {
			t.Errorf("Get(%q) after Close and Open = %q, %v, want %q", key, r.Value, err, want)
		}
	}
}

func TestClosedIsUnavailable(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "wechat.db"))
	put(t, s, "wx/a", "1", 0)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Get(t.Context(), "wx/a"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Get after Close: %v", err)
	}
	if _, _, err := s.Swap(t.Context(), "wx/a", 0, []byte("2"), 0); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Swap after Close: %v", err)
	}
	for r, err := range s.List(t.Context(), "wx/", "") {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("List after Close: %v, %v", r, err)
		}
	}
}

// Whatever byte of the file is flipped, no value comes back that was not written.
func TestDamagedFilesYieldNoWrongValue(t *testing.T) {
	const records = 40
	step := 211
	if testing.Short() {
		step *= 8
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "wechat.db")
	s := open(t, path)
	values := map[string]string{}
	for i := range records {
		key := fmt.Sprintf("wx/job/%02d", i)
		values[key] = strings.Repeat(fmt.Sprintf("%d.", i), 1+i*i)
		put(t, s, key, values[key], time.Duration(i%2)*time.Hour)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]int{}
	for at := 0; at < len(whole); at += step {
		damaged := filepath.Join(dir, fmt.Sprintf("%d.db", at))
		bytes := append([]byte(nil), whole...)
		bytes[at] ^= 0xff
		if err := os.WriteFile(damaged, bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := sqlitestore.Open(t.Context(), damaged, sqlitestore.WithBusyTimeout(10*time.Millisecond))
		if err != nil {
			outcomes["does not open"]++
			continue
		}
		for key, value := range values {
			switch r, err := s.Get(t.Context(), key); {
			case errors.Is(err, store.ErrCorrupt):
				outcomes["corrupt"]++
			case err != nil:
				outcomes["another error"]++
			case r.Version == 0:
				outcomes["absent"]++
			case string(r.Value) != value:
				t.Errorf("byte %d flipped: Get(%q) returned a value that was never written", at, key)
			default:
				outcomes["right"]++
			}
		}
		_ = s.Close() // a damaged file may not close in order
	}
	t.Logf("%d of %d bytes flipped: %v", len(whole)/step, len(whole), outcomes)
	if outcomes["corrupt"] == 0 || outcomes["right"] == 0 {
		t.Errorf("the test damaged nothing or everything: %v", outcomes)
	}
}
