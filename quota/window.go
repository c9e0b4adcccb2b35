package quota

import (
	"slices"
	"time"
)

// zone is the platform's: China has had no other offset since 1991, so no tzdata is needed.
var zone = time.FixedZone("UTC+8", 8*60*60)

// Period is the length of the windows of a limit. The zero value is invalid.
type Period uint8

const (
	// Day windows begin at 00:00 at UTC+8.
	Day Period = iota + 1
	// Month windows begin at 00:00 on the first of a calendar month at UTC+8.
	Month
)

// String names the period: "day" or "month".
func (p Period) String() string {
	switch p {
	case Day:
		return "day"
	case Month:
		return "month"
	}
	return "invalid"
}

// Window returns the window that t falls in, whatever zone t is given in: 2026-02-28T16:00:00Z is the
// first moment of March. Windows are half-open, follow each other without a gap, and nothing that was
// left in one is carried into the next. An invalid period has the zero Window.
func (p Period) Window(t time.Time) Window {
	y, m, d := t.In(zone).Date()
	switch p {
	case Day:
		start := time.Date(y, m, d, 0, 0, 0, 0, zone)
		return Window{start.Format(time.DateOnly), start, time.Date(y, m, d+1, 0, 0, 0, 0, zone)}
	case Month:
		// Not AddDate: a month after 31 January is 3 March.
		start := time.Date(y, m, 1, 0, 0, 0, 0, zone)
		return Window{start.Format(monthOnly), start, time.Date(y, m+1, 1, 0, 0, 0, 0, zone)}
	}
	return Window{}
}

// Window is a span of time in which a limit counts. It holds Start and does not hold End, at which the
// allowance renews.
type Window struct {
	// Label names the window in ledgers and errors: "2026-02-13" for a day, "2026-02" for a month.
	Label string
	// Start is the first moment, End the first moment after; both are given at UTC+8.
	Start, End time.Time
}

// Contains reports whether t falls in the window.
func (w Window) Contains(t time.Time) bool { return !t.Before(w.Start) && t.Before(w.End) }

// String returns the label.
func (w Window) String() string { return w.Label }

const (
	monthOnly = "2006-01"
	// human is how texts show a moment: "2027-01-01 00:00 +08:00".
	human = "2006-01-02 15:04 -07:00"
)

// day and month are the labels of the windows that t falls in.
func day(t time.Time) string   { return Day.Window(t).Label }
func month(t time.Time) string { return Month.Window(t).Label }

// around are the windows that the time from t-reach to t+reach falls in, which are two at most.
func (p Period) around(t time.Time, reach time.Duration) []string {
	first, last := p.Window(t.Add(-reach)), t.Add(reach)
	if first.Contains(last) {
		return []string{first.Label}
	}
	return []string{first.Label, p.Window(last).Label}
}

// monthOf is the label of the month that a day belongs to.
func monthOf(day string) string { return day[:len(monthOnly)] }

// monthsOf are the months of days in order, each once.
func monthsOf(days ...string) []string {
	months := make([]string, len(days))
	for i, d := range days {
		months[i] = monthOf(d)
	}
	slices.Sort(months)
	return slices.Compact(months)
}
