// Package storetest checks that a store keeps the contract of [store.Store]: one subtest a sentence, named
// after it. Who writes a store runs it from a test of their own:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store {
//			s, err := mystore.Open(t.Context(), t.TempDir())
//			if err != nil {
//				t.Fatal(err)
//			}
//			t.Cleanup(func() { s.Close() })
//			return s
//		}, storetest.WithReopen(…), storetest.WithShift(…), storetest.WithDamage(…))
//	}
//
// What a store cannot do by itself (open the same storage again, move its clock, damage a value) the
// options bring; sentences that need a missing one are skipped, and say so. Without [WithShift] the suite
// waits for short ttls, about two seconds altogether. What it cannot check is a power failure.
//
// The suite is itself tested: it finds the fault in each of several dozen broken stores.
package storetest

import (
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// Option tells Run what can be done with the store under test.
type Option func(*suite)

// WithReopen lets the suite restart the store: reopen closes s and opens what it was kept in again.
func WithReopen(reopen func(t *testing.T, s store.Store) store.Store) Option {
	return func(x *suite) { x.reopen = reopen }
}

// WithShift lets the suite move the clock of all stores under test ahead by d instead of waiting.
func WithShift(shift func(d time.Duration)) Option {
	return func(x *suite) { x.shift, x.ttl = shift, time.Hour }
}

// WithDamage lets the suite have the kept value of a key altered behind the store's back.
func WithDamage(damage func(t *testing.T, s store.Store, key string)) Option {
	return func(x *suite) { x.damage = damage }
}

// WithMaxValue says that the store takes values of at most n bytes, for one that adds to them. Without it
// the limit is [store.MaxValue].
func WithMaxValue(n int) Option {
	return func(x *suite) { x.maxValue = n }
}

// suite is what the options say, and the time the suite has.
type suite struct {
	reopen   func(t *testing.T, s store.Store) store.Store
	damage   func(t *testing.T, s store.Store, key string)
	shift    func(d time.Duration)
	maxValue int
	ttl      time.Duration // the one that lapses while the suite looks on
	patience time.Duration // for one call
}

func newSuite(opts []Option) *suite {
	x := &suite{maxValue: store.MaxValue, ttl: 150 * time.Millisecond, patience: 30 * time.Second}
	for _, opt := range opts {
		opt(x)
	}
	return x
}

// Run checks the contract. Each subtest opens a store of its own, which must be empty; open leaves closing
// it to t.Cleanup, and a store that [WithReopen] has closed may be closed once more.
func Run(t *testing.T, open func(t *testing.T) store.Store, opts ...Option) {
	t.Helper()
	x := newSuite(opts)
	for _, c := range checks {
		t.Run(c.sentence, func(t *testing.T) {
			c.run(&kit{TB: t, suite: x, t: t, store: open(t)})
		})
	}
}

// check is a sentence of the contract, and what makes sure of it.
type check struct {
	sentence string
	run      func(k *kit)
}

// checks are the sentences in the order of the contract.
var checks = []check{
	{"1 a missing key has version 0 and no error", missingKey},
	{"1 an expired key has version 0 and no error", expiredKey},
	{"1 Swap with version 0 creates", swapCreates},
	{"1 an empty value deletes", emptyDeletes},

	{"2 Swap changes the key only if its version is version", swapComparesVersions},
	{"2 either way Swap returns the record as it now is", swapReturnsRecord},
	{"2 of many who swap one version one wins", oneSwapWins},
	{"2 no update is lost", noLostUpdate},
	{"2 many may use different keys at once", concurrentKeys},

	{"3 every write has another version", versionsDiffer},
	{"3 versions never come back after deletion", versionsAfterDeletion},
	{"3 versions never come back after expiry", versionsAfterExpiry},
	{"3 versions never come back after a restart", versionsAfterRestart},

	{"4 after an error from Swap the key has the old or the new value", interruptedSwap},

	{"5 a ttl is relative and counted by the store", ttlLapses},
	{"5 a ttl of 0 means for ever", zeroTTL},
	{"5 a ttl below 0 is over already", negativeTTL},
	{"5 each write sets the ttl anew", ttlReplaced},
	{"5 the longest ttl is no surprise", longestTTL},
	{"5 Now is the clock of the store", storeClock},
	{"5 records without a ttl outlive a restart", durable},
	{"5 records with a ttl are not altered by a restart", ttlOverRestart},

	{"6 keys have at most MaxKey bytes", keyLength},
	{"6 keys consist of allowed bytes", keyAlphabet},
	{"6 keys have a partition", keyPartition},
	{"6 keys that differ in case or length are different keys", keyIdentity},
	{"6 keys are ordered bytewise", keyOrder},
	{"6 List stays within one partition", listPartition},
	{"6 the prefix of List is literal", listPrefixLiteral},

	{"7 values have at most MaxValue bytes", valueLength},
	{"7 values keep every byte", valueBytes},
	{"7 values are copied in and out", valueCopies},
	{"7 List ascends over more than a page", listAscends},
	{"7 List begins behind after", listAfter},
	{"7 List has no deleted or expired records", listLiving},
	{"7 List is lazy", listLazy},
	{"7 List starts again when ranged over again", listRestarts},
	{"7 List may be left early", listLeft},
	{"7 List yields records that were true when read", listWhileChanged},
	{"7 List yields values of any size", listLarge},

	{"8 errors are distinct", errorsDistinct},
	{"8 what is damaged is corrupt", damaged},
	{"8 the context ends every call", contextEndsCalls},
	{"8 the context ends a list under way", contextEndsList},
}
