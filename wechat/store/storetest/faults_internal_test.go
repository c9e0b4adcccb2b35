package storetest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheModelKeepsTheContract(t *testing.T) {
	d := newDisk()
	Run(t, func(*testing.T) store.Store { d.records = map[string]kept{}; return newModel("", d) }, modelOptions(d)...)
}

// fault is what a store can do wrong, and the sentences that must catch it; others may too.
type fault struct {
	name      string
	sentences []string
}

var faults = []fault{
	{"a missing key is an error", []string{"1 a missing key has version 0 and no error"}},
	{"version 0 replaces", []string{"1 Swap with version 0 creates"}},
	{"empty values are kept", []string{"1 an empty value deletes"}},
	{"deletion does nothing", []string{"1 an empty value deletes"}},
	{"deletion returns the old record", []string{"1 an empty value deletes", "2 either way Swap returns the record as it now is"}},
	{"swaps are forgotten", []string{"1 Swap with version 0 creates"}},
	{"reads are stale", []string{"2 either way Swap returns the record as it now is"}},

	{"the version is ignored", []string{"2 Swap changes the key only if its version is version", "2 of many who swap one version one wins", "2 no update is lost"}},
	{"versions are ordered", []string{"2 Swap changes the key only if its version is version"}},
	{"a deleted version matches", []string{"1 a missing key has version 0 and no error", "2 either way Swap returns the record as it now is"}},
	{"a swap returns the old record", []string{"2 either way Swap returns the record as it now is"}},
	{"a refused swap returns nothing", []string{"2 either way Swap returns the record as it now is", "1 Swap with version 0 creates"}},
	{"compare and set are two steps", []string{"2 of many who swap one version one wins", "2 no update is lost"}},

	{"the same value keeps its version", []string{"3 every write has another version"}},
	{"versions count from 1 after deletion", []string{"3 versions never come back after deletion"}},
	{"versions count from 1 after expiry", []string{"3 versions never come back after expiry"}},
	{"versions begin again after a restart", []string{"3 versions never come back after a restart"}},
	{"a restart renumbers", []string{"3 versions never come back after a restart"}},

	{"an error from a swap loses the value", []string{"4 after an error from Swap the key has the old or the new value"}},

	{"ttls are ignored", []string{"1 an expired key has version 0 and no error", "5 a ttl is relative and counted by the store", "5 each write sets the ttl anew"}},
	{"ttls end early", []string{"5 a ttl is relative and counted by the store"}},
	{"expired records are returned", []string{"1 an expired key has version 0 and no error"}},
	{"an expired version matches", []string{"1 an expired key has version 0 and no error", "3 versions never come back after expiry"}},
	{"a ttl of 0 lasts a day", []string{"5 a ttl of 0 means for ever"}},
	{"a ttl below 0 is for ever", []string{"5 a ttl below 0 is over already"}},
	{"the first ttl stays", []string{"5 each write sets the ttl anew"}},
	{"a refused swap sets the ttl", []string{"5 each write sets the ttl anew"}},
	{"ttls overflow", []string{"5 the longest ttl is no surprise"}},
	{"ttls are cut to whole seconds", []string{"5 the longest ttl is no surprise"}},
	{"the clock stands still", []string{"5 Now is the clock of the store"}},
	{"Now is not set", []string{"5 Now is the clock of the store"}},
	{"a restart forgets everything", []string{"5 records without a ttl outlive a restart"}},
	{"a restart forgets the last write", []string{"5 records without a ttl outlive a restart"}},
	{"a restart forgets ttls", []string{"5 records with a ttl are not altered by a restart"}},
	{"a restart alters what has a ttl", []string{"5 records with a ttl are not altered by a restart"}},

	{"long keys are taken", []string{"6 keys have at most MaxKey bytes"}},
	{"keys of the greatest length are refused", []string{"6 keys have at most MaxKey bytes"}},
	{"keys with a space are taken", []string{"6 keys consist of allowed bytes"}},
	{"a colon is refused", []string{"6 keys consist of allowed bytes"}},
	{"keys without a partition are taken", []string{"6 keys have a partition"}},
	{"any key is taken", []string{"6 keys have at most MaxKey bytes", "6 keys consist of allowed bytes", "6 keys have a partition"}},
	{"any prefix is listed", []string{"6 List stays within one partition"}},
	{"case does not matter", []string{"6 keys that differ in case or length are different keys"}},
	{"trailing slashes do not matter", []string{"6 keys that differ in case or length are different keys"}},
	{"List orders without case", []string{"6 keys are ordered bytewise"}},
	{"List crosses partitions", []string{"6 List stays within one partition"}},
	{"the prefix is a pattern", []string{"6 the prefix of List is literal"}},
	{"the prefix is ignored within the partition", []string{"6 the prefix of List is literal"}},

	{"large values are taken", []string{"7 values have at most MaxValue bytes"}},
	{"values of the greatest length are refused", []string{"7 values have at most MaxValue bytes"}},
	{"values are cut", []string{"7 values have at most MaxValue bytes", "7 List yields values of any size"}},
	{"values are cut at a zero byte", []string{"7 values keep every byte"}},
	{"values are trimmed", []string{"7 values keep every byte"}},
	{"values are not copied in", []string{"7 values are copied in and out"}},
	{"values are not copied out", []string{"7 values are copied in and out"}},
	{"List has no order", []string{"7 List ascends over more than a page"}},
	{"List descends", []string{"7 List ascends over more than a page"}},
	{"List reads one page", []string{"7 List ascends over more than a page"}},
	{"pages overlap", []string{"7 List ascends over more than a page"}},
	{"pages have gaps", []string{"7 List ascends over more than a page"}},
	{"List has no values", []string{"7 List ascends over more than a page", "7 List yields records that were true when read"}},
	{"List has versions of its own", []string{"7 List ascends over more than a page"}},
	{"after is included", []string{"7 List begins behind after"}},
	{"List has expired records", []string{"7 List has no deleted or expired records"}},
	{"List is eager", []string{"7 List is lazy"}},
	{"List goes on where it was", []string{"7 List starts again when ranged over again"}},
	{"leaving a list takes the lock along", []string{"7 List may be left early"}},
	{"List holds the lock", []string{"7 List yields records that were true when read"}},

	{"bad keys are too large", []string{"8 errors are distinct"}},
	{"bad keys have all kinds of errors", []string{"8 errors are distinct"}},
	{"large values are bad keys", []string{"8 errors are distinct"}},
	{"errors of List come twice", []string{"6 keys consist of allowed bytes"}},
	{"damage is not noticed", []string{"8 what is damaged is corrupt"}},
	{"damage makes the store unavailable", []string{"8 what is damaged is corrupt"}},
	{"List goes on after an error", []string{"8 what is damaged is corrupt"}},
	{"an ended context is ignored", []string{"8 the context ends every call"}},
	{"an ended context is unavailable", []string{"8 the context ends every call"}},
	{"List ends quietly", []string{"8 the context ends a list under way"}},
	{"a list ignores the context", []string{"8 the context ends a list under way"}},
}

