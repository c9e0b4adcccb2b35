package quota_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/quota"
)

func TestR70DayWindowIsHalfOpenAtUTC8(t *testing.T) {
	for _, test := range []struct{ at, label string }{
		{"2026-02-13 00:00:00", "2026-02-13"},
		{"2026-02-13 23:59:59.999999999", "2026-02-13"},
		{"2026-02-14 00:00:00", "2026-02-14"},
		{"2024-02-29 12:00:00", "2024-02-29"},
		{"2026-12-31 23:59:59", "2026-12-31"},
	} {
		w := quota.Day.Window(moment(test.at))
		if w.Label != test.label || w.String() != test.label {
			t.Errorf("Day.Window(%s) = %s, want %s", test.at, w, test.label)
		}
		if w.End.Sub(w.Start) != 24*time.Hour || !w.Contains(w.Start) || w.Contains(w.End) || !w.Contains(moment(test.at)) {
			t.Errorf("Day.Window(%s) is [%v, %v)", test.at, w.Start, w.End)
		}
	}
}

func TestR71MonthWindowEndsOnTheFirst(t *testing.T) {
	for _, test := range []struct{ at, label, end string }{
		{"2026-01-31 23:59:59.999999999", "2026-01", "2026-02-01"},
		{"2024-01-31", "2024-01", "2024-02-01"},
		{"2024-02-29 23:59:59", "2024-02", "2024-03-01"},
		{"2025-02-28", "2025-02", "2025-03-01"},
		{"2100-02-28 23:59:59", "2100-02", "2100-03-01"},
		{"2000-02-29", "2000-02", "2000-03-01"},
		{"2026-12-31 23:59:59", "2026-12", "2027-01-01"},
		{"2027-01-01", "2027-01", "2027-02-01"},
	} {
		w := quota.Month.Window(moment(test.at))
		if w.Label != test.label || !w.End.Equal(moment(test.end)) || !w.Start.Equal(moment(test.label+"-01")) {
			t.Errorf("Month.Window(%s) = %s [%v, %v), want %s until %s", test.at, w, w.Start, w.End, test.label, test.end)
		}
	}
}

func TestR72WindowIgnoresTheZoneOfTheTime(t *testing.T) {
	at := time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC)
	want := quota.Month.Window(moment("2026-03-01"))
	for _, zone := range []*time.Location{time.UTC, china, time.FixedZone("", -12*3600), time.FixedZone("", 14*3600)} {
		if diff := cmp.Diff(want, quota.Month.Window(at.In(zone))); diff != "" {
			t.Errorf("in %v (-want +got):\n%s", zone, diff)
		}
	}
	if got := quota.Month.Window(at.Add(-1)).Label; got != "2026-02" {
		t.Errorf("the moment before is in %s, want 2026-02", got)
	}
}

func TestInvalidPeriodHasNoWindow(t *testing.T) {
	if w := quota.Period(0).Window(time.Now()); w != (quota.Window{}) {
		t.Errorf("got %+v, want the zero Window", w)
	}
	for p, want := range map[quota.Period]string{0: "invalid", quota.Day: "day", quota.Month: "month", 9: "invalid"} {
		if p.String() != want {
			t.Errorf("Period(%d) = %q, want %q", p, p, want)
		}
	}
}

// FuzzWindow: labels grow with time, windows meet without a gap, and their boundaries are exact.
func FuzzWindow(f *testing.F) {
	for _, s := range []string{"2024-02-29 23:59:59", "2026-12-31 23:59:59", "2026-02-28", "2100-02-28", "1970-01-01", "1991-09-15"} {
		f.Add(moment(s).Unix(), int64(1))
	}
	f.Fuzz(func(t *testing.T, seconds, gap int64) {
		const first, last = -62_000_000_000, 253_000_000_000 // years 5 to 9987
		if seconds < first || seconds > last || gap < 0 || gap > last-seconds {
			return
		}
		at, later := time.Unix(seconds, 0), time.Unix(seconds+gap, 0)
		for _, p := range []quota.Period{quota.Day, quota.Month} {
			w := p.Window(at)
			if !w.Contains(at) || p.Window(w.Start) != w || p.Window(w.End.Add(-1)) != w {
				t.Fatalf("%s of %v is [%v, %v)", p, at, w.Start, w.End)
			}
			next := p.Window(w.End)
			if !next.Start.Equal(w.End) || next.Label <= w.Label {
				t.Fatalf("after %s (ends %v) comes %s (starts %v)", w, w.End, next, next.Start)
			}
			if l := p.Window(later); l.Label < w.Label || w.Contains(later) != (l == w) {
				t.Fatalf("%v is in %s, %d s later in %s", at, w, gap, l)
			}
			if p == quota.Day && w.End.Sub(w.Start) != 24*time.Hour {
				t.Fatalf("%s has %v", w, w.End.Sub(w.Start))
			}
			if h, m, s := w.Start.UTC().Clock(); h != 16 || m != 0 || s != 0 {
				t.Fatalf("%s begins at %v", w, w.Start.UTC())
			}
		}
	})
}
