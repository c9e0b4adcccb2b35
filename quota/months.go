package quota

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// A reservation is nearly always in one record: that of its month. Near the end of a month it may be in
// two, as it is charged to both, or as it was reserved in one and sent in the other. There is no
// transaction over two keys. Instead every change is idempotent by id and charges before it frees, so that
// whoever stops half-way leaves too much charged, and whoever repeats the call completes it.

// restarts bounds how often a call begins anew because the clock moved into another window meanwhile.
const restarts = 4

// again calls f with the store's time, as far as it is known, until it is no longer told to look elsewhere.
func (l *Ledger) again(ctx context.Context, f func(now time.Time) error) error {
	if l.invalid != nil {
		return l.invalid
	}
	err := errElsewhere
	for try := 0; try < restarts && errors.Is(err, errElsewhere); try++ {
		var now time.Time
		if now, err = l.now(ctx); err == nil {
			err = f(now)
		}
	}
	return err
}

// reserve is Reserve.
func (l *Ledger) reserve(ctx context.Context, s Spend) (is entry, err error) {
	if err := wechat.Refuse("", s.problems()); err != nil {
		return is, err
	}
	s.At = stamp(s.At)
	wide := false
	err = l.again(ctx, func(now time.Time) error {
		if err := beyond(s.At, now); err != nil {
			return err
		}
		days := l.rules.days(s.planned(now))
		if look := union(Month.around(now, nearby), monthsOf(days...)); len(look) == 1 && !wide {
			var o outcome
			o, err = l.apply(ctx, look[0], event{verb: take, spend: s, days: days})
			is, wide = o.is, true
			return err
		}
		wide = true
		is, err = l.reserveWide(ctx, s)
		return err
	})
	return is, err
}

// reserveWide reserves where more than one record can have the id.
func (l *Ledger) reserveWide(ctx context.Context, s Spend) (entry, error) {
	_, now, err := l.current(ctx)
	if err != nil {
		return entry{}, err
	}
	e := event{verb: take, spend: s, days: l.rules.days(s.planned(now)), wide: true}
	copies, err := l.copies(ctx, s.ID, union(Month.around(now, nearby), monthsOf(e.days...)))
	if err != nil {
		return entry{}, err
	}
	last := newest(copies)
	switch {
	case last.entry.State == Doubtful, last.entry.State.final():
		o, err := l.apply(ctx, last.month, e)
		return o.is, err
	case last.entry.State != 0 && !last.entry.spend().same(s):
		return entry{}, ErrMismatch
	}
	is, err := l.spread(ctx, e)
	if err != nil {
		return entry{}, err
	}
	return is, l.vacate(ctx, copies, e.days)
}

// resolve is Doubt, Commit and Release.
func (l *Ledger) resolve(ctx context.Context, id string, v verb) error {
	if err := wechat.Refuse("", checkID(id)); err != nil {
		return err
	}
	wide := false
	return l.again(ctx, func(now time.Time) error {
		if look := Month.around(now, nearby); !wide && len(look) == 1 && l.memory.has(look[0], id) {
			wide = true
			_, err := l.apply(ctx, look[0], event{verb: v, spend: Spend{ID: id}, days: l.rules.days(now)})
			return err
		}
		return l.resolveWide(ctx, id, v)
	})
}

// resolveWide resolves a reservation wherever it has copies.
func (l *Ledger) resolveWide(ctx context.Context, id string, v verb) error {
	_, now, err := l.current(ctx)
	if err != nil {
		return err
	}
	copies, err := l.locate(ctx, id, Month.around(now, nearby))
	if err != nil {
		return err
	}
	last := newest(copies).entry
	if last.State == 0 {
		return ErrNotReserved
	}
	e := event{verb: v, spend: last.spend(), days: l.rules.days(now), wide: true}
	switch {
	case last.State.final() && last.State != outcomes[e.verb]:
		return fmt.Errorf("%w: %s", ErrConflict, last.State)
	case e.verb == doubt:
		for _, c := range copies {
			// A clock that went back frees nothing.
			if c.entry.State == Doubtful || c.entry.State == Held && now.Before(c.entry.Since) {
				e.keep = union(e.keep, c.entry.Days)
			}
		}
		is, err := l.spread(ctx, e)
		if err != nil {
			return err
		}
		return l.vacate(ctx, copies, is.Days)
	case e.verb == commit:
		e.days = []string{day(now)}
		if last.State == Committed || late(last, now) {
			e.days, e.keep = last.Days, last.Days
		}
		for _, m := range monthsOf(e.days...) {
			if _, err := l.apply(ctx, m, e); err != nil {
				return err
			}
		}
		return l.vacate(ctx, copies, e.days)
	}
	for _, c := range copies {
		if _, err := l.apply(ctx, c.month, e); err != nil {
			return err
		}
	}
	return nil
}

// outcomes are the final states that verbs lead to.
var outcomes = map[verb]State{commit: Committed, release: Released}

// record applies an event that belongs to the month of its spend's time, or of now.
func (l *Ledger) record(ctx context.Context, s Spend, prepare func(now time.Time) event) error {
	if !s.Reach.single() {
		return wechat.Refuse("", []wechat.Problem{{
			Field: "reach", Rule: "required",
			Message: "not one of Everyone, Tag and OpenIDs",
		}})
	}
	return l.again(ctx, func(time.Time) error {
		_, now, err := l.current(ctx) // never by the estimate: there is no second chance to correct it
		if err != nil {
			return err
		}
		if err := beyond(s.At, now); err != nil {
			return err
		}
		e := prepare(now)
		at := e.spend.At
		if e.verb == shut {
			at = refusedAt(e.spend, now)
		}
		_, err = l.apply(ctx, month(at), e)
		return err
	})
}

// spread applies an event to every month of its days and of those it keeps, or to none. If several refuse,
// the one that refuses longest speaks.
func (l *Ledger) spread(ctx context.Context, e event) (is entry, err error) {
	type change struct {
		month string
		outcome
	}
	var done []change
	for _, m := range monthsOf(union(e.days, e.keep)...) {
		o, refused := l.apply(ctx, m, e)
		switch {
		case refused == nil:
			is = o.is
			if o.changed {
				done = append(done, change{m, o})
			}
			continue
		case err == nil || retryAt(refused).After(retryAt(err)):
			err = refused
		}
		if retryAt(refused).IsZero() {
			break
		}
	}
	if err == nil {
		return is, nil
	}
	for _, c := range slices.Backward(done) {
		back := event{verb: undo, spend: e.spend, was: c.was, wrote: c.is}
		if _, failed := l.apply(ctx, c.month, back); failed != nil {
			return is, errors.Join(err, failed)
		}
	}
	return is, err
}

// retryAt is when what refused may no longer, or zero if it is not time that refuses.
func retryAt(err error) time.Time {
	if e, ok := errors.AsType[*ExhaustedError](err); ok {
		return e.RetryAt
	}
	return time.Time{}
}

// vacate frees the copies in other months than those of the days it is charged to now.
func (l *Ledger) vacate(ctx context.Context, copies []copied, days []string) error {
	months := monthsOf(days...)
	for _, c := range copies {
		if c.entry.State == moved || slices.Contains(months, c.month) {
			continue
		}
		e := event{verb: leave, spend: Spend{ID: c.entry.ID}, keep: days, wide: true}
		if _, err := l.apply(ctx, c.month, e); err != nil {
			return err
		}
	}
	return nil
}
