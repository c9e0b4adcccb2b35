package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// many is more than a page of any store.
const many = 1100

func listAscends(k *kit) {
	keys := k.fill(many)
	k.wantKeys(account, "", keys)
	for _, r := range k.list(account, "") {
		if string(r.Value) != r.Key {
			k.Fatalf("List: %q has the value %s of another record", r.Key, short(string(r.Value)))
		}
	}
	for i := 0; i < many; i += 97 {
		if listed, got := k.list(keys[i], "")[0], k.get(keys[i]); listed.Version != got.Version {
			k.Fatalf("List has version %d of %q, Get %d", listed.Version, keys[i], got.Version)
		}
	}
}

func listAfter(k *kit) {
	keys := k.fill(20)
	k.accepts(account+"job", account+"jobs")
	prefix := account + "job/"
	for i := range keys {
		k.wantKeys(prefix, keys[i], append([]string(nil), keys[i+1:]...))
	}
	k.wantKeys(prefix, "", keys)
	k.wantKeys(prefix, account, keys)
	k.wantKeys(prefix, prefix, keys)
	k.wantKeys(prefix, keys[4]+"-", keys[5:])
	k.wantKeys(prefix, strings.TrimSuffix(keys[10], "0"), keys[10:])
	k.wantKeys(prefix, account+"zzz", nil)
	k.wantKeys(prefix, "aa", keys)
}

func listLiving(k *kit) {
	keys := k.fill(300)
	want := slices.Clone(keys)
	for i := 0; i < len(keys); i += 3 {
		k.swap(keys[i], k.get(keys[i]).Version, "", 0)
		want = slices.DeleteFunc(want, func(key string) bool { return key == keys[i] })
	}
	brief := account + "job/brief"
	k.put(brief, "brief", k.ttl)
	if got := k.keys(account, keys[len(keys)-1]); k.shift != nil && !slices.Equal(got, []string{brief}) {
		k.Fatalf("List has %q, want the record whose ttl has not lapsed", got)
	}
	k.outlive()
	k.wantKeys(account, "", want)
	// What was deleted comes back in its place when it is written again.
	k.put(keys[150], "again", 0)
	i, _ := slices.BinarySearch(want, keys[150])
	k.wantKeys(account, "", slices.Insert(want, i, keys[150]))
}

func listLazy(k *kit) {
	ctx, cancel := k.limit()
	defer cancel()
	seq := k.store.List(ctx, account, "")
	keys := k.fill(3)
	var got []string
	for r, err := range seq {
		if err != nil {
			k.Fatalf("List: %v", err)
		}
		got = append(got, r.Key)
	}
	if !slices.Equal(got, keys) {
		k.Fatalf("List made before the records were written, ranged over after, yielded %q, want %q", got, keys)
	}
}

func listRestarts(k *kit) {
	keys := k.fill(300)
	ctx, cancel := k.limit()
	defer cancel()
	seq := k.store.List(ctx, account, keys[9])
	for round, stop := range []int{290, 1, 290, 200, 290} {
		var got []string
		for r, err := range seq {
			if err != nil {
				k.Fatalf("round %d: List: %v", round, err)
			}
			if got = append(got, r.Key); len(got) == stop {
				break
			}
		}
		if !slices.Equal(got, keys[10:10+stop]) {
			k.Fatalf("round %d: List yielded %d keys from %q, want %d from %q", round, len(got), first(got), stop, keys[10])
		}
	}
	// Two ranges over one list do not disturb each other.
	outer := 0
	for a, err := range seq {
		if err != nil || a.Key != keys[10+outer] {
			k.Fatalf("nested: List yielded %q, %v, want %q", a.Key, err, keys[10+outer])
		}
		if outer++; outer%100 == 0 {
			for b, err := range seq {
				if err != nil || b.Key != keys[10] {
					k.Fatalf("nested: List began at %q, %v, want %q", b.Key, err, keys[10])
				}
				break
			}
		}
	}
	if outer != 290 {
		k.Fatalf("nested: List yielded %d records, want 290", outer)
	}
}

func first(keys []string) string {
	if len(keys) == 0 {
		return "nothing"
	}
	return keys[0]
}

// listLeft leaves more lists than a store has connections, then uses the store.
func listLeft(k *kit) {
	keys := k.fill(300)
	ctx, cancel := k.limit()
	defer cancel()
	for i := range 40 {
		n := 0
		for r, err := range k.store.List(ctx, account, "") {
			if err != nil {
				k.Fatalf("List: %v", err)
			}
			if r.Key != keys[n] {
				k.Fatalf("List yielded %q, want %q", r.Key, keys[n])
			}
			if n++; n > i*7 {
				break
			}
		}
	}
	k.put(keys[0], "still works", 0)
	k.holds(keys[0], "still works")
}

// listWhileChanged writes before, at and behind the place a list has come to.
func listWhileChanged(k *kit) {
	keys := k.fill(many)
	ctx, cancel := k.limit()
	defer cancel()
	type moment struct {
		key     string
		version uint64
	}
	history := map[moment]string{} // what was ever true
	remember := func(r store.Record) { history[moment{r.Key, r.Version}] = string(r.Value) }
	for _, r := range k.list(account, "") {
		remember(r)
	}
	var got []string
	for r, err := range k.store.List(ctx, account, "") {
		if err != nil {
			k.Fatalf("List: %v", err)
		}
		if was, ok := history[moment{r.Key, r.Version}]; !ok || was != string(r.Value) {
			k.Fatalf("List yielded %v with the value %s, which it never had", r, short(string(r.Value)))
		}
		if strings.HasSuffix(r.Key, ".new") {
			continue // added under way: may be seen or not
		}
		n := len(got)
		if got = append(got, r.Key); n%50 != 0 {
			continue
		}
		for _, i := range []int{n - 7, n, n + 7, n + 500} {
			if i >= 0 && i < many {
				remember(k.put(keys[i], "changed "+strconv.Itoa(n), time.Hour))
				remember(k.put(keys[i]+".new", "added", time.Hour))
			}
		}
		k.get(r.Key)
		k.keys(r.Key, "")
	}
	if !slices.Equal(got, keys) {
		k.Fatalf("List over records that were there all along yielded %d of %d", len(got), len(keys))
	}

	// Records deleted behind it are not seen twice, ahead of it seen or not, and nothing else is missed.
	got = nil
	deleted := map[string]bool{}
	for r, err := range k.store.List(ctx, account+"job/", "") {
		if err != nil {
			k.Fatalf("List: %v", err)
		}
		if strings.HasSuffix(r.Key, ".new") {
			continue
		}
		got = append(got, r.Key)
		if n := len(got); n == 200 {
			for i := 150; i < many; i += 2 {
				deleted[keys[i]] = true
				k.swap(keys[i], k.get(keys[i]).Version, "", 0)
			}
		}
	}
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		k.Fatalf("List while records are deleted does not ascend")
	}
	for _, key := range keys {
		if !deleted[key] && !slices.Contains(got, key) {
			k.Fatalf("List missed %q while others were deleted", key)
		}
	}
}

func listLarge(k *kit) {
	want := map[string]string{}
	for i := range 9 {
		value := fmt.Sprintf("%d:", i)
		value += sized(k.maxValue - len(value))
		want[name(i)] = value
		k.put(name(i), value, time.Hour)
	}
	records := k.list(account, "")
	if len(records) != len(want) {
		k.Fatalf("List of large values yielded %d records, want %d", len(records), len(want))
	}
	for _, r := range records {
		k.is("List", r, want[r.Key])
	}
}
