package storetest

import (
	"math"
	"time"
)

func ttlLapses(k *kit) {
	key := account + "token/lease"
	called := time.Now()
	written := k.put(key, "holder", k.ttl)
	if k.shift != nil {
		k.shift(k.ttl - k.ttl/10)
		k.holds(key, "holder")
		k.shift(k.ttl / 5)
		k.absent(key)
		return
	}
	for deadline := called.Add(k.ttl + k.patience); ; {
		began := time.Now()
		now := k.get(key)
		switch waited := time.Since(called); {
		case now.Version == written.Version && began.After(deadline):
			k.Fatalf("a record with a ttl of %v is still there after %v", k.ttl, began.Sub(called))
		case now.Version == written.Version:
			k.lapse(k.ttl / 20)
			continue
		case now.Version != 0:
			k.Fatalf("version %d became %d while its ttl lapsed", written.Version, now.Version)
		case waited < k.ttl-k.ttl/20:
			k.Fatalf("a record with a ttl of %v was gone after %v", k.ttl, waited)
		}
		k.absent(key)
		return
	}
}

func zeroTTL(k *kit) {
	key := account + "job/1"
	k.put(key, "kept", 0)
	if k.shift != nil {
		k.shift(20 * 365 * 24 * time.Hour)
	} else {
		k.lapse(k.ttl / 2)
	}
	k.holds(key, "kept")
	if got := k.keys(account, ""); len(got) != 1 {
		k.Fatalf("List has %q, want the record without a ttl", got)
	}
}

func negativeTTL(k *kit) {
	key := account + "token/lease"
	before := k.put(key, "holder", 0)
	if r, swapped := k.swap(key, before.Version+1, "late", -time.Second); swapped {
		k.Fatalf("Swap with another version swapped: %v", r)
	}
	k.holds(key, "holder")
	r, swapped := k.swap(key, before.Version, "late", -time.Second)
	if !swapped || r.Version != 0 {
		k.Fatalf("Swap(%q) with a ttl of -1s = %v, %t, want it absent and swapped", key, r, swapped)
	}
	k.absent(key)
}

func ttlReplaced(k *kit) {
	forever, renewed, shortened := account+"a", account+"b", account+"c"
	k.put(forever, "1", k.ttl)
	k.put(renewed, "1", k.ttl)
	k.put(shortened, "1", 0)
	k.put(forever, "2", 0)
	k.put(renewed, "2", 3*k.ttl)
	k.put(shortened, "2", k.ttl)
	k.outlive()
	k.holds(forever, "2")
	k.holds(renewed, "2")
	k.absent(shortened)
	// A swap that is refused does not touch the ttl.
	k.swap(renewed, k.get(renewed).Version+1, "late", 0)
	k.lapse(2 * k.ttl)
	k.absent(renewed)
}

func longestTTL(k *kit) {
	key := account + "a"
	k.put(key, "kept", math.MaxInt64)
	k.holds(key, "kept")
	k.lapse(k.ttl / 2)
	k.holds(key, "kept")
	k.put(key, "gone", time.Nanosecond)
	k.lapse(max(k.ttl/2, time.Second/20))
	k.absent(key)
}

func storeClock(k *kit) {
	key := account + "a"
	last := k.get(key).Now
	check := func(call string, now time.Time) {
		if now.Before(last) {
			k.Fatalf("%s: Now is %v, %v before that of the call before", call, now, last.Sub(now))
		}
		last = now
	}
	for range 5 {
		check("Swap", k.put(key, "x", 0).Now)
		check("Get", k.get(key).Now)
		for _, r := range k.list(account, "") {
			check("List", r.Now)
		}
	}
	before := last
	k.lapse(k.ttl)
	if passed := k.get(key).Now.Sub(before); passed < k.ttl-k.ttl/20 {
		k.Fatalf("while %v passed, Now went on by %v", k.ttl, passed)
	}
}

func durable(k *kit) {
	want := map[string]string{}
	for i := range 20 {
		want[name(i)] = "value " + name(i)
		k.put(name(i), want[name(i)], 0)
	}
	large := account + "large"
	want[large] = sized(k.maxValue)
	k.put(large, want[large], 0)
	gone := name(7)
	k.swap(gone, k.get(gone).Version, "", 0)
	delete(want, gone)
	k.restart()
	for key, value := range want {
		k.holds(key, value)
	}
	k.absent(gone)
	if got := k.keys(account, ""); len(got) != len(want) {
		k.Fatalf("List after a restart has %d records, want %d", len(got), len(want))
	}
}

func ttlOverRestart(k *kit) {
	brief, long := account+"brief", account+"long"
	b, l := k.put(brief, "brief", k.ttl), k.put(long, "long", 24*time.Hour)
	k.restart()
	if r := k.get(brief); r.Version != 0 && (r.Version != b.Version || string(r.Value) != "brief") {
		k.Fatalf("a restart altered a record with a ttl: %v, was %v", r, b)
	}
	if r := k.get(long); r.Version != 0 && (r.Version != l.Version || string(r.Value) != "long") {
		k.Fatalf("a restart altered a record with a ttl: %v, was %v", r, l)
	}
	k.outlive()
	k.absent(brief)
}
