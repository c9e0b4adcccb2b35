package storetest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// model is a store as simple as can be, which outlives a restart and can be given one fault by name. With
// no fault it keeps the contract.
type model struct {
	fault string
	disk  *disk
	lock  chan struct{} // a mutex that the context can end the wait for
	last  uint64
	stale map[string]kept // what the fault "reads are stale" reads
}

// disk is what outlives a restart.
type disk struct {
	records map[string]kept
	last    uint64
	skew    time.Duration
}

type kept struct {
	value   []byte
	version uint64
	expires time.Time
	damaged bool
}

func newModel(fault string, d *disk) *model {
	m := &model{fault: fault, disk: d, lock: make(chan struct{}, 1), last: d.last}
	if m.is("versions begin again after a restart") {
		m.last = 0
	}
	return m
}

func newDisk() *disk { return &disk{records: map[string]kept{}, last: 100} }

func (m *model) is(fault string) bool { return m.fault == fault }

func (m *model) now() time.Time {
	if m.is("the clock stands still") {
		return time.Unix(1_800_000_000, 0)
	}
	if m.is("Now is not set") {
		return time.Time{}
	}
	return time.Now().Add(m.disk.skew)
}

// enter takes the lock, unless the context ends first.
func (m *model) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil && !m.is("an ended context is ignored") {
		if m.is("an ended context is unavailable") {
			err = errors.Join(store.ErrUnavailable, err)
		}
		return nil, err
	}
	select {
	case m.lock <- struct{}{}:
		return func() { <-m.lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *model) checkKey(key string) error {
	err := store.CheckKey(key)
	switch {
	case m.is("long keys are taken") && len(key) > store.MaxKey,
		m.is("keys without a partition are taken") && !strings.Contains(key, "/"),
		m.is("keys with a space are taken") && strings.Contains(key, " "),
		m.is("any key is taken"):
		return nil
	case m.is("keys of the greatest length are refused") && len(key) == store.MaxKey,
		m.is("a colon is refused") && strings.Contains(key, ":"):
		return store.ErrKey
	case m.is("bad keys are too large") && err != nil:
		return store.ErrTooLarge
	case m.is("bad keys have all kinds of errors") && err != nil:
		return errors.Join(kinds...)
	}
	return err
}

// place is the name a key is kept under.
func (m *model) place(key string) string {
	switch {
	case m.is("case does not matter"):
		return strings.ToLower(key)
	case m.is("trailing slashes do not matter"):
		return strings.TrimRight(key, "/")
	}
	return key
}

func (m *model) record(key string, k kept, now time.Time) (store.Record, error) {
	r := store.Record{Key: key, Now: now}
	if k.version == 0 || (m.expired(k, now) && !m.is("expired records are returned")) {
		return r, nil
	}
	if k.damaged && !m.is("damage is not noticed") {
		if m.is("damage makes the store unavailable") {
			return store.Record{}, store.ErrUnavailable
		}
		return store.Record{}, store.ErrCorrupt
	}
	r.Version, r.Value = k.version, slices.Clone(k.value)
	if m.is("values are not copied out") {
		r.Value = k.value
	}
	return r, nil
}

func (m *model) expired(k kept, now time.Time) bool {
	return !k.expires.IsZero() && !now.Before(k.expires) && !m.is("ttls are ignored")
}

func (m *model) Get(ctx context.Context, key string) (store.Record, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return store.Record{}, err
	}
	defer leave()
	if err := m.checkKey(key); err != nil {
		return store.Record{}, err
	}
	from := m.disk.records
	if m.is("reads are stale") {
		if m.stale != nil {
			from = m.stale
		}
		defer func() { m.stale = maps.Clone(m.disk.records) }()
	}
	r, err := m.record(key, from[m.place(key)], m.now())
	if m.is("a missing key is an error") && err == nil && r.Version == 0 {
		return r, errors.New("not found")
	}
	if m.is("values are trimmed") {
		r.Value = bytes.TrimSpace(r.Value)
	}
	return r, err
}

