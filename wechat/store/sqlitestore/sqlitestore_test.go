package sqlitestore_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
	"github.com/seed-a9908ced/wechat-go/wechat/store/storetest"
)

// childEnv makes the test binary run as a child of a test: its value says which one.
const childEnv = "SQLITESTORE_CHILD"

func TestMain(m *testing.M) {
	if child, ok := children[os.Getenv(childEnv)]; ok {
		os.Exit(child(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// open opens a file and closes it after the test.
func open(tb testing.TB, path string, opts ...sqlitestore.Option) *sqlitestore.Store {
	tb.Helper()
	s, err := sqlitestore.Open(tb.Context(), path, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestStoreKeepsTheContract(t *testing.T) {
	var (
		clock sqlitestore.Clock
		paths = map[store.Store]string{}
	)
	openAt := func(t *testing.T, path string) store.Store {
		t.Helper()
		s := clock.With(open(t, path))
		paths[s] = path
		return s
	}
	fresh := func(t *testing.T) store.Store {
		t.Helper()
		return openAt(t, filepath.Join(t.TempDir(), "wechat.db"))
	}
	reopen := func(t *testing.T, s store.Store) store.Store {
		t.Helper()
		if err := s.(*sqlitestore.Store).Close(); err != nil {
			t.Fatal(err)
		}
		return openAt(t, paths[s])
	}
	damage := func(t *testing.T, s store.Store, key string) {
		t.Helper()
		err := s.(*sqlitestore.Store).Exec(t.Context(), "UPDATE records SET value = zeroblob(length(value)) WHERE key = ?", key)
		if err != nil {
			t.Fatal(err)
		}
	}
	storetest.Run(t, fresh, storetest.WithShift(clock.Shift), storetest.WithReopen(reopen), storetest.WithDamage(damage))
}
