package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

func missingKey(k *kit) {
	k.absent(account + "token")
	k.put(account+"token", "t1", 0)
	k.absent(account + "token/lease")
	k.absent(account + "toke")
}

func expiredKey(k *kit) {
	key := account + "token/lease"
	old := k.put(key, "holder 1", k.ttl)
	k.outlive()
	k.absent(key)
	if r, swapped := k.swap(key, old.Version, "holder 1 again", k.ttl); swapped {
		k.Fatalf("Swap(%q) with the version that expired swapped: %v", key, r)
	}
	r, swapped := k.swap(key, 0, "holder 2", 0)
	if !swapped {
		k.Fatalf("Swap(%q, 0) did not create over an expired record: %v", key, r)
	}
	k.holds(key, "holder 2")
}

func swapCreates(k *kit) {
	key := account + "job/1"
	created, swapped := k.swap(key, 0, "first", 0)
	if !swapped {
		k.Fatalf("Swap(%q, 0) did not create a missing key", key)
	}
	k.is("Swap", created, "first")
	now, swapped := k.swap(key, 0, "second", 0)
	if swapped {
		k.Fatalf("Swap(%q, 0) replaced an existing key", key)
	}
	if now.Version != created.Version {
		k.Fatalf("a refused Swap returned version %d, want %d", now.Version, created.Version)
	}
	k.is("Swap", now, "first")
	k.holds(key, "first")
}

func emptyDeletes(k *kit) {
	key := account + "menu"
	for _, empty := range [][]byte{nil, {}} {
		before := k.put(key, "menu", 0)
		if r, swapped := k.swap(key, before.Version+1, "", 0); swapped {
			k.Fatalf("Swap(%q) with another version deleted: %v", key, r)
		}
		k.holds(key, "menu")
		ctx, cancel := k.limit()
		r, swapped, err := k.store.Swap(ctx, key, before.Version, empty, time.Hour)
		cancel()
		if err != nil || !swapped || r.Version != 0 {
			k.Fatalf("Swap(%q, %d, %#v) = %v, %t, %v, want it deleted", key, before.Version, empty, r, swapped, err)
		}
		k.sound("Swap", key, r)
		k.absent(key)
	}
	if r, swapped := k.swap(key, 0, "", 0); !swapped || r.Version != 0 {
		k.Fatalf("deleting a missing key = %v, %t, want it absent and swapped", r, swapped)
	}
	k.absent(key)
}

func swapComparesVersions(k *kit) {
	key, other := account+"quota/2026-12", account+"quota/2027-01"
	first := k.put(key, "1", 0)
	second := k.put(key, "2", 0)
	elsewhere := k.put(other, "other", 0)
	for _, wrong := range []uint64{0, 1, first.Version, second.Version - 1, second.Version + 1, elsewhere.Version, 1<<64 - 1} {
		if wrong == second.Version {
			continue
		}
		for _, value := range []string{"3", ""} {
			if r, swapped := k.swap(key, wrong, value, 0); swapped {
				k.Fatalf("Swap(%q, %d, %q) of version %d swapped: %v", key, wrong, value, second.Version, r)
			}
		}
		if now := k.holds(key, "2"); now.Version != second.Version {
			k.Fatalf("refused swaps changed version %d to %d", second.Version, now.Version)
		}
	}
	if r, swapped := k.swap(key, second.Version, "3", 0); !swapped {
		k.Fatalf("Swap(%q) of its version %d did not swap: %v", key, second.Version, r)
	}
	k.holds(key, "3")
	k.holds(other, "other")
}

func swapReturnsRecord(k *kit) {
	key := account + "token"
	version := uint64(0)
	for i := range 3 {
		value := "token " + strconv.Itoa(i)
		r, swapped := k.swap(key, version, value, 0)
		if !swapped {
			k.Fatalf("Swap(%q, %d) did not swap", key, version)
		}
		k.is("Swap", r, value)
		if got := k.holds(key, value); got.Version != r.Version {
			k.Fatalf("Swap returned version %d, then Get %d", r.Version, got.Version)
		}
		refused, swapped := k.swap(key, version, "late", 0)
		if swapped {
			k.Fatalf("Swap(%q, %d) swapped twice", key, version)
		}
		k.is("a refused Swap", refused, value)
		if refused.Version != r.Version {
			k.Fatalf("a refused Swap returned version %d, want %d", refused.Version, r.Version)
		}
		version = r.Version
	}
	gone, swapped := k.swap(key, version, "", 0)
	if !swapped || gone.Version != 0 {
		k.Fatalf("deleting Swap = %v, %t, want it absent and swapped", gone, swapped)
	}
	late, swapped := k.swap(key, version, "late", 0)
	if swapped || late.Version != 0 {
		k.Fatalf("Swap of a deleted version = %v, %t, want it absent and not swapped", late, swapped)
	}
}