func (m *model) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (store.Record, bool, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return store.Record{}, false, err
	}
	defer func() { leave() }()
	if err := m.checkKey(key); err != nil {
		return store.Record{}, false, err
	}
	limit := store.MaxValue
	switch m.fault {
	case "large values are taken":
		limit *= 4
	case "values of the greatest length are refused":
		limit--
	}
	if err := store.CheckValue(value, limit); err != nil {
		if m.is("large values are bad keys") {
			err = store.ErrKey
		}
		return store.Record{}, false, err
	}
	place, now := m.place(key), m.now()
	old := m.disk.records[place]
	before, err := m.record(key, old, now)
	if err != nil {
		return store.Record{}, false, err
	}
	if m.is("compare and set are two steps") {
		leave()
		<-time.After(200 * time.Microsecond) // long enough for others to compare, too
		if leave, err = m.enter(ctx); err != nil {
			leave = func() {}
			return store.Record{}, false, err
		}
	}
	if before.Version != version && !m.is("the version is ignored") &&
		!(m.is("version 0 replaces") && version == 0) &&
		!(m.is("a deleted version matches") && before.Version == 0) &&
		!(m.is("versions are ordered") && version > before.Version) &&
		!(m.is("an expired version matches") && version == old.version) {
		if m.is("a refused swap returns nothing") {
			return store.Record{Key: key, Now: now}, false, nil
		}
		if m.is("a refused swap sets the ttl") && old.version != 0 {
			old.expires = time.Time{}
			m.disk.records[place] = old
		}
		return before, false, nil
	}
	if m.is("swaps are forgotten") {
		return before, true, nil
	}
	if (len(value) == 0 && !m.is("empty values are kept")) || (ttl < 0 && !m.is("a ttl below 0 is for ever")) {
		if !m.is("deletion does nothing") {
			delete(m.disk.records, place)
		}
		if m.is("deletion returns the old record") {
			return before, true, nil
		}
		return store.Record{Key: key, Now: now}, true, nil
	}
	k := kept{value: slices.Clone(value), version: m.version(old, before, value)}
	if m.is("values are not copied in") {
		k.value = value
	}
	if m.is("values are cut at a zero byte") {
		k.value, _, _ = bytes.Cut(k.value, []byte{0})
		k.value = append(k.value, " "[:max(0, 1-len(k.value))]...)
	}
	if m.is("values are cut") {
		k.value = k.value[:min(len(k.value), 65535)]
	}
	switch {
	case ttl > 0 && m.is("ttls overflow") && ttl > 1<<62:
		k.expires = now.Add(-ttl)
	case ttl > 0 && m.is("ttls are cut to whole seconds"):
		if ttl >= time.Second {
			k.expires = now.Add(ttl.Truncate(time.Second))
		}
	case m.is("the first ttl stays") && before.Version != 0:
		k.expires = old.expires
	case ttl > 0 && m.is("ttls end early"):
		k.expires = now.Add(ttl / 2)
	case ttl > 0:
		k.expires = now.Add(ttl)
	case m.is("a ttl of 0 lasts a day"):
		k.expires = now.Add(24 * time.Hour)
	}
	m.disk.records[place] = k
	if m.is("a swap returns the old record") {
		return before, true, nil
	}
	after, err := m.record(key, k, now)
	if m.is("an error from a swap loses the value") {
		select {
		case <-time.After(200 * time.Microsecond):
			return after, true, err
		case <-ctx.Done():
		}
		k.value = []byte("half")
		m.disk.records[place] = k
		return store.Record{}, false, ctx.Err()
	}
	return after, true, err
}

// version numbers a write.
func (m *model) version(old kept, before store.Record, value []byte) uint64 {
	switch {
	case m.is("versions count from 1 after deletion") && old.version == 0,
		m.is("versions count from 1 after expiry") && before.Version == 0:
		return 1
	case m.is("versions count from 1 after deletion"), m.is("versions count from 1 after expiry"):
		return old.version + 1
	case m.is("the same value keeps its version") && before.Version != 0 && bytes.Equal(before.Value, value):
		return before.Version
	}
	m.last++
	m.disk.last = m.last
	return m.last
}

