package quota_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// TestQ1ConcurrentReservationsNeverOversell lets eight goroutines with ledgers of their own try a thousand
// times each for four units, in a hundred rounds.
func TestQ1ConcurrentReservationsNeverOversell(t *testing.T) {
	rounds, attempts := 100, 1000
	if raceEnabled || testing.Short() {
		rounds, attempts = 10, 200
	}
	s := store.NewMemory()
	for round := range rounds {
		account := wechat.AppID(fmt.Sprintf("wx%016d", round))
		at := "2027-03-10 12:00"
		if round%5 == 4 {
			at = "2027-03-31 23:59" // in two records
		}
		var won atomic.Int64
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				l := quota.New(&kit{Store: s}, account, service)
				for i := range attempts {
					s := toAll(fmt.Sprintf("%d-%d", g, i))
					s.At = moment(at)
					switch _, err := l.Reserve(t.Context(), s); {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, quota.ErrExhausted):
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if won.Load() != 4 {
			t.Fatalf("round %d: %d reservations, want 4", round, won.Load())
		}
	}
}

func TestLedgerIsSafeForConcurrentUse(t *testing.T) {
	ctx := t.Context()
	k := newKit().at("2026-12-10 12:00")
	many := service.Account[0]
	many.Max = 40
	l := quota.New(k, appID, quota.Policy{Account: []quota.Limit{many}})
	resolve := []func(context.Context, string) error{l.Commit, l.Release, l.Doubt}
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 6 {
				id := fmt.Sprintf("%d", (g*6+i)/3) // three goroutines' steps for each id
				if _, err := l.Reserve(ctx, toAll(id)); err != nil && !errors.Is(err, quota.ErrConflict) {
					t.Error(err)
				}
				n := (g*6 + i) / 3 % 3
				if err := resolve[n](ctx, id); err != nil && !errors.Is(err, quota.ErrConflict) {
					t.Error(err)
				}
				_ = l.Check(ctx, toAll(""))
				_, _ = l.Remaining(ctx)
			}
		})
	}
	wg.Wait()
	want := counted{}
	for id := range 32 {
		switch id % 3 {
		case 0:
			want.Used++
		case 2:
			want.Doubtful++
		}
	}
	want.Left = 40 - want.Used - want.Doubtful
	wantCount(t, l, want)
}

// TestStoreOperationsAreFew counts what a broadcast costs, alone and in the middle of a month.
func TestStoreOperationsAreFew(t *testing.T) { synctest.Test(t, storeOperationsAreFew) }

func storeOperationsAreFew(t *testing.T) {
	time.Sleep(10 * 24 * time.Hour)
	ctx := t.Context()
	k := newKit()
	count := func(l *quota.Ledger, want int64, calls ...func(*quota.Ledger) error) {
		t.Helper()
		before := k.ops()
		for _, call := range calls {
			must(t, call(l))
		}
		if got := k.ops() - before; got != want {
			t.Errorf("%d store operations, want %d", got, want)
		}
	}
	take := func(id string) func(*quota.Ledger) error {
		return func(l *quota.Ledger) error { _, err := l.Reserve(ctx, toAll(id)); return err }
	}
	commit := func(id string) func(*quota.Ledger) error {
		return func(l *quota.Ledger) error { return l.Commit(ctx, id) }
	}
	doubt := func(id string) func(*quota.Ledger) error {
		return func(l *quota.Ledger) error { return l.Doubt(ctx, id) }
	}
	l := quota.New(k, appID, service)
	count(l, 3, take("cold"), commit("cold"))
	count(l, 2, take("warm"), commit("warm"))
	count(l, 3, take("full"), doubt("full"), commit("full"))
	count(quota.New(k, appID, service), 3, take("other"), commit("other"))
	count(l, 1, func(l *quota.Ledger) error { _, err := l.Remaining(ctx); return err })
	refused := func(l *quota.Ledger) error {
		if err := take("fifth")(l); !errors.Is(err, quota.ErrExhausted) {
			return fmt.Errorf("got %w, want exhausted", err)
		}
		return nil
	}
	count(l, 1, refused)
	count(l, 1, commit("full")) // done already: looked up, not written
	count(l, 1, func(l *quota.Ledger) error { _ = l.Check(ctx, toAll("x")); return nil })
	if k.lists.Load() != 0 {
		t.Errorf("%d lists", k.lists.Load())
	}
}
