package quota

import (
	"fmt"
	"slices"
	"time"
)

// sendWithin is how long after it was about to be sent a broadcast can have been taken: a request lasts a
// minute at most, and no attempt may begin ten minutes after its record. What is learned later is
// evidence about that time, not about now.
const sendWithin = 10 * time.Minute

// rules are what a step judges by.
type rules struct {
	limits []Limit
	guard  time.Duration
}

// days are the days that a unit needed at t is charged to: both near midnight.
func (r rules) days(t time.Time) []string { return Day.around(t, r.guard) }

// verb is what an event does.
type verb uint8

const (
	take    verb = iota + 1 // set a unit aside
	doubt                   // about to be sent, or sent without an answer
	commit                  // the platform took it
	release                 // it was not sent
	leave                   // the charge is in another month now
	undo                    // a change that is part of one that was refused
	add                     // people sent some
	shut                    // the platform said that nothing is left
)

// event is one change to one month's record.
type event struct {
	verb verb
	// spend has at least the id. Verbs that may find no entry have all of it.
	spend Spend
	// days are the windows that the shell prepared for; if the clock says others, the shell looks again.
	days []string
	// keep are days that stay charged whatever the clock says: with doubt, those of other months in which it
	// is in doubt already; with commit, those of a late one; with leave, where it went.
	keep []string
	// wide says that the shell looks after copies in other months.
	wide bool
	// was and wrote belong to undo, units and who to add.
	was, wrote entry
	units      int
	who        string
}

// outcome is an entry before and after a step. Where nothing changed they are the same.
type outcome struct {
	was, is entry
	changed bool
}

// step is the whole ledger: it applies an event at a time to the record of a month. It reads no clock,
// waits for nothing and changes nothing; whoever calls it stores the record it returns, if it changed, and
// may repeat it on what the store holds by then.
//
// Every verb may be repeated: if its effect is there, nothing changes and the outcome is the same. With an
// error the record is the one before.
func (r rules) step(m record, e event, now time.Time) (record, outcome, error) {
	m = m.lapse(now)
	if e.verb == shut {
		return r.shut(m, e, now)
	}
	was := m.find(e.spend.ID)
	is, err := r.move(m, was, e, now)
	o := outcome{was: was, is: is, changed: !is.same(was)}
	if err != nil || !o.changed {
		return m, o, err
	}
	if is.State == 0 {
		return m.drop(e.spend.ID), o, nil
	}
	m, err = m.put(is)
	return m, o, err
}

// move is what becomes of an entry.
func (r rules) move(m record, was entry, e event, now time.Time) (entry, error) {
	switch e.verb {
	case take:
		return r.take(m, was, e, now)
	case doubt:
		return r.doubt(m, was, e, now)
	case commit:
		return r.commit(m, was, e, now)
	case undo:
		if was.same(e.wrote) {
			return e.was, nil
		}
		return was, nil
	case add:
		if was.State != 0 {
			return was, nil
		}
		is := fresh(e.spend, external, now, []string{day(e.spend.At)})
		is.Units, is.Who = e.units, e.who
		return is, nil
	case release, leave, shut:
	}
	to, days := Released, was.Days
	if e.verb == leave {
		to, days = moved, e.keep
	}
	switch {
	case was.State == 0:
		return was, ErrNotReserved
	case was.State == to || was.State == moved && e.wide:
		return was, nil
	case was.State == moved:
		return was, errElsewhere
	case was.State.final():
		return was, fmt.Errorf("%w: %s", ErrConflict, was.State)
	}
	was.State, was.Days, was.Since = to, days, now
	return was, nil
}

// take sets a unit aside in the windows of the planned time. What is held for other windows (it was
// planned for "now", and now is another day) is taken anew.
func (r rules) take(m record, was entry, e event, now time.Time) (entry, error) {
	switch {
	case was.State != 0 && !was.spend().same(e.spend):
		return was, ErrMismatch
	case was.State == Released:
		return was, fmt.Errorf("%w: %s", ErrConflict, was.State)
	case was.State == Doubtful, was.State == Committed:
		return was, nil
	case was.State == moved && !e.wide:
		return was, errElsewhere
	}
	days := r.days(e.spend.planned(now))
	if !slices.Equal(days, e.days) {
		return was, errElsewhere
	}
	if was.State == Held && covers(was.Days, days) {
		return was, nil
	}
	if err := r.room(m, e.spend, days, was); err != nil {
		return was, err
	}
	return fresh(e.spend, Held, now, days), nil
}

