package quota

import (
	"slices"
	"strings"
	"time"
)

// maxReservations bounds a month's record, so that it fits a store's value whatever ids and digests are
// like. Limits bound what is charged to a few dozen; the rest are released, lapsed and free broadcasts.
const maxReservations = 1500

// lease is how long after its planned time a reservation is held if it is not sent.
const lease = 15 * time.Minute

// record is the ledger of one account and month: its days are in it too. It is a value; changing it means
// making another one.
type record struct {
	Account      string    `json:"account"`
	Month        string    `json:"month"`
	Reservations []entry   `json:"reservations"`
	Closed       []closure `json:"closed,omitempty"`
}

// entry is one reservation. Where it is charged to days of two months, each has a copy with all days, and
// counts its own.
type entry struct {
	ID     string    `json:"id"`
	State  State     `json:"state"`
	Reach  Reach     `json:"reach"`
	Days   []string  `json:"days"`
	At     time.Time `json:"at,omitzero"`
	Since  time.Time `json:"since"`
	Digest string    `json:"digest,omitempty"`
	Units  int       `json:"units,omitempty"` // of external broadcasts
	Who    string    `json:"who,omitempty"`   // recorded them
}

// closure is a window that the platform said is empty.
type closure struct {
	Window string    `json:"window"`
	Reach  Reach     `json:"reach"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

// spend is what was asked for.
func (e entry) spend() Spend { return Spend{ID: e.ID, At: e.At, Reach: e.Reach, Digest: e.Digest} }

// in reports whether the entry is charged to the window.
func (e entry) in(w Window) bool {
	return slices.ContainsFunc(e.Days, func(d string) bool { return strings.HasPrefix(d, w.Label) })
}

// lapses is when a held entry lapses.
func (e entry) lapses() time.Time { return later(e.Since, e.At).Add(lease) }

// same reports whether nothing differs.
func (e entry) same(o entry) bool {
	return e.State == o.State && e.spend().same(o.spend()) && e.Since.Equal(o.Since) &&
		slices.Equal(e.Days, o.Days) && e.Units == o.Units && e.Who == o.Who
}

// reservation is the entry as callers see it.
func (e entry) reservation() Reservation {
	r := Reservation{Spend: e.spend(), State: e.State, Days: slices.Clone(e.Days), Since: e.Since}
	if e.State == Held {
		r.Lapses = e.lapses()
	}
	return r
}

// find returns the entry with an id, or one without a state.
func (m record) find(id string) entry {
	if i := m.index(id); i >= 0 {
		return m.Reservations[i]
	}
	return entry{}
}

func (m record) index(id string) int {
	return slices.IndexFunc(m.Reservations, func(e entry) bool { return e.ID == id })
}

// lapse is the record in which what was held too long no longer is.
func (m record) lapse(now time.Time) record {
	over := func(e entry) bool { return e.State == Held && !now.Before(e.lapses()) }
	if !slices.ContainsFunc(m.Reservations, over) {
		return m
	}
	m.Reservations = slices.Clone(m.Reservations)
	for i, e := range m.Reservations {
		if over(e) {
			m.Reservations[i].State = Lapsed
		}
	}
	return m
}

// put is the record with an entry in place of the one with its id, or added. A full record makes room by
// forgetting what lapsed, which nobody may have sent.
func (m record) put(e entry) (record, error) {
	entries := slices.Clone(m.Reservations)
	if i := m.index(e.ID); i >= 0 {
		entries[i] = e
	} else {
		if len(entries) >= maxReservations {
			entries = slices.DeleteFunc(entries, func(e entry) bool { return e.State == Lapsed })
		}
		if len(entries) >= maxReservations {
			return m, ErrFull
		}
		entries = append(entries, e)
	}
	m.Reservations = entries
	return m, nil
}

// drop is the record without an id.
func (m record) drop(id string) record {
	m.Reservations = slices.DeleteFunc(slices.Clone(m.Reservations), func(e entry) bool { return e.ID == id })
	return m
}
