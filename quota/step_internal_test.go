package quota

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// TestStepRefusesWhatTheShellMustLookAtAgain gives the pure step what a shell only gives it when others
// write between its look and its step.
func TestStepRefusesWhatTheShellMustLookAtAgain(t *testing.T) {
	now := time.Date(2026, 12, 10, 12, 0, 0, 0, zone)
	spend := Spend{ID: "a", Reach: Everyone}
	today, tomorrow := []string{"2026-12-10"}, []string{"2026-12-11"}
	with := func(state State, days ...string) record {
		return record{Month: "2026-12", Reservations: []entry{fresh(spend, state, now, days)}}
	}
	empty := record{Month: "2026-12"}
	for name, test := range map[string]struct {
		m    record
		e    event
		want error
	}{
		"take: prepared for another day":      {empty, event{verb: take, spend: spend, days: tomorrow}, errElsewhere},
		"take: moved":                         {with(moved, "2027-01-01"), event{verb: take, spend: spend, days: today}, errElsewhere},
		"doubt: unknown":                      {empty, event{verb: doubt, spend: Spend{ID: "a"}, days: today}, ErrNotReserved},
		"doubt: prepared for another day":     {with(Held, "2026-12-10"), event{verb: doubt, spend: spend, days: tomorrow}, errElsewhere},
		"doubt: moved":                        {with(moved, "2027-01-01"), event{verb: doubt, spend: spend, days: today}, errElsewhere},
		"commit: unknown":                     {empty, event{verb: commit, spend: Spend{ID: "a"}}, ErrNotReserved},
		"commit: moved":                       {with(moved, "2027-01-01"), event{verb: commit, spend: spend}, errElsewhere},
		"commit: now is another month":        {record{Month: "2026-11"}, event{verb: commit, spend: spend, wide: true}, errElsewhere},
		"commit: of broadcasts outside":       {with(external, "2026-12-10"), event{verb: commit, spend: spend}, ErrConflict},
		"release: unknown":                    {empty, event{verb: release, spend: Spend{ID: "a"}}, ErrNotReserved},
		"release: moved":                      {with(moved, "2027-01-01"), event{verb: release, spend: spend}, errElsewhere},
		"release: of broadcasts outside":      {with(external, "2026-12-10"), event{verb: release, spend: spend}, ErrConflict},
		"leave: committed":                    {with(Committed, "2026-12-10"), event{verb: leave, spend: spend, keep: tomorrow}, ErrConflict},
		"shut: the time is in another month":  {record{Month: "2026-11"}, event{verb: shut, spend: spend}, errElsewhere},
		"take: the month is full":             {full(now), event{verb: take, spend: spend, days: today}, ErrFull},
		"leave: repeated":                     {with(moved, "2027-01-01"), event{verb: leave, spend: spend, wide: true}, nil},
		"release: a pointer, copies followed": {with(moved, "2027-01-01"), event{verb: release, spend: spend, wide: true}, nil},
		"undo: somebody went on":              {with(Doubtful, "2026-12-10"), event{verb: undo, spend: spend, wrote: fresh(spend, Held, now, today)}, nil},
		"add: again":                          {with(external, "2026-12-10"), event{verb: add, spend: spend}, nil},
	} {
		m, o, err := rules{}.step(test.m, test.e, now)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if o.changed && err == nil || !slices.EqualFunc(m.Reservations, test.m.Reservations, entry.same) {
			t.Errorf("%s: the record changed", name)
		}
	}
}

// TestStepChangesNoRecordItWasGiven looks at a record after steps on it.
func TestStepChangesNoRecordItWasGiven(t *testing.T) {
	now := time.Date(2026, 12, 10, 12, 0, 0, 0, zone)
	spend := Spend{ID: "a", Reach: Everyone}
	m := record{Month: "2026-12", Reservations: make([]entry, 0, 10)}
	m.Reservations = append(m.Reservations, fresh(spend, Held, now, []string{"2026-12-10"}))
	was := slices.Clone(m.Reservations)
	for _, e := range []event{
		{verb: take, spend: Spend{ID: "b", Reach: Tag}, days: []string{"2026-12-10"}},
		{verb: doubt, spend: spend, days: []string{"2026-12-10"}},
		{verb: commit, spend: spend},
		{verb: release, spend: spend},
		{verb: shut, spend: spend},
		{verb: leave, spend: spend, keep: []string{"2027-01-01"}},
		{verb: undo, spend: spend, wrote: was[0]},
		{verb: add, spend: Spend{ID: "x", Reach: Everyone, At: now}, units: 1},
	} {
		for _, at := range []time.Time{now, now.Add(time.Hour)} {
			if !at.Equal(now) && e.days != nil {
				e.days = []string{day(at)}
			}
			if _, o, err := (rules{}).step(m, e, at); err != nil || !o.changed && e.verb != undo {
				t.Errorf("verb %d: changed %v, %v", e.verb, o.changed, err)
			}
			if !slices.EqualFunc(m.Reservations, was, entry.same) || len(m.Closed) > 0 {
				t.Fatalf("verb %d changed the record it was given", e.verb)
			}
		}
	}
}

// full is a month in which nothing more has a place.
func full(now time.Time) record {
	m := record{Month: "2026-12"}
	for i := range maxReservations {
		m.Reservations = append(m.Reservations, fresh(Spend{ID: string(rune('b' + i)), Reach: Tag}, Committed, now, []string{"2026-12-10"}))
	}
	return m
}
