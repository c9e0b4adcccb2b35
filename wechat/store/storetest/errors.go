package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// kinds are the errors that must be told apart.
var kinds = []error{store.ErrUnavailable, store.ErrCorrupt, store.ErrTooLarge, store.ErrSchema, store.ErrKey}

// only checks that err is want and none of the other kinds.
func (k *kit) only(call string, err, want error) {
	k.Helper()
	if !errors.Is(err, want) {
		k.Errorf("%s: %v, want %v", call, err, want)
	}
	for _, kind := range kinds {
		if !errors.Is(want, kind) && errors.Is(err, kind) {
			k.Errorf("%s: %v is %v as well, want only %v", call, err, kind, want)
		}
	}
}

func errorsDistinct(k *kit) {
	ctx, cancel := k.limit()
	defer cancel()
	_, err := k.store.Get(ctx, "no partition")
	k.only("Get of a bad key", err, store.ErrKey)
	_, _, err = k.store.Swap(ctx, "no-partition", 0, []byte("x"), 0)
	k.only("Swap of a bad key", err, store.ErrKey)
	_, _, err = k.store.Swap(ctx, account+"a", 0, []byte(sized(k.maxValue+1)), 0)
	k.only("Swap of a large value", err, store.ErrTooLarge)
	for _, err := range k.store.List(ctx, "", "") {
		k.only("List of a bad prefix", err, store.ErrKey)
	}
	k.absent(account + "a")
}

func damaged(k *kit) {
	keys := k.fill(20)
	bad := keys[10]
	before := k.get(bad)
	k.spoil(bad)
	ctx, cancel := k.limit()
	defer cancel()
	if r, err := k.store.Get(ctx, bad); err == nil {
		k.Errorf("Get of a damaged record returned %v with the value %s", r, short(string(r.Value)))
	} else {
		k.only("Get of a damaged record", err, store.ErrCorrupt)
	}
	if r, swapped, err := k.store.Swap(ctx, bad, before.Version+1, []byte("x"), 0); err == nil {
		k.Errorf("Swap of another version of a damaged record = %v, %t, want store.ErrCorrupt", r, swapped)
	} else {
		k.only("Swap of a damaged record", err, store.ErrCorrupt)
	}
	n := 0
	var err error
	for r, e := range k.store.List(ctx, account, "") {
		if err != nil {
			k.Fatalf("List went on after %v", err)
		}
		if err = e; err == nil {
			k.is("List", r, keys[n])
			n++
		}
	}
	k.only("List over a damaged record", err, store.ErrCorrupt)
	if n > 10 {
		k.Errorf("List yielded %d records before the damaged one, want at most 10", n)
	}
	k.holds(keys[9], keys[9])
	k.holds(keys[11], keys[11])
}

func contextEndsCalls(k *kit) {
	key := account + "a"
	k.put(key, "kept", 0)
	canceled, cancel := context.WithCancel(k.Context())
	cancel()
	late, cancel := context.WithDeadline(k.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for want, ctx := range map[error]context.Context{context.Canceled: canceled, context.DeadlineExceeded: late} {
		_, err := k.store.Get(ctx, key)
		k.only("Get", err, want)
		_, swapped, err := k.store.Swap(ctx, key, 0, []byte("x"), 0)
		k.only("Swap", err, want)
		if swapped {
			k.Errorf("Swap with an ended context swapped")
		}
		n := 0
		for r, err := range k.store.List(ctx, account, "") {
			n++
			k.only("List", err, want)
			if r.Version != 0 {
				k.Errorf("List with an ended context yielded %v", r)
			}
		}
		if n != 1 {
			k.Errorf("List with an ended context yielded %d times, want the error once", n)
		}
	}
	k.holds(key, "kept")
}

func contextEndsList(k *kit) {
	k.fill(many)
	ctx, cancel := context.WithCancel(k.Context())
	defer cancel()
	records, ended := 0, 0
	var last error
	for _, err := range k.store.List(ctx, account, "") {
		if err != nil {
			ended, last = ended+1, err
			continue
		}
		if ended > 0 {
			k.Fatalf("List went on after %v", last)
		}
		if records++; records == 3 {
			cancel()
		}
	}
	if ended != 1 || records >= many {
		k.Fatalf("List whose context ended after 3 records yielded %d records and %d errors, want one error before the end", records, ended)
	}
	k.only("List", last, context.Canceled)
}
