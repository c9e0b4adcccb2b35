package store_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}

// must swaps and expects to have changed the key.
func must(tb testing.TB, s store.Store, key string, version uint64, value string, ttl time.Duration) store.Record {
	tb.Helper()
	r, swapped, err := s.Swap(tb.Context(), key, version, []byte(value), ttl)
	if err != nil || !swapped {
		tb.Fatalf("Swap(%q, %d) = %v, %t, %v", key, version, r, swapped, err)
	}
	return r
}

func TestMemoryCountsTTLsInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.NewMemory()
		began := time.Now()
		must(t, s, "wx/token/lease", 0, "holder", 10*time.Second)
		for _, c := range []struct {
			wait  time.Duration
			alive bool
		}{{0, true}, {10*time.Second - 1, true}, {1, false}, {time.Hour, false}} {
			time.Sleep(c.wait)
			r, err := s.Get(t.Context(), "wx/token/lease")
			if err != nil || (r.Version != 0) != c.alive {
				t.Errorf("after %v: %v, %v, want it alive: %t", time.Since(began), r, err, c.alive)
			}
			if !r.Now.Equal(time.Now()) {
				t.Errorf("Now is %v, want %v", r.Now, time.Now())
			}
		}
	})
}

// In a bubble a list may be ranged over as slowly as one likes; others go on meanwhile.
func TestMemoryHoldsNoLockWhileItYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.NewMemory()
		for i := range 300 {
			must(t, s, fmt.Sprintf("wx/%03d", i), 0, "1", 0)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var (
			writes int
			wg     sync.WaitGroup
		)
		wg.Go(func() {
			version := versionOf(t, s, "wx/150")
			for {
				select {
				case <-time.After(time.Second):
					version = must(t, s, "wx/150", version, "2", 0).Version
					writes++
				case <-ctx.Done():
					return
				}
			}
		})
		for _, err := range s.List(t.Context(), "wx/", "") {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		cancel()
		wg.Wait()
		if writes < 299 {
			t.Errorf("%d writes went through while a list was read for 300 s, want one a second", writes)
		}
	})
}

func TestMemoryBeginsAnotherEpochEachTime(t *testing.T) {
	versions := map[uint64]bool{}
	for range 200 {
		s := store.NewMemory()
		v := must(t, s, "wx/a", 0, "1", 0).Version
		for range 20 {
			if versions[v] {
				t.Fatalf("version %d came back in another Memory", v)
			}
			versions[v] = true
			v = must(t, s, "wx/a", v, "1", 0).Version
		}
	}
}

// A Memory has no goroutine, yet what expires does not pile up as long as something is written.
func TestMemoryForgetsWhatExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const each, rounds = 1000, 50
		s := store.NewMemory()
		for round := range rounds {
			for i := range each {
				must(t, s, fmt.Sprintf("wx/seen/%d-%d", round, i), 0, "1", time.Minute)
			}
			time.Sleep(2 * time.Minute)
		}
		records, keys := s.Size()
		if records > 2*each || keys > 5*each {
			t.Errorf("after %d records expired, Memory holds %d and %d keys, want about %d", rounds*each, records, keys, each)
		}
		for range 10 * rounds * each {
			must(t, s, "wx/other", versionOf(t, s, "wx/other"), "1", 0)
		}
		if records, keys := s.Size(); records > 20 || keys > 50 {
			t.Errorf("after many other writes Memory holds %d records and %d keys of which 1 lives", records, keys)
		}
	})
}

func versionOf(tb testing.TB, s store.Store, key string) uint64 {
	tb.Helper()
	r, err := s.Get(tb.Context(), key)
	if err != nil {
		tb.Fatal(err)
	}
	return r.Version
}