// oneSwapWins has several goroutines swap the same version, round by round. The first round creates.
func oneSwapWins(k *kit) {
	const rounds, contenders = 40, 8
	key := account + "token/lease"
	version := uint64(0)
	ctx, cancel := k.limit()
	defer cancel()
	for round := range rounds {
		var (
			wg      sync.WaitGroup
			start   = make(chan struct{})
			results [contenders]store.Record
			won     [contenders]bool
		)
		for i := range contenders {
			wg.Go(func() {
				<-start
				var err error
				results[i], won[i], err = k.store.Swap(ctx, key, version, fmt.Appendf(nil, "%d/%d", round, i), 0)
				if err != nil {
					k.Errorf("round %d: Swap: %v", round, err)
				}
			})
		}
		close(start)
		wg.Wait()
		if k.Failed() {
			return
		}
		winner := slices.Index(won[:], true)
		if winner < 0 || slices.Contains(won[winner+1:], true) {
			k.Fatalf("round %d: %d goroutines swapped version %d; won: %v, want exactly one", round, contenders, version, won)
		}
		want := fmt.Sprintf("%d/%d", round, winner)
		for _, r := range results {
			k.is("Swap", r, want)
			if r.Version != results[winner].Version {
				k.Fatalf("round %d: a loser saw version %d, the winner has %d", round, r.Version, results[winner].Version)
			}
		}
		k.holds(key, want)
		version = results[winner].Version
	}
}

// noLostUpdate counts up with several goroutines, which all begin with the same version, while others watch
// that the count never falls.
func noLostUpdate(k *kit) {
	const writers, readers, each = 6, 2, 25
	key := account + "counter"
	ctx, cancel := k.limit()
	defer cancel()
	var (
		writing, reading, begun sync.WaitGroup
		done                    atomic.Bool
	)
	begun.Add(writers)
	together := func() { begun.Done(); begun.Wait() }
	for range writers {
		writing.Go(func() {
			for i := range each {
				think := runtime.Gosched
				if i == 0 {
					think = together
				}
				if err := increment(ctx, k.store, key, think); err != nil {
					k.Errorf("increment: %v", err)
					return
				}
			}
		})
	}
	for range readers {
		reading.Go(func() {
			for last := 0; !done.Load(); {
				r, err := k.store.Get(ctx, key)
				if err != nil {
					k.Errorf("Get: %v", err)
					return
				}
				n, _ := strconv.Atoi(string(r.Value))
				if n < last {
					k.Errorf("Get returned %d after %d", n, last)
					return
				}
				last = n
			}
		})
	}
	writing.Wait()
	done.Store(true)
	reading.Wait()
	if !k.Failed() {
		k.holds(key, strconv.Itoa(writers*each))
	}
}

// increment adds one to a decimal counter. Between its first read and the swap it thinks.
func increment(ctx context.Context, s store.Store, key string, think func()) error {
	now, err := s.Get(ctx, key)
	think()
	for err == nil {
		n, _ := strconv.Atoi(string(now.Value))
		var swapped bool
		now, swapped, err = s.Swap(ctx, key, now.Version, []byte(strconv.Itoa(n+1)), 0)
		if swapped {
			return err
		}
	}
	return err
}

func concurrentKeys(k *kit) {
	const workers, each = 8, 20
	ctx, cancel := k.limit()
	defer cancel()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			key := fmt.Sprintf("%sworker/%d", account, w)
			for i := range each {
				if err := increment(ctx, k.store, key, runtime.Gosched); err != nil {
					k.Errorf("increment: %v", err)
					return
				}
				seen := 0
				for r, err := range k.store.List(ctx, account+"worker/", "") {
					if err != nil {
						k.Errorf("List: %v", err)
						return
					}
					if r.Key == key {
						seen, _ = strconv.Atoi(string(r.Value))
					}
				}
				if seen != i+1 {
					k.Errorf("List shows %d in %s after %d was written", seen, key, i+1)
					return
				}
			}
		})
	}
	wg.Wait()
}

// interruptedSwap cancels swaps at different moments and looks at what they left.
func interruptedSwap(k *kit) {
	key := account + "job/1"
	before := k.put(key, "0", 0)
	for i := 1; i <= 60; i++ {
		value := strconv.Itoa(i)
		ctx, cancel := context.WithCancel(k.Context())
		timer := time.AfterFunc(time.Duration(i%20)*20*time.Microsecond, cancel)
		r, swapped, err := k.store.Swap(ctx, key, before.Version, []byte(value), 0)
		timer.Stop()
		cancel()
		now := k.get(key)
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			k.Fatalf("an interrupted Swap: %v, want context.Canceled", err)
		case err == nil && !swapped:
			k.Fatalf("Swap of the current version %d did not swap: %v", before.Version, r)
		case err == nil:
			k.is("Swap", r, value)
			k.is("Get", now, value)
		case now.Version == before.Version:
			k.is("Get", now, string(before.Value))
		default:
			k.is("Get", now, value)
		}
		before = now
	}
}