// doubt is the gate before each attempt: it makes sure of a unit in the windows of now, and from then on no
// time frees it. An attempt on another day is charged to both.
func (r rules) doubt(m record, was entry, e event, now time.Time) (entry, error) {
	switch {
	case was.State.final():
		return was, fmt.Errorf("%w: %s", ErrConflict, was.State)
	case was.State == 0 && e.spend.Reach == 0:
		return was, ErrNotReserved
	case was.State == moved && !e.wide:
		return was, errElsewhere
	}
	days := r.days(now)
	if !slices.Equal(days, e.days) {
		return was, errElsewhere
	}
	spend, keep := e.spend, e.keep
	if was.State != 0 && was.State != moved {
		spend = was.spend()
	}
	switch {
	case was.State == Doubtful && covers(was.Days, days):
		return was, nil
	case was.State == Doubtful, was.State == Held && now.Before(was.Since): // a clock that went back frees nothing
		keep = union(keep, was.Days)
	}
	if err := r.room(m, spend, days, was); err != nil {
		return was, err
	}
	return fresh(spend, Doubtful, later(now, was.Since), union(keep, days)), nil
}

// commit charges the window in which the platform took the broadcast, which is the window of now unless
// this is late news of an attempt. What happened is recorded even if it exceeds the limit.
func (r rules) commit(m record, was entry, e event, now time.Time) (entry, error) {
	switch {
	case was.State == Committed:
		return was, nil
	case was.State.final():
		return was, fmt.Errorf("%w: %s", ErrConflict, was.State)
	case was.State == 0 && e.spend.Reach == 0:
		return was, ErrNotReserved
	case was.State == moved && !e.wide:
		return was, errElsewhere
	}
	spend, days := was.spend(), e.keep
	switch known := was.State != 0 && was.State != moved; {
	case !known:
		spend = e.spend
	case len(days) == 0 && late(was, now):
		days = was.Days
	}
	if len(days) == 0 {
		days = []string{day(now)}
		if monthOf(days[0]) != m.Month {
			return was, errElsewhere
		}
	}
	return fresh(spend, Committed, now, days), nil
}

// late reports whether now says nothing about when the platform took a broadcast: its last attempt is too
// long ago, or the clock went back.
func late(e entry, now time.Time) bool {
	return now.Before(e.Since) || e.State == Doubtful && now.Sub(e.Since) > sendWithin
}

// shut closes the shortest window that the refused spend fell in, as the platform does not say which of its
// limits is used up.
func (r rules) shut(m record, e event, now time.Time) (record, outcome, error) {
	period := Month
	for _, l := range r.counting(e.spend.Reach) {
		period = min(period, l.Period)
	}
	at := refusedAt(e.spend, now)
	if month(at) != m.Month {
		return m, outcome{}, errElsewhere
	}
	c := closure{Window: period.Window(at).Label, Reach: e.spend.Reach, Since: now, Reason: closedReason}
	if slices.ContainsFunc(m.Closed, func(o closure) bool { return o.Window == c.Window && o.Reach == c.Reach }) {
		return m, outcome{}, nil
	}
	m.Closed = append(slices.Clone(m.Closed), c)
	return m, outcome{changed: true}, nil
}

// refusedAt is when the platform refused a spend. Just after midnight that was most likely before: the
// request took its time, and a new window is not used up at once.
func refusedAt(s Spend, now time.Time) time.Time {
	if s.At.After(now) {
		return s.At
	}
	return now.Add(-boundaryGuard)
}

// closedReason is what a closed window says of itself.
const closedReason = "external? WeChat answered 45028"

// fresh makes an entry for a spend.
func fresh(s Spend, state State, now time.Time, days []string) entry {
	return entry{ID: s.ID, State: state, Reach: s.Reach, Days: days, At: s.At, Since: now, Digest: s.Digest}
}

// covers reports whether all days are among those held.
func covers(held, days []string) bool {
	return !slices.ContainsFunc(days, func(d string) bool { return !slices.Contains(held, d) })
}

// union are the days of both, in order.
func union(a, b []string) []string {
	days := slices.Concat(a, b)
	slices.Sort(days)
	return slices.Compact(days)
}
