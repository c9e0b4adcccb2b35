package quota_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

const appID = "wx0123456789abcdef"

var (
	china   = time.FixedZone("", 8*60*60)
	service = quota.ServicePolicy(wechat.Documented)
	daily   = quota.SubscriptionPolicy(wechat.Documented)
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		os.Exit(child(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

// kit is a store whose clock can be shifted, whose operations are counted, and whose swaps can fail.
type kit struct {
	store.Store
	shift      atomic.Int64 // added to Now, in nanoseconds
	gets, swap atomic.Int64
	lists      atomic.Int64
	down       atomic.Bool
	// fault is asked before each swap whether it fails, and whether it happens nevertheless.
	fault func(key string) (happens, fails bool)
	// after is told of each swap that happened.
	after func(key string)
}

var errCable = errors.New("cable cut")

func newKit() *kit { return &kit{Store: store.NewMemory()} }

// at sets the store's clock. Time goes on from there.
func (k *kit) at(s string) *kit {
	k.shift.Store(int64(time.Until(moment(s))))
	return k
}

func (k *kit) ops() int64 { return k.gets.Load() + k.swap.Load() + k.lists.Load() }

func (k *kit) now() time.Time { return time.Now().Add(time.Duration(k.shift.Load())) }

func (k *kit) shifted(r store.Record) store.Record {
	r.Now = r.Now.Add(time.Duration(k.shift.Load()))
	return r
}

func (k *kit) Get(ctx context.Context, key string) (store.Record, error) {
	k.gets.Add(1)
	if k.down.Load() {
		return store.Record{}, errCable
	}
	r, err := k.Store.Get(ctx, key)
	return k.shifted(r), err
}

func (k *kit) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (store.Record, bool, error) {
	k.swap.Add(1)
	if k.down.Load() {
		return store.Record{}, false, errCable
	}
	happens, fails := true, false
	if k.fault != nil {
		happens, fails = k.fault(key)
	}
	if !happens {
		return store.Record{}, false, errCable
	}
	r, swapped, err := k.Store.Swap(ctx, key, version, value, ttl)
	if fails {
		return store.Record{}, false, errCable
	}
	if swapped && k.after != nil {
		k.after(key)
	}
	return k.shifted(r), swapped, err
}

func (k *kit) List(ctx context.Context, prefix, after string) iter.Seq2[store.Record, error] {
	k.lists.Add(1)
	return func(yield func(store.Record, error) bool) {
		if k.down.Load() {
			yield(store.Record{}, errCable)
			return
		}
		for r, err := range k.Store.List(ctx, prefix, after) {
			if !yield(k.shifted(r), err) {
				return
			}
		}
	}
}

// moment reads a time at UTC+8.
func moment(s string) time.Time {
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, china); err == nil {
			return t
		}
	}
	panic("not a time: " + s)
}

func toAll(id string) quota.Spend { return quota.Spend{ID: id, Reach: quota.Everyone} }

func planned(id, at string) quota.Spend {
	return quota.Spend{ID: id, Reach: quota.Everyone, At: moment(at)}
}

func reserve(t *testing.T, l *quota.Ledger, s quota.Spend) quota.Reservation {
	t.Helper()
	r, err := l.Reserve(t.Context(), s)
	if err != nil {
		t.Fatalf("Reserve(%+v): %v", s, err)
	}
	return r
}

// must fails the test if a call did.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantIs checks the kind of an error.
func wantIs(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got error %v, want %v", err, kind)
	}
}

// counted are the numbers of a balance.
type counted struct{ Used, Held, Doubtful, External, Left int }

func balances(t *testing.T, l *quota.Ledger) []quota.Balance {
	t.Helper()
	r, err := l.Remaining(t.Context())
	must(t, err)
	return r.Balances
}

func wantCount(t *testing.T, l *quota.Ledger, want counted) {
	t.Helper()
	b := balances(t, l)[0]
	if got := (counted{b.Used, b.Held, b.Doubtful, b.External, b.Left}); got != want {
		t.Fatalf("%s in %s: got %+v, want %+v", b.Limit.Name, b.Window, got, want)
	}
}
