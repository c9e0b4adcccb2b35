package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// Two who want the same lease: the one that swaps first has it.
func ExampleNewMemory() {
	ctx := context.Background()
	s := store.NewMemory()
	free, err := s.Get(ctx, "wx0123456789abcdef/token/lease")
	if err != nil {
		log.Fatal(err)
	}
	for _, who := range []string{"worker 1", "worker 2"} {
		now, swapped, err := s.Swap(ctx, free.Key, free.Version, []byte(who), 10*time.Second)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: swapped %t, the lease is with %s\n", who, swapped, now.Value)
	}
	// Output:
	// worker 1: swapped true, the lease is with worker 1
	// worker 2: swapped false, the lease is with worker 1
}

// A list may be left at any time, and begins anew when it is ranged over again.
func ExampleMemory_List() {
	ctx := context.Background()
	s := store.NewMemory()
	for _, day := range []string{"2026-12-03", "2026-12-01", "2026-12-02"} {
		if _, _, err := s.Swap(ctx, "wx0123456789abcdef/due/"+day, 0, []byte("job"), 0); err != nil {
			log.Fatal(err)
		}
	}
	for r, err := range s.List(ctx, "wx0123456789abcdef/due/", "") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Key)
		if r.Key >= "wx0123456789abcdef/due/2026-12-02" {
			break
		}
	}
	// Output:
	// wx0123456789abcdef/due/2026-12-01
	// wx0123456789abcdef/due/2026-12-02
}

// The database sees only what is sealed; another key does not open it.
func ExampleSealed() {
	ctx := context.Background()
	key, another := make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand never returns an error
	_, _ = rand.Read(another)

	database := store.NewMemory()
	s, err := store.Sealed(database, key)
	if err != nil {
		log.Fatal(err)
	}
	if _, _, err := s.Swap(ctx, "wx0123456789abcdef/token", 0, []byte("access token"), 2*time.Hour); err != nil {
		log.Fatal(err)
	}
	kept, err := database.Get(ctx, "wx0123456789abcdef/token")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("in the clear in the database:", bytes.Contains(kept.Value, []byte("access token")))

	opened, err := s.Get(ctx, "wx0123456789abcdef/token")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("through the sealed store: %s\n", opened.Value)

	wrong, err := store.Sealed(database, another)
	if err != nil {
		log.Fatal(err)
	}
	_, err = wrong.Get(ctx, "wx0123456789abcdef/token")
	fmt.Println("with another key:", errors.Is(err, store.ErrCorrupt))
	// Output:
	// in the clear in the database: false
	// through the sealed store: access token
	// with another key: true
}
