package sqlitestore

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

const (
	// applicationID marks a file as ours: "wxgo".
	applicationID = 0x7778676f
	// schemaVersion is the version of the tables below.
	schemaVersion = 1
	// ownerOnly is the mode of a new file. SQLite gives it to the files beside it as well.
	ownerOnly = 0o600
)

// tables is the schema. expires is in microseconds since 1970, 0 for never; sum is the checksum of the
// row. The key is not the table's own order (WITHOUT ROWID), because values of a few kilobytes would then
// crowd the tree that keys are looked up in: measured 2.3 times slower to write at 8 KB.
const tables = `
CREATE TABLE records (
	key     TEXT    NOT NULL PRIMARY KEY,
	version INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	sum     INTEGER NOT NULL,
	value   BLOB    NOT NULL
) STRICT;
CREATE INDEX expiring ON records (expires) WHERE expires > 0;`

// adopt makes sure that the file is ours, and makes it so if it is new. Several processes may do so at
// once. It touches no other application's file.
func adopt(ctx context.Context, conn *sql.Conn, path string) error {
	fresh, err := identify(ctx, conn, "BEGIN")
	if err != nil {
		return err
	}
	if fresh {
		if err := os.Chmod(path, ownerOnly); err != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("%w: the file system takes no write-ahead log, journal mode is %q", store.ErrUnavailable, mode)
	}
	if !fresh {
		return nil
	}
	_, err = identify(ctx, conn, "BEGIN IMMEDIATE")
	return err
}

// identify looks at the file in a transaction that begin starts. It reports whether the file is new; in an
// immediate transaction it then makes the tables.
func identify(ctx context.Context, conn *sql.Conn, begin string) (fresh bool, err error) {
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return false, err
	}
	defer func() {
		end := "COMMIT"
		if err != nil {
			end = "ROLLBACK"
		}
		if _, e := conn.ExecContext(context.WithoutCancel(ctx), end); err == nil {
			err = e
		}
	}()
	var application, version, objects int64
	for query, into := range map[string]*int64{
		"PRAGMA application_id":              &application,
		"PRAGMA user_version":                &version,
		"SELECT count(*) FROM sqlite_schema": &objects,
	} {
		if err := conn.QueryRowContext(ctx, query).Scan(into); err != nil {
			return false, err
		}
	}
	switch {
	case application == applicationID && version == schemaVersion:
		return false, nil
	case application == applicationID:
		return false, fmt.Errorf("%w: the file has schema %d, this module knows %d", store.ErrSchema, version, schemaVersion)
	case application != 0 || version != 0 || objects != 0:
		return false, fmt.Errorf("%w: the file is another application's (id %#x, %d tables and indexes)", store.ErrSchema, application, objects)
	case begin == "BEGIN":
		return true, nil
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf("%s PRAGMA application_id = %d; PRAGMA user_version = %d;",
		tables, applicationID, schemaVersion))
	return true, err
}
