// Package sqlitestore keeps records in one SQLite file: the durable default for one machine. Any number
// of goroutines and processes may use the file at once.
//
//	s, err := sqlitestore.Open(ctx, "/var/lib/brand/wechat.db")
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//
// It keeps the whole contract of [store.Store]. A record without a ttl, and every change to one, is
// synced to the disk before Swap returns (write-ahead log, synchronous FULL). One with a ttl is written
// without waiting for the disk (synchronous NORMAL): it outlives the process, and may be lost when the
// machine loses power. The driver is modernc.org/sqlite, which needs no C compiler.
//
// The file must be on a local disk, not on a network file system. A new file can be read and written by
// its owner only, for it may hold tokens; package store's Sealed encrypts what is in it. Beside the file
// lie two more, -wal and -shm, which belong to it while it is in use: back it up with SQLite's own means,
// or when nobody has it open.
//
// Every row has a checksum. One that does not match it is [store.ErrCorrupt]; delete it with SQLite's own
// means once you know what it was. (A key damaged in the index alone can make its record look absent;
// PRAGMA integrity_check finds such damage.)
//
// The store's clock is the machine's, which all processes share. When it is set back, ttls that were
// counted by it last that much longer.
package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// defaultBusyTimeout is how long a call waits for other processes when no option says otherwise.
const defaultBusyTimeout = 5 * time.Second

// readers is how many reads run at once. They wait neither for each other nor for the writer.
const readers = 4

// Store is an open file. It is safe for concurrent use.
type Store struct {
	path     string
	patience time.Duration
	clock    func() time.Time
	versions *store.Versions

	reads     *sql.DB
	get, page *sql.Stmt

	writes *sql.DB
	turn   chan struct{} // holds a token while a goroutine uses writer
	writer *writer
	closed atomic.Bool
}

var _ store.Store = (*Store)(nil)

// Option changes how a file is opened.
type Option func(*Store)

// WithBusyTimeout sets how long a call waits while other processes write, before it gives up with
// [store.ErrUnavailable]. The default is 5 seconds; a context that ends first ends the wait.
func WithBusyTimeout(d time.Duration) Option {
	return func(s *Store) { s.patience = d }
}

// Open opens the file at path and makes it if it does not exist; its directory must. The path names a file
// and nothing else: what SQLite would take for a database in memory, or for a URI, is refused.
//
// A file of another application or of another version of this module is [store.ErrSchema] and stays as it
// is; a file that is no database, or a damaged one, is [store.ErrCorrupt]; one that cannot be opened, or
// that another process keeps locked, is [store.ErrUnavailable].
func Open(ctx context.Context, path string, opts ...Option) (*Store, error) {
	abs, err := locate(path)
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: open: %w", err)
	}
	s := &Store{
		path:     abs,
		patience: defaultBusyTimeout,
		clock:    time.Now,
		versions: store.NewVersions(),
		turn:     make(chan struct{}, 1),
	}
	for _, opt := range opts {
		opt(s)
	}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("sqlitestore: open %s: %w", abs, errors.Join(s.fail(err), s.release()))
	}
	return s, nil
}

// open connects, checks whose file it is, and prepares the statements.
func (s *Store) open(ctx context.Context) (err error) {
	if s.writes, err = connect(s.path, "mode", "rwc", "_pragma", "fullfsync(1)", "_pragma", "checkpoint_fullfsync(1)"); err != nil {
		return err
	}
	s.writes.SetMaxOpenConns(1)
	conn, err := s.writes.Conn(ctx)
	if err != nil {
		return err
	}
	if err := s.retry(ctx, func() error { return adopt(ctx, conn, s.path) }); err != nil {
		return errors.Join(err, conn.Close())
	}
	if s.writer, err = newWriter(ctx, conn); err != nil {
		return err
	}
	if s.reads, err = connect(s.path, "mode", "rw", "_query_only", "1"); err != nil {
		return err
	}
	s.reads.SetMaxOpenConns(readers)
	s.reads.SetMaxIdleConns(readers)
	return s.retry(ctx, func() (err error) {
		if s.get, err = s.reads.PrepareContext(ctx, getRow); err != nil {
			return err
		}
		s.page, err = s.reads.PrepareContext(ctx, getPage)
		return err
	})
}

// Close waits for the write under way and closes the file. Calls after it return [store.ErrUnavailable];
// closing again does nothing.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if err := s.release(); err != nil {
		return fmt.Errorf("sqlitestore: close: %w", err)
	}
	return nil
}

// release closes whatever is open.
func (s *Store) release() error {
	var errs []error
	if s.reads != nil {
		errs = append(errs, s.reads.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.writes != nil {
		errs = append(errs, s.writes.Close())
	}
	return errors.Join(errs...)
}

// locate checks a path and makes it absolute.
func locate(path string) (string, error) {
	switch {
	case path == "" || path == ":memory:":
		return "", errors.New("a path to a file is needed; store.NewMemory keeps records in memory")
	case strings.HasPrefix(path, "file:"):
		return "", errors.New("the path is a URI, not that of a file")
	case strings.ContainsRune(path, 0):
		return "", errors.New("the path holds a zero byte")
	}
	return filepath.Abs(path)
}

// connect makes a pool of connections to the file with the given parameters of the driver.
func connect(path string, params ...string) (*sql.DB, error) {
	query := url.Values{
		"_pragma":    {"trusted_schema(0)", "cell_size_check(1)"},
		"_defensive": {"1"},
		"_dqs":       {"0"},
		"_error_rc":  {"1"},
	}
	for i := 0; i < len(params); i += 2 {
		query.Add(params[i], params[i+1])
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive
	}
	uri := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}
	connector, err := sqlite.NewConnector(uri.String())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}
