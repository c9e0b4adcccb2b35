package store

import "slices"

// index holds the keys of one partition for listing. Adding and removing are cheap because they leave the
// order to the next listing: keys beyond the sorted ones wait at the end, removed ones stay as dead keys
// that the listing does not find in the records.
type index struct {
	keys   []string
	sorted int // keys[:sorted] ascend, without duplicates
	dead   int // at most as many keys have no record
}

// add takes in a key that had no record.
func (x *index) add(key string) { x.keys = append(x.keys, key) }

// remove notes that a key's record has gone. When most keys are dead it clears them out; gone tells them.
// It reports whether any key is left.
func (x *index) remove(gone func(key string) bool) bool {
	if x.dead++; 2*x.dead < len(x.keys) {
		return true
	}
	x.sort()
	x.keys = slices.DeleteFunc(x.keys, gone)
	x.sorted, x.dead = len(x.keys), 0
	return len(x.keys) > 0
}

// sort puts all keys in order.
func (x *index) sort() {
	if x.sorted < len(x.keys) {
		slices.Sort(x.keys)
		x.keys = slices.Compact(x.keys)
		x.sorted = len(x.keys)
	}
}

// from returns the keys from the given one on, in order, the dead among them.
func (x *index) from(key string) []string {
	x.sort()
	i, _ := slices.BinarySearch(x.keys, key)
	return x.keys[i:]
}