func (m *model) List(ctx context.Context, prefix, after string) iter.Seq2[store.Record, error] {
	var (
		eager  []store.Record
		resume = after
	)
	if m.is("List is eager") {
		eager, _ = m.page(ctx, prefix, after, 1<<30)
	}
	return func(yield func(store.Record, error) bool) {
		if err := store.CheckList(prefix, after); err != nil && !m.is("any prefix is listed") {
			if yield(store.Record{}, err) && m.is("errors of List come twice") {
				yield(store.Record{}, err)
			}
			return
		}
		last, size := after, 100
		if m.is("List goes on where it was") {
			last = resume
		}
		if m.is("List reads one page") {
			size = 500
		}
		for {
			page, err := m.page(ctx, prefix, last, size)
			if m.is("List is eager") {
				page = eager
			}
			if err != nil && m.is("List ends quietly") {
				return
			}
			if m.is("List holds the lock") {
				m.lock <- struct{}{}
			}
			for _, r := range page {
				resume = r.Key
				if !yield(r, nil) {
					if m.is("List holds the lock") {
						<-m.lock
					}
					if m.is("leaving a list takes the lock along") {
						m.lock <- struct{}{}
					}
					return
				}
			}
			if m.is("List holds the lock") {
				<-m.lock
			}
			if err != nil {
				if yield(store.Record{}, err) && m.is("List goes on after an error") {
					yield(store.Record{Key: prefix, Version: 1}, nil)
				}
				return
			}
			if len(page) < size || m.is("List is eager") || m.is("List reads one page") {
				return
			}
			last = page[len(page)-1].Key
			if m.is("pages overlap") {
				last = page[len(page)-2].Key
			}
			if m.is("pages have gaps") {
				if skipped, _ := m.page(ctx, prefix, last, 1); len(skipped) > 0 {
					last = skipped[0].Key
				}
			}
		}
	}
}

// page copies out at most n records.
func (m *model) page(ctx context.Context, prefix, after string, n int) ([]store.Record, error) {
	if m.is("a list ignores the context") {
		ctx = context.WithoutCancel(ctx)
	}
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	keys := slices.Sorted(maps.Keys(m.disk.records))
	switch m.fault {
	case "List has no order":
		keys = slices.Collect(maps.Keys(m.disk.records))
	case "List orders without case":
		slices.SortFunc(keys, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	case "List descends":
		slices.Reverse(keys)
	}
	var page []store.Record
	for _, key := range keys {
		switch {
		case m.is("List crosses partitions") && strings.HasPrefix(key, strings.TrimSuffix(prefix, "/")):
		case m.is("the prefix is a pattern") && like(prefix, key):
		case m.is("the prefix is ignored within the partition") && strings.HasPrefix(key, prefix[:strings.Index(prefix, "/")+1]):
		case !strings.HasPrefix(key, prefix):
			continue
		}
		if key < after || (key == after && !m.is("after is included")) {
			continue
		}
		if len(page) == n {
			break
		}
		k := m.disk.records[key]
		if m.is("List has expired records") && m.expired(k, m.now()) {
			k.expires = time.Time{}
		}
		r, err := m.record(key, k, m.now())
		if err != nil {
			return page, err
		}
		if m.is("List has no values") {
			r.Value = []byte("?")
		}
		if m.is("List has versions of its own") {
			r.Version++
		}
		if r.Version != 0 {
			page = append(page, r)
		}
	}
	return page, nil
}

// like matches a key against a prefix as SQL's LIKE does, where _ stands for any character.
func like(prefix, key string) bool {
	if len(key) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if prefix[i] != '_' && prefix[i] != key[i] {
			return false
		}
	}
	return true
}

// restart makes a new model over the same disk.
func (m *model) restart() *model {
	switch m.fault {
	case "a restart forgets everything":
		m.disk.records = map[string]kept{}
	case "a restart forgets the last write":
		for key, k := range m.disk.records {
			if k.version == m.disk.last && k.expires.IsZero() {
				delete(m.disk.records, key)
			}
		}
	case "a restart forgets ttls":
		for key, k := range m.disk.records {
			k.expires = time.Time{}
			m.disk.records[key] = k
		}
	case "a restart alters what has a ttl":
		for key, k := range m.disk.records {
			if !k.expires.IsZero() {
				k.value = k.value[:len(k.value)/2]
				m.disk.records[key] = k
			}
		}
	case "a restart renumbers":
		for key, k := range m.disk.records {
			k.version += 1 << 32
			m.disk.records[key] = k
		}
	}
	return newModel(m.fault, m.disk)
}

// modelOptions gives the suite all means with models.
func modelOptions(d *disk) []Option {
	return []Option{
		WithShift(func(by time.Duration) { d.skew += by }),
		WithReopen(func(_ *testing.T, s store.Store) store.Store { return s.(*model).restart() }),
		WithDamage(func(_ *testing.T, s store.Store, key string) {
			k := d.records[key]
			k.damaged, k.value = true, []byte("damaged")
			d.records[key] = k
		}),
	}
}
