package quota

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// How often a record is swapped before the ledger gives up, and how many of these may end in an error.
const (
	maxSwaps  = 64
	maxFaults = 4
)

// tolerance is how far the store's time after a swap may be from the one the step was made with.
const tolerance = time.Second

// apply brings an event into the record of a month: read, step, swap, and again if somebody else was there
// before. It begins with the record it saw last and an estimate of the store's clock, so that a change
// costs one operation when nobody else writes. What it would refuse or find done already it looks up first,
// and a change made at a wrong time it makes again at the time that the swap showed.
func (l *Ledger) apply(ctx context.Context, month string, e event) (outcome, error) {
	v, now, seen := l.memory.recall(month)
	sure, redo, faults := false, false, 0
	for try := range maxSwaps {
		if err := pause(ctx, try); err != nil {
			return outcome{}, err
		}
		if !seen {
			var err error
			if v, now, err = l.read(ctx, month); err != nil {
				return outcome{}, err
			}
			seen, sure = true, true
		}
		next, o, err := l.rules.step(v.record, e, now)
		if (err != nil || !o.changed) && !redo { // redo: take back at least what was written at the wrong time
			if sure {
				return o, err
			}
			seen = false
			continue
		}
		value, failed := encode(next)
		if failed != nil {
			return outcome{}, failed
		}
		r, swapped, failed := l.store.Swap(ctx, l.key(month), v.version, value, 0)
		switch {
		case failed != nil:
			// It may have happened. Every event knows its own effect again, so reading tells.
			if failed = l.failed(ctx, month, failed); !errors.Is(failed, ErrUnavailable) {
				return outcome{}, failed
			}
			if faults++; faults == maxFaults {
				return outcome{}, failed
			}
			seen, redo = false, false
		case !swapped:
			if v, failed = l.view(month, r); failed != nil {
				return outcome{}, failed
			}
			now, sure, redo = stamp(r.Now), true, false
		default:
			before := v.record
			v = l.memory.keep(month, view{next, r.Version}, r.Now)
			if took := r.Now.Sub(now); redo || e.verb == leave || e.verb == undo ||
				took.Abs() <= tolerance && slices.Equal(l.rules.days(now), l.rules.days(r.Now)) {
				return o, err
			}
			v.record, now, sure, redo = before, stamp(r.Now), true, true
		}
	}
	return outcome{}, fmt.Errorf("%w: %s was changed by others %d times in a row", ErrUnavailable, month, maxSwaps)
}

// read gets the record of a month and the store's time.
func (l *Ledger) read(ctx context.Context, month string) (view, time.Time, error) {
	r, err := l.store.Get(ctx, l.key(month))
	if err != nil {
		return view{}, time.Time{}, l.failed(ctx, month, err)
	}
	v, err := l.view(month, r)
	return v, stamp(r.Now), err
}

// view reads what the store holds, unless it is what was seen last.
func (l *Ledger) view(month string, r store.Record) (view, error) {
	if r.Now.IsZero() {
		return view{}, fmt.Errorf("%w: %s: the store tells no time", ErrUnavailable, month)
	}
	l.memory.tick(r.Now)
	if v, _, ok := l.memory.recall(month); ok && v.version == r.Version {
		return v, nil
	}
	m, err := decode(l.account, month, r.Value)
	if err != nil {
		return view{}, fmt.Errorf("%s: %w", month, err)
	}
	return l.memory.keep(month, view{m, r.Version}, r.Now), nil
}

// current gets the record of the month that it is now, by the store's clock.
func (l *Ledger) current(ctx context.Context) (view, time.Time, error) {
	guess, ok := l.memory.now()
	if !ok {
		guess = time.Now() // decides what is read first, nothing else
	}
	for m := month(guess); ; {
		v, now, err := l.read(ctx, m)
		if err != nil || month(now) == m {
			return v, now, err
		}
		m = month(now)
	}
}

// now is the store's time: estimated if it was seen before, else read.
func (l *Ledger) now(ctx context.Context) (time.Time, error) {
	if now, ok := l.memory.now(); ok {
		return now, nil
	}
	_, now, err := l.current(ctx)
	return now, err
}

func (l *Ledger) key(month string) string { return l.account + "/quota/" + month }

// failed says what an error of the store means to a ledger: what is damaged or cannot be is said as it is,
// the end of the context too; with anything else there is no ledger.
func (l *Ledger) failed(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%s: %w", what, err)
	}
	for _, kind := range []error{store.ErrCorrupt, store.ErrSchema, store.ErrTooLarge, store.ErrKey} {
		if errors.Is(err, kind) {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
}

// pause waits a little before a try that was crossed by others before, longer each time.
func pause(ctx context.Context, try int) error {
	if try < 2 {
		return ctx.Err()
	}
	wait := time.NewTimer(rand.N(min(time.Millisecond<<min(try, 10), 50*time.Millisecond)))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
		return nil
	}
}

// view is a record and the version at which the store held it.
type view struct {
	record  record
	version uint64
}

// memory is what a ledger has seen last: records, and the store's clock. Nothing is decided by it alone.
type memory struct {
	mu    sync.Mutex
	views map[string]view // by month
	seen  time.Time       // the store's clock
	at    time.Time       // when that was, by the process's clock
}

// maxViews bounds the records in memory; more months than these are rare.
const maxViews = 8

func newMemory() *memory { return &memory{views: make(map[string]view)} }

// recall returns the record seen last and the store's time, if both are known.
func (m *memory) recall(month string) (view, time.Time, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.views[month]
	now, known := m.estimate()
	return v, now, ok && known
}

// keep remembers a record and the time at which the store held it, and returns the record.
func (m *memory) keep(month string, v view, now time.Time) view {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.views) >= maxViews {
		clear(m.views)
	}
	m.views[month] = v
	m.seen, m.at = stamp(now), time.Now()
	return v
}

// tick remembers the store's time.
func (m *memory) tick(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen, m.at = stamp(now), time.Now()
}

// now estimates the store's time.
func (m *memory) now() (time.Time, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.estimate()
}

// estimate adds the time since the store's clock was seen. The monotonic clock measures it; where that
// disagrees with the wall clock, the machine slept or its clock was set, and nothing is known.
func (m *memory) estimate() (time.Time, bool) {
	if m.seen.IsZero() {
		return time.Time{}, false
	}
	now := time.Now()
	passed, wall := now.Sub(m.at), now.Round(0).Sub(m.at.Round(0))
	if (passed - wall).Abs() > tolerance {
		return time.Time{}, false
	}
	return m.seen.Add(passed), true
}

// has reports whether the record seen last of a month has an id, in that month alone.
func (m *memory) has(month, id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.views[month].record.find(id)
	return e.State != 0 && e.State != moved && slices.Equal(monthsOf(e.Days...), []string{month})
}
