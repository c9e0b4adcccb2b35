package sqlitestore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
)

// What was written without a ttl is there after a restart, and its version with it.
func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "sqlitestore")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "wechat.db")

	s, err := sqlitestore.Open(ctx, path)
	if err != nil {
		log.Fatal(err)
	}
	before, _, err := s.Swap(ctx, "wx0123456789abcdef/job/launch", 0, []byte(`{"state":"reserved"}`), 0)
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Close(); err != nil {
		log.Fatal(err)
	}

	s, err = sqlitestore.Open(ctx, path)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	after, err := s.Get(ctx, "wx0123456789abcdef/job/launch")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, same version: %t\n", after.Value, after.Version == before.Version)
	// Output: {"state":"reserved"}, same version: true
}
