package quota

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Certainty is how far a [Balance] can be trusted. No ledger can see what people send from the platform's
// console unless they record it; beyond that: the zero value is invalid.
type Certainty uint8

const (
	// Certain: everything counted was answered by the platform.
	Certain Certainty = iota + 1
	// Inferred: something rests on what people recorded, or on the platform's refusal.
	Inferred
	// Range: some broadcasts are in doubt. Between Left and Left+Doubtful are left.
	Range
)

// String names the certainty: "certain", "inferred" or "range".
func (c Certainty) String() string {
	switch c {
	case Certain:
		return "certain"
	case Inferred:
		return "inferred"
	case Range:
		return "range"
	}
	return "invalid"
}

// Balance is how one limit stands in one window.
type Balance struct {
	// Limit is the allowance.
	Limit Limit
	// Window is the span it is counted in.
	Window Window
	// Used were taken by the platform from this ledger's programs.
	Used int
	// Held are set aside for broadcasts not sent yet.
	Held int
	// Doubtful may have been sent. They count as if they were, for ever.
	Doubtful int
	// External were sent from the platform's console and recorded with [Ledger.RecordExternal].
	External int
	// Left is what can still be reserved.
	Left int
	// Closed says why nothing is left whatever was counted: the platform said so. Empty: it did not.
	Closed string
	// RenewsAt is when the next window begins, with the whole allowance.
	RenewsAt time.Time
	// Certainty is how far the numbers can be trusted.
	Certainty Certainty
}

// String gives the balance in a line: "3 of 4, renews 2027-01-01 00:00 +08:00".
func (b Balance) String() string {
	var note string
	switch {
	case b.Closed != "":
		note = " (closed: " + b.Closed + ")"
	case b.Doubtful > 0:
		note = fmt.Sprintf(" (%d in doubt)", b.Doubtful)
	}
	return fmt.Sprintf("%d of %d%s, renews %s", b.Left, b.Limit.Max, note, b.RenewsAt.In(zone).Format(human))
}

// Remaining is what an account has left, limit by limit in the order of the policy.
type Remaining struct {
	// At is the moment it was true, by the store's clock.
	At time.Time
	// Balances has one for each limit. No limits: nothing is limited.
	Balances []Balance
}

// String joins the balances. Where there are several, each begins with the name of its limit.
func (r Remaining) String() string {
	switch len(r.Balances) {
	case 0:
		return "unlimited"
	case 1:
		return r.Balances[0].String()
	}
	parts := make([]string, len(r.Balances))
	for i, b := range r.Balances {
		parts[i] = b.Limit.Name + ": " + b.String()
	}
	return strings.Join(parts, "; ")
}

// unlimited is the Max of the limit that stands in where a policy has none.
const unlimited = math.MaxInt

// counting are the limits that count a reach. A broadcast that none counts is free, but the platform may
// know better: then the day in which it said so is closed to that reach.
func (r rules) counting(reach Reach) []Limit {
	var limits []Limit
	for _, l := range r.limits {
		if l.Counts&reach != 0 {
			limits = append(limits, l)
		}
	}
	if limits == nil {
		limits = []Limit{{Name: "broadcasts to " + reach.String(), Max: unlimited, Period: Day, Counts: reach}}
	}
	return limits
}

// balance counts a limit in a window of the record's month, leaving one id out.
func (r rules) balance(m record, l Limit, w Window, without string) Balance {
	b := Balance{Limit: l, Window: w, RenewsAt: w.End, Certainty: Certain}
	for _, e := range m.Reservations {
		if l.Counts&e.Reach == 0 || e.ID == without || !e.in(w) {
			continue
		}
		switch e.State {
		case Held:
			b.Held++
		case Doubtful:
			b.Doubtful++
		case Committed:
			b.Used++
		case external:
			b.External += e.Units
		case Released, Lapsed, moved:
		}
	}
	for _, c := range m.Closed {
		if c.Window == w.Label && l.Counts&c.Reach != 0 {
			b.Closed = c.Reason
		}
	}
	b.Left = max(0, l.Max-b.Used-b.Held-b.Doubtful-b.External)
	switch {
	case b.Closed != "":
		b.Left, b.Certainty = 0, Inferred
	case b.Doubtful > 0:
		b.Certainty = Range
	case b.External > 0:
		b.Certainty = Inferred
	}
	return b
}

// room says whether a spend fits all its windows in the record's month, and if not, which limit refuses
// longest. In a window in which it is held already, only what was sent can have taken its unit; in one in
// which it may have been sent, it has used it.
func (r rules) room(m record, s Spend, days []string, was entry) error {
	var refused *ExhaustedError
	for _, l := range r.counting(s.Reach) {
		for _, w := range windowsOf(l.Period, m, days) {
			b := r.balance(m, l, w, s.ID)
			left := l.Max - b.Used - b.Doubtful - b.External
			switch {
			case was.in(w) && was.State == Doubtful:
				continue
			case b.Closed != "":
				left = 0
			case !was.in(w) || was.State != Held:
				left -= b.Held
			}
			if retry := w.End.Add(r.guard); left < 1 && (refused == nil || retry.After(refused.RetryAt)) {
				refused = &ExhaustedError{Balance: b, RetryAt: retry}
			}
		}
	}
	if refused == nil {
		return nil
	}
	return refused
}

// windowsOf are the windows of a period that some days fall in, leaving out those of other months.
func windowsOf(p Period, m record, days []string) []Window {
	var windows []Window
	for _, d := range days {
		t, err := time.ParseInLocation(time.DateOnly, d, zone)
		if err != nil || monthOf(d) != m.Month {
			continue
		}
		if w := p.Window(t); !slices.Contains(windows, w) {
			windows = append(windows, w)
		}
	}
	return windows
}
