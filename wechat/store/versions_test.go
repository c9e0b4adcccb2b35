package store_test

import (
	"sync"
	"testing"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

func TestVersionsNeverRepeat(t *testing.T) {
	const epochs, workers, each = 50, 4, 500
	var (
		mu   sync.Mutex
		seen = map[uint64]bool{}
		wg   sync.WaitGroup
	)
	for range epochs {
		v := store.NewVersions()
		for range workers {
			wg.Go(func() {
				for range each {
					n := v.Next()
					mu.Lock()
					if n == 0 || n>>63 != 0 || seen[n] {
						t.Errorf("version %d is 0, no positive int64, or came back", n)
					}
					seen[n] = true
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	if len(seen) != epochs*workers*each {
		t.Errorf("%d different versions of %d", len(seen), epochs*workers*each)
	}
}

func TestVersionsPassOverZero(t *testing.T) {
	for _, last := range []uint64{1<<63 - 2, 1<<64 - 2} {
		v := store.VersionsFrom(last)
		if a, b := v.Next(), v.Next(); a != 1<<63-1 || b != 1 {
			t.Errorf("after %#x come %#x and %#x, want the greatest and 1", last, a, b)
		}
	}
}
