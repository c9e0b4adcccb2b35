package quota_test

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// BenchmarkReserveCommit measures a broadcast's reserve and commit on a warm ledger in memory, against the
// floor of two swaps of a value of the same size.
func BenchmarkReserveCommit(b *testing.B) {
	ctx := b.Context()
	account := func(i int) wechat.AppID { return wechat.AppID("wx" + strconv.Itoa(i/4)) }
	b.Run("ledger", func(b *testing.B) {
		s := store.NewMemory()
		var l *quota.Ledger
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%4 == 0 { // a month has four
				l = quota.New(s, account(i), service)
				if _, err := l.Remaining(ctx); err != nil {
					b.Fatal(err)
				}
			}
			id := strconv.Itoa(i)
			if _, err := l.Reserve(ctx, toAll(id)); err != nil {
				b.Fatal(err)
			}
			if err := l.Commit(ctx, id); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("two swaps", func(b *testing.B) {
		s, value := store.NewMemory(), bytes.Repeat([]byte("x"), 600)
		var key string
		var version uint64
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%4 == 0 {
				key, version = string(account(i))+"/quota/2026-12", 0
			}
			for range 2 {
				r, _, err := s.Swap(ctx, key, version, value, 0)
				if err != nil {
					b.Fatal(err)
				}
				version = r.Version
			}
		}
	})
}

// BenchmarkRemaining measures a look at what is left.
func BenchmarkRemaining(b *testing.B) {
	l := quota.New(store.NewMemory(), appID, service)
	if _, err := l.Reserve(b.Context(), toAll("a")); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Remaining(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode measures reading a month of records for the first time.
func BenchmarkDecode(b *testing.B) {
	s := store.NewMemory()
	l := quota.New(s, appID, quota.Policy{})
	for i := range 100 {
		if _, err := l.Reserve(b.Context(), toAll(strconv.Itoa(i))); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := quota.New(s, appID, service).Remaining(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
