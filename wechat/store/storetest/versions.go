package storetest

import (
	"strconv"
	"time"
)

// seen collects versions and fails on one that comes back.
type seen map[uint64]string

func (s seen) add(k *kit, version uint64, when string) {
	k.Helper()
	if version == 0 {
		k.Fatalf("%s: version 0 of an existing record", when)
	}
	if before, ok := s[version]; ok {
		k.Fatalf("%s: version %d came back; it was used %s", when, version, before)
	}
	s[version] = when
}

func versionsDiffer(k *kit) {
	key, versions := account+"token", seen{}
	for i := range 50 {
		// The same value again, and the same value with another ttl, are writes too.
		versions.add(k, k.put(key, "same", time.Duration(i%2)*time.Hour).Version, "write "+strconv.Itoa(i))
	}
	before := k.get(key)
	if again := k.get(key); again.Version != before.Version {
		k.Fatalf("two reads without a write between returned versions %d and %d", before.Version, again.Version)
	}
}

func versionsAfterDeletion(k *kit) {
	key, versions := account+"open/1", seen{}
	for i := range 20 {
		r := k.put(key, "value", 0)
		versions.add(k, r.Version, "creation "+strconv.Itoa(i))
		k.swap(key, r.Version, "", 0)
		k.absent(key)
	}
	k.put(key, "new", 0)
	for old := range versions {
		if r, swapped := k.swap(key, old, "late", 0); swapped {
			k.Fatalf("Swap with a version from before a deletion swapped: %v", r)
		}
	}
	k.holds(key, "new")
}

func versionsAfterExpiry(k *kit) {
	key, versions := account+"token/lease", seen{}
	for i := range 3 {
		r := k.put(key, "value", k.ttl)
		versions.add(k, r.Version, "creation "+strconv.Itoa(i))
		k.outlive()
		if now, swapped := k.swap(key, r.Version, "late", 0); swapped {
			k.Fatalf("Swap with an expired version swapped: %v", now)
		}
	}
	k.put(key, "new", 0)
	for old := range versions {
		if r, swapped := k.swap(key, old, "late", 0); swapped {
			k.Fatalf("Swap with a version from before an expiry swapped: %v", r)
		}
	}
	k.holds(key, "new")
}

func versionsAfterRestart(k *kit) {
	key, kept, versions := account+"job/1", account+"job/2", seen{}
	write := func(when string) {
		for i := range 10 {
			r := k.put(key, "value", time.Duration(i%2)*time.Hour)
			versions.add(k, r.Version, when+" "+strconv.Itoa(i))
			if i%3 == 0 {
				k.swap(key, r.Version, "", 0)
			}
		}
	}
	was := k.put(kept, "kept", 0)
	write("before the restart")
	k.swap(key, k.get(key).Version, "", 0)
	k.restart()
	write("after the restart")
	k.restart()
	write("after the second restart")
	if now := k.holds(kept, "kept"); now.Version != was.Version {
		k.Fatalf("a restart changed the version of an untouched record from %d to %d", was.Version, now.Version)
	}
}
