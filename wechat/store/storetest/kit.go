package storetest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// kit is what a check works with: a testing.TB to fail, a store that is empty, and short words for what is
// said often. Its methods end the check where the store fails, so only the check's own goroutine may call
// them.
type kit struct {
	testing.TB
	*suite
	t     *testing.T // what options get: TB, except where the suite is itself under test
	store store.Store
}

// account is the partition that checks use.
const account = "wx0123456789abcdef/"

// name makes the i-th of many keys, which ascend.
func name(i int) string { return fmt.Sprintf("%sjob/%05d", account, i) }

// limit bounds one call, so that a store that blocks fails the check instead of hanging it.
func (k *kit) limit() (context.Context, context.CancelFunc) {
	return context.WithTimeout(k.Context(), k.patience)
}

func (k *kit) get(key string) store.Record {
	k.Helper()
	ctx, cancel := k.limit()
	defer cancel()
	r, err := k.store.Get(ctx, key)
	if err != nil {
		k.Fatalf("Get(%q): %v", key, err)
	}
	k.sound("Get", key, r)
	return r
}

func (k *kit) swap(key string, version uint64, value string, ttl time.Duration) (store.Record, bool) {
	k.Helper()
	ctx, cancel := k.limit()
	defer cancel()
	r, swapped, err := k.store.Swap(ctx, key, version, []byte(value), ttl)
	if err != nil {
		k.Fatalf("Swap(%q, %d, %s, %v): %v", key, version, short(value), ttl, err)
	}
	k.sound("Swap", key, r)
	return r, swapped
}

// sound checks what is true of every record that is returned without an error.
func (k *kit) sound(call, key string, r store.Record) {
	k.Helper()
	if r.Key != key {
		k.Fatalf("%s(%q) returned the record of %q", call, key, r.Key)
	}
	if r.Now.IsZero() {
		k.Fatalf("%s(%q): Now is zero", call, key)
	}
	if r.Version == 0 && len(r.Value) > 0 {
		k.Fatalf("%s(%q): an absent record has the value %s", call, key, short(string(r.Value)))
	}
	if r.Version != 0 && len(r.Value) == 0 {
		k.Fatalf("%s(%q): a record of version %d has no value", call, key, r.Version)
	}
}

// put writes the key whatever it holds.
func (k *kit) put(key, value string, ttl time.Duration) store.Record {
	k.Helper()
	before := k.get(key)
	r, swapped := k.swap(key, before.Version, value, ttl)
	if !swapped && r.Version == 0 { // its ttl lapsed in between
		r, swapped = k.swap(key, 0, value, ttl)
	}
	if !swapped {
		k.Fatalf("Swap(%q, %d, %s, %v) of the current version did not swap; it returned %v",
			key, before.Version, short(value), ttl, r)
	}
	return r
}

// holds checks a key's value.
func (k *kit) holds(key, value string) store.Record {
	k.Helper()
	r := k.get(key)
	k.is("Get", r, value)
	return r
}

// is checks a returned record's value.
func (k *kit) is(call string, r store.Record, value string) {
	k.Helper()
	if r.Version == 0 {
		k.Fatalf("%s(%q) says the key is absent, want the value %s", call, r.Key, short(value))
	}
	if string(r.Value) != value {
		k.Fatalf("%s(%q) returned the value %s, want %s", call, r.Key, short(string(r.Value)), short(value))
	}
}

// absent checks that a key has no record, by Get, by Swap and by List.
func (k *kit) absent(key string) {
	k.Helper()
	if r := k.get(key); r.Version != 0 {
		k.Fatalf("Get(%q) = %v, want it absent", key, r)
	}
	if r, swapped := k.swap(key, 1, "x", 0); swapped || r.Version != 0 {
		k.Fatalf("Swap(%q, 1) of an absent key = %v, %t, want it absent and not swapped", key, r, swapped)
	}
	if got := k.keys(key, ""); slices.Contains(got, key) {
		k.Fatalf("List(%q) has the absent key", key)
	}
}

// list reads a whole list.
func (k *kit) list(prefix, after string) []store.Record {
	k.Helper()
	ctx, cancel := k.limit()
	defer cancel()
	var records []store.Record
	for r, err := range k.store.List(ctx, prefix, after) {
		if err != nil {
			k.Fatalf("List(%q, %q) after %d records: %v", prefix, after, len(records), err)
		}
		k.sound("List", r.Key, r)
		if r.Version == 0 {
			k.Fatalf("List(%q, %q) yielded the absent key %q", prefix, after, r.Key)
		}
		records = append(records, r)
	}
	return records
}

// keys reads the keys of a whole list.
func (k *kit) keys(prefix, after string) []string {
	k.Helper()
	var keys []string
	for _, r := range k.list(prefix, after) {
		keys = append(keys, r.Key)
	}
	return keys
}

// wantKeys checks what a list yields, and in which order.
func (k *kit) wantKeys(prefix, after string, want []string) {
	k.Helper()
	got := k.keys(prefix, after)
	for i := range max(len(want), len(got)) {
		if at(want, i) != at(got, i) {
			k.Fatalf("List(%q, %q) yielded %d keys, want %d; number %d is %s, want %s",
				prefix, after, len(got), len(want), i+1, at(got, i), at(want, i))
		}
	}
}

// at quotes the i-th key, if there is one.
func at(keys []string, i int) string {
	if i >= len(keys) {
		return "none"
	}
	return strconv.Quote(keys[i])
}

// fill makes n records, name(0) and so on, whose value is their key. They have a ttl only because most
// stores write such records faster.
func (k *kit) fill(n int) []string {
	k.Helper()
	keys := make([]string, n)
	for i := range n {
		keys[i] = name(i)
		if _, swapped := k.swap(keys[i], 0, keys[i], 24*time.Hour); !swapped {
			k.Fatalf("Swap(%q, 0) did not create the key in an empty store", keys[i])
		}
	}
	return keys
}

// lapse lets d pass on the store's clock.
func (k *kit) lapse(d time.Duration) {
	if k.shift != nil {
		k.shift(d)
		return
	}
	select {
	case <-time.After(d):
	case <-k.Context().Done():
	}
}

// outlive lets the suite's ttl pass, with something to spare for clocks that count roughly.
func (k *kit) outlive() { k.lapse(k.ttl + k.ttl/4) }

// restart closes the store and opens it again, or skips the check.
func (k *kit) restart() {
	k.Helper()
	if k.reopen == nil {
		k.Skip("needs storetest.WithReopen")
	}
	k.store = k.reopen(k.t, k.store)
}

// spoil damages a key's value, or skips the check.
func (k *kit) spoil(key string) {
	k.Helper()
	if k.damage == nil {
		k.Skip("needs storetest.WithDamage")
	}
	k.damage(k.t, k.store, key)
}

// short quotes a value's beginning.
func short(value string) string {
	if len(value) > 40 {
		return fmt.Sprintf("%.40q… (%d bytes)", value, len(value))
	}
	return fmt.Sprintf("%q", value)
}

// sized makes a value of n bytes in which no stretch looks like another.
func sized(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.String()[:n]
}