func TestEveryFaultIsFound(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			for _, sentence := range f.sentences {
				if report := runCheck(t, sentence, f.name); report == "" {
					t.Errorf("a store with the fault %q passes %q", f.name, sentence)
				} else {
					t.Logf("%s: %.200s", sentence, report)
				}
			}
		})
	}
}

// A sentence that no fault can break would prove nothing.
func TestEverySentenceFindsAFault(t *testing.T) {
	for _, c := range checks {
		if c.sentence == "2 many may use different keys at once" {
			continue // it is there for the race detector and for stores that deadlock
		}
		if !slices.ContainsFunc(faults, func(f fault) bool { return slices.Contains(f.sentences, c.sentence) }) {
			t.Errorf("no fault is listed that %q must find", c.sentence)
		}
	}
}

// runCheck runs one check on a faulty model. It returns what the check complained about.
func runCheck(t *testing.T, sentence, name string) string {
	t.Helper()
	i := slices.IndexFunc(checks, func(c check) bool { return c.sentence == sentence })
	if i < 0 {
		t.Fatalf("there is no sentence %q", sentence)
	}
	d := newDisk()
	x := newSuite(modelOptions(d))
	x.patience = 500 * time.Millisecond
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // FailNow ends the goroutine of a check, not that of the test
		defer close(done)
		checks[i].run(&kit{TB: r, suite: x, t: t, store: newModel(name, d)})
	}()
	<-done
	return r.report()
}

// recorder is a testing.TB whose failures are only noted.
type recorder struct {
	testing.TB
	mu    sync.Mutex
	notes []string
}

func (r *recorder) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, s)
}

func (r *recorder) report() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.notes, "; ")
}

func (r *recorder) Helper()                      {}
func (r *recorder) Failed() bool                 { return r.report() != "" }
func (r *recorder) Errorf(f string, args ...any) { r.note(fmt.Sprintf(f, args...)) }
func (r *recorder) Fatalf(f string, args ...any) { r.note(fmt.Sprintf(f, args...)); runtime.Goexit() }
