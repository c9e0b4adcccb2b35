package store

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// How much List reads at once, and how many records a write looks at for expired ones.
const (
	pageRecords = 128
	pageBytes   = 1 << 20
	sweepSample = 4
)

// Memory is a [Store] within the process: for tests, for programs that may forget, and for trying things
// out. It keeps the whole contract except that nothing outlives the process. Versions from another Memory
// never match.
//
// A ttl is counted by time.Now, so it follows the fake clock of a testing/synctest bubble. There is no
// goroutine: each write drops a few expired records, so that they never make up most of a Memory that is
// written to. A Memory is safe for concurrent use, and no lock is held while List yields.
type Memory struct {
	versions *Versions

	mu      sync.RWMutex
	records map[string]entry
	indexes map[string]*index // by partition
}

// entry is a kept value. Its bytes are never changed, only replaced, so they can be copied without a lock.
type entry struct {
	value   []byte
	version uint64
	expires time.Time // zero: never
}

func (e entry) expired(now time.Time) bool { return !e.expires.IsZero() && !now.Before(e.expires) }

// at is the entry as it is at a moment: itself, or absent once it has expired.
func (e entry) at(now time.Time) entry {
	if e.expired(now) {
		return entry{}
	}
	return e
}

// record copies the entry out.
func (e entry) record(key string, now time.Time) Record {
	return Record{Key: key, Value: slices.Clone(e.value), Version: e.version, Now: now.Round(0).UTC()}
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		versions: NewVersions(),
		records:  make(map[string]entry),
		indexes:  make(map[string]*index),
	}
}

// Format writes "store.Memory" whatever the verb, so that no value is printed with the struct that holds it.
func (m *Memory) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("store.Memory")) }

// Get reads a key. It takes one allocation, the copy of the value.
func (m *Memory) Get(ctx context.Context, key string) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	if err := CheckKey(key); err != nil {
		return Record{}, err
	}
	m.mu.RLock()
	now, e := time.Now(), m.records[key]
	m.mu.RUnlock()
	return e.at(now).record(key, now), nil
}

// Swap sets key to value if its version is version.
func (m *Memory) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (Record, bool, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, false, err
	}
	if err := CheckKey(key); err != nil {
		return Record{}, false, err
	}
	if err := CheckValue(value, MaxValue); err != nil {
		return Record{}, false, err
	}
	next := entry{value: slices.Clone(value)}

	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if current := m.records[key].at(now); current.version != version {
		return current.record(key, now), false, nil
	}
	if len(value) == 0 || ttl < 0 {
		m.drop(key)
		return entry{}.record(key, now), true, nil
	}
	if ttl > 0 {
		next.expires = now.Add(ttl)
	}
	next.version = m.versions.Next()
	m.keep(key, next)
	m.sweep(now)
	return next.record(key, now), true, nil
}

// List yields the records whose keys begin with prefix and sort behind after.
func (m *Memory) List(ctx context.Context, prefix, after string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := CheckList(prefix, after); err != nil {
			yield(Record{}, err)
			return
		}
		for last, more := after, true; more; {
			var page []Record
			page, last, more = m.page(prefix, last)
			for _, r := range page {
				if err := ctx.Err(); err != nil {
					yield(Record{}, err)
					return
				}
				if !yield(r, nil) {
					return
				}
			}
			if err := ctx.Err(); err != nil {
				yield(Record{}, err)
				return
			}
		}
	}
}

// page copies the next records out. It returns the key to go on behind, and whether there may be more.
func (m *Memory) page(prefix, after string) (page []Record, last string, more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.indexes[partition(prefix)]
	if x == nil {
		return nil, after, false
	}
	now, size := time.Now(), 0
	for _, key := range x.from(max(prefix, after)) {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		if key == after {
			continue
		}
		if len(page) == pageRecords || size >= pageBytes {
			return page, last, true
		}
		if e := m.records[key].at(now); e.version != 0 {
			page, last, size = append(page, e.record(key, now)), key, size+len(e.value)
		}
	}
	return page, last, false
}

// keep stores an entry and lets its partition's index know of a new key.
func (m *Memory) keep(key string, e entry) {
	if _, ok := m.records[key]; !ok {
		p := partition(key)
		x := m.indexes[p]
		if x == nil {
			x = new(index)
			m.indexes[p] = x
		}
		x.add(key)
	}
	m.records[key] = e
}

// drop removes a record, and its key from the index when enough others have gone too.
func (m *Memory) drop(key string) {
	if _, ok := m.records[key]; !ok {
		return
	}
	delete(m.records, key)
	p := partition(key)
	x := m.indexes[p]
	if !x.remove(func(k string) bool { _, ok := m.records[k]; return !ok }) {
		delete(m.indexes, p)
	}
}

// sweep drops the expired among a few records. A range over a map begins anywhere, so each record's turn
// comes; as every write adds at most one record and looks at several, the expired stay a minority.
func (m *Memory) sweep(now time.Time) {
	looked := 0
	for key, e := range m.records {
		if e.expired(now) {
			m.drop(key)
		}
		if looked++; looked == sweepSample {
			return
		}
	}
}