func TestMemoryForgetsDeletedKeys(t *testing.T) {
	s := store.NewMemory()
	for i := range 20_000 {
		key := fmt.Sprintf("wx%d/open/%d", i%7, i%1000)
		r := must(t, s, key, 0, "1", 0)
		must(t, s, key, r.Version, "", 0)
	}
	if records, keys := s.Size(); records != 0 || keys > 20 {
		t.Errorf("an emptied Memory holds %d records and %d keys", records, keys)
	}
}

func TestMemoryListsEveryPartitionWhileOthersWrite(t *testing.T) {
	s := store.NewMemory()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for p := range 4 {
		for i := range 200 {
			must(t, s, fmt.Sprintf("wx%d/kept/%03d", p, i), 0, "1", 0)
		}
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				key := fmt.Sprintf("wx%d/kept/%03d.%d", p, i%200, i%3)
				r, err := s.Get(ctx, key)
				if err == nil {
					value := []byte("1")[:1-i%2]
					_, _, err = s.Swap(ctx, key, r.Version, value, time.Duration(i%5))
				}
				if err != nil && ctx.Err() == nil {
					t.Errorf("writing: %v", err)
				}
				runtime.Gosched()
			}
		})
	}
	for round := range 20 {
		prefix, n, last := fmt.Sprintf("wx%d/kept/", round%4), 0, ""
		for r, err := range s.List(ctx, prefix, "") {
			if err != nil {
				t.Fatal(err)
			}
			if r.Key <= last || !strings.HasPrefix(r.Key, prefix) {
				t.Fatalf("List(%q) yielded %q after %q", prefix, r.Key, last)
			}
			if last = r.Key; !strings.Contains(r.Key, ".") {
				n++
			}
		}
		if n != 200 {
			t.Fatalf("List(%q) yielded %d of 200 records that were there all along", prefix, n)
		}
	}
	cancel()
	wg.Wait()
}

func TestNothingPrintsAValue(t *testing.T) {
	s := store.NewMemory()
	r := must(t, s, "wx/token", 0, "s3cret", 0)
	holder := struct {
		Store  store.Store
		Record store.Record
	}{s, r}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{s, r, &r, []store.Record{r}, holder, map[string]any{"a": r, "s": s}} {
			got := fmt.Sprintf(verb, value)
			for _, leak := range []string{"s3cret", "733363726574", "115 51 99", "0x73, 0x33"} {
				if strings.Contains(got, leak) {
					t.Errorf("Sprintf(%q, %T) = %s", verb, value, got)
				}
			}
		}
	}
	if got, want := fmt.Sprint(r), fmt.Sprintf("wx/token@%d (6 bytes)", r.Version); got != want {
		t.Errorf("a record prints as %q, want %q", got, want)
	}
	if got := r.LogValue().String(); got != fmt.Sprint(r) {
		t.Errorf("a record is logged as %q, want %q", got, r)
	}
}

func BenchmarkMemoryGet(b *testing.B) {
	s, ctx := store.NewMemory(), b.Context()
	must(b, s, "wx0123456789abcdef/token", 0, strings.Repeat("t", 512), time.Hour)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := s.Get(ctx, "wx0123456789abcdef/token"); err != nil || r.Version == 0 {
				b.Fatal(r, err)
			}
		}
	})
}

func BenchmarkMemorySwap(b *testing.B) {
	s, value := store.NewMemory(), make([]byte, 512)
	var version uint64
	b.ReportAllocs()
	for b.Loop() {
		r, swapped, err := s.Swap(b.Context(), "wx0123456789abcdef/token", version, value, time.Hour)
		if err != nil || !swapped {
			b.Fatal(r, swapped, err)
		}
		version = r.Version
	}
}

func BenchmarkMemoryList(b *testing.B) {
	s := store.NewMemory()
	for i := range 10_000 {
		must(b, s, fmt.Sprintf("wx0123456789abcdef/job/%05d", i*7919%10_000), 0, "1", 0)
	}
	for b.Loop() {
		for _, err := range s.List(b.Context(), "wx0123456789abcdef/", "") {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/record")
}
