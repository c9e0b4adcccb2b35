package quota_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// TestQ5MonthEndsUnderSkew sends around 120 month ends, among them three 29 February and ten 31 December,
// while the caller's clock is wrong. Before each end the old month is filled; until the guard is over
// nothing may go out; then the new month begins. The windows follow the store's clock alone.
func TestQ5MonthEndsUnderSkew(t *testing.T) {
	offsets := []time.Duration{
		-3 * time.Minute, -121 * time.Second, -time.Minute, -time.Second, 0, time.Second,
		time.Minute, 119 * time.Second, 2 * time.Minute, 3 * time.Minute,
	}
	for _, skew := range []time.Duration{
		0, time.Second, -time.Second, 119 * time.Second, -119 * time.Second,
		10 * time.Minute, -10 * time.Minute, 24 * time.Hour, -24 * time.Hour,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			k := newKit()
			k.shift.Store(int64(skew))
			accepted := map[string]int{}
			for n := range 120 {
				end := time.Date(2024, time.Month(2+n), 1, 0, 0, 0, 0, china)
				for i, offset := range offsets {
					time.Sleep(end.Add(offset).Sub(k.now()))
					l := quota.New(k, appID, service) // cold: the caller's clock is its only guess
					s := toAll(fmt.Sprintf("%d-%d", n, i))
					r, err := l.Reserve(ctx, s)
					if e, ok := errors.AsType[*quota.ExhaustedError](err); ok {
						if !e.RetryAt.Equal(end.Add(2*time.Minute)) || offset >= 2*time.Minute {
							t.Fatalf("skew %v, %v after %v: %v", skew, offset, end, err)
						}
						continue
					}
					must(t, err)
					for _, d := range []time.Duration{0, 2 * time.Minute, -2*time.Minute + 1} {
						if label := quota.Day.Window(k.now().Add(d)).Label; !slices.Contains(r.Days, label) && offset != -2*time.Minute {
							t.Fatalf("skew %v, %v after %v: charged to %v without %s", skew, offset, end, r.Days, label)
						}
					}
					must(t, l.Doubt(ctx, s.ID))
					must(t, l.Commit(ctx, s.ID))
					want := quota.Day.Window(k.now()).Label
					if r := reserve(t, l, s); !slices.Equal(r.Days, []string{want}) {
						t.Fatalf("skew %v, taken on %s: charged to %v", skew, want, r.Days)
					}
					accepted[quota.Month.Window(k.now()).Label]++
				}
			}
			for m, n := range accepted {
				if last := "2034-01"; n != 4 && m != last {
					t.Errorf("skew %v: %d sent in %s, want 4", skew, n, m)
				}
			}
			if len(accepted) != 121 {
				t.Errorf("skew %v: sent in %d months, want 121", skew, len(accepted))
			}
		})
	}
}

func TestWithoutGuardTheMonthEndsExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit().at("2026-12-31 23:59:58")
		l := quota.New(k, appID, daily, quota.WithoutBoundaryGuard())
		for i, want := range []string{"2026-12-31", "", "2027-01-01", ""} {
			r, err := l.Reserve(t.Context(), toAll(fmt.Sprint(i)))
			if want == "" {
				wantIs(t, err, quota.ErrExhausted)
			} else if !slices.Equal(r.Days, []string{want}) {
				t.Errorf("at %v: %v, %v", k.now(), r.Days, err)
			}
			time.Sleep(time.Second)
		}
	})
}

// TestEstimateIsCorrectedByTheStoresClock moves the store's clock under a ledger that remembers another time.
func TestEstimateIsCorrectedByTheStoresClock(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{"2026-12-10 12:00", "2026-12-11 12:00", "2026-12-11"},
		{"2026-12-20 12:00", "2027-01-10 12:00", "2027-01-10"},
		{"2026-12-31 23:00", "2027-01-01 01:00", "2027-01-01"},
		{"2026-12-10 12:00", "2026-12-09 12:00", "2026-12-09"},
		{"2026-12-10 12:00", "2026-12-10 12:10", "2026-12-10"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			k := newKit().at(test.from)
			l := quota.New(k, appID, daily)
			reserve(t, l, toAll("earlier"))
			must(t, l.Release(ctx, "earlier"))
			k.at(test.to)
			r := reserve(t, l, toAll("a"))
			if !slices.Equal(r.Days, []string{test.want}) || !r.Since.Equal(moment(test.to)) {
				t.Errorf("from %s to %s: charged to %v since %v", test.from, test.to, r.Days, r.Since)
			}
			k.at(test.from) // nothing was left where the ledger first wrote
			if b := balances(t, l)[0]; test.want != test.from[:10] && b.Held != 0 {
				t.Errorf("from %s to %s: %+v is still held there", test.from, test.to, b)
			}
		})
	}
}

func TestWrongEstimateIsTakenBackWhenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		k := newKit().at("2026-12-11 12:00")
		reserve(t, quota.New(k, appID, daily), toAll("taken"))
		k.at("2026-12-10 12:00")
		l := quota.New(k, appID, daily)
		reserve(t, l, toAll("earlier"))
		must(t, l.Release(ctx, "earlier"))
		k.at("2026-12-11 12:01")
		_, err := l.Reserve(ctx, toAll("a"))
		wantIs(t, err, quota.ErrExhausted)
		k.at("2026-12-10 12:01")
		wantCount(t, l, counted{Left: 1})
	})
}

// restless is a store whose clock jumps a day with every operation.
type restless struct {
	store.Store
	days int
}

func (r *restless) Get(ctx context.Context, key string) (store.Record, error) {
	rec, err := r.Store.Get(ctx, key)
	r.days++
	rec.Now = rec.Now.AddDate(0, 0, r.days)
	return rec, err
}

func (r *restless) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (store.Record, bool, error) {
	rec, swapped, err := r.Store.Swap(ctx, key, version, value, ttl)
	r.days++
	rec.Now = rec.Now.AddDate(0, 0, r.days)
	return rec, swapped, err
}

func TestRestlessClockIsNoLedger(t *testing.T) {
	l := quota.New(&restless{Store: store.NewMemory()}, appID, daily)
	_, err := l.Reserve(t.Context(), toAll("a"))
	wantIs(t, err, quota.ErrUnavailable)
}

func TestReservationIsFoundInWhateverMonth(t *testing.T) {
	for name, resolve := range map[string]func(*quota.Ledger, context.Context, string) error{
		"commit": (*quota.Ledger).Commit, "release": (*quota.Ledger).Release, "doubt": (*quota.Ledger).Doubt,
	} {
		for _, at := range []string{"2027-05-10 12:00", "2026-12-02 12:00"} {
			for _, warm := range []bool{true, false} {
				k := newKit().at("2026-12-01 12:00")
				l := quota.New(k, appID, service)
				reserve(t, l, planned("a", "2027-05-10 12:00"))
				if !warm {
					l = quota.New(k, appID, service)
				}
				k.at(at)
				must(t, resolve(l, t.Context(), "a"))
				want := map[string]counted{"commit": {Used: 1, Left: 3}, "release": {Left: 4}, "doubt": {Doubtful: 1, Left: 3}}[name]
				wantCount(t, l, want)
				if at[:7] != "2027-05" { // it was sent early: the planned month is free again
					k.at("2027-05-10 12:00")
					wantCount(t, quota.New(k, appID, service), counted{Left: 4})
				}
			}
		}
	}
	k := newKit().at("2026-12-01 12:00")
	reserve(t, quota.New(k, appID, service), toAll("old"))
	k.at("2028-06-01 12:00")
	wantIs(t, quota.New(k, appID, service).Release(t.Context(), "old"), quota.ErrNotReserved)
}

// TestOtherProcessMovedTheReservation: what a ledger remembers of a month is old, as another one has sent
// the broadcast early, in the month before.
func TestOtherProcessMovedTheReservation(t *testing.T) {
	for name, call := range map[string]func(*quota.Ledger, context.Context) error{
		"reserve": func(l *quota.Ledger, ctx context.Context) error {
			r, err := l.Reserve(ctx, planned("a", "2027-01-10 12:00"))
			if r.State != quota.Doubtful {
				err = fmt.Errorf("found it %v: %w", r.State, err)
			}
			return err
		},
		"doubt":   func(l *quota.Ledger, ctx context.Context) error { return l.Doubt(ctx, "a") },
		"commit":  func(l *quota.Ledger, ctx context.Context) error { return l.Commit(ctx, "a") },
		"release": func(l *quota.Ledger, ctx context.Context) error { return l.Release(ctx, "a") },
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			k := newKit().at("2026-12-10 12:00")
			l, other := quota.New(k, appID, service), quota.New(k, appID, service)
			reserve(t, l, planned("a", "2027-01-10 12:00"))
			must(t, other.Doubt(ctx, "a"))
			wantCount(t, other, counted{Doubtful: 1, Left: 3})
			time.Sleep(31 * 24 * time.Hour)
			if err := call(l, ctx); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			want := counted{Left: 4}
			if name == "doubt" { // tried again, in another month
				want = counted{Doubtful: 1, Left: 3}
			}
			wantCount(t, l, want)
		})
	}
}

func TestMismatchIsSeenAcrossTheMonthsEnd(t *testing.T) {
	k := newKit().at("2026-12-31 20:00")
	l := quota.New(k, appID, service)
	reserve(t, l, toAll("a"))
	for _, at := range []string{"2026-12-31 20:01", "2027-01-01 08:00", "2027-01-02 19:00"} {
		k.at(at)
		_, err := l.Reserve(t.Context(), quota.Spend{ID: "a", Reach: quota.Tag})
		wantIs(t, err, quota.ErrMismatch)
	}
}

// TestStoppedHalfWayIsCompletedByRepeating cuts the store off at every swap of a broadcast over the year's
// end, before or after it happens, and lets another process repeat the call.
func TestStoppedHalfWayIsCompletedByRepeating(t *testing.T) {
	type step struct {
		at   string
		call func(*quota.Ledger, context.Context) error
	}
	take := func(l *quota.Ledger, ctx context.Context) error { _, err := l.Reserve(ctx, toAll("a")); return err }
	doubt := func(l *quota.Ledger, ctx context.Context) error { return l.Doubt(ctx, "a") }
	commit := func(l *quota.Ledger, ctx context.Context) error { return l.Commit(ctx, "a") }
	release := func(l *quota.Ledger, ctx context.Context) error { return l.Release(ctx, "a") }
	for name, steps := range map[string][]step{
		"over the end":         {{"2026-12-31 23:50", take}, {"2026-12-31 23:59", doubt}, {"2027-01-01 00:00", commit}},
		"within the guard":     {{"2026-12-31 23:58:30", take}, {"2026-12-31 23:59", doubt}, {"2027-01-01 00:00", release}},
		"moved by the gate":    {{"2026-12-31 23:50", take}, {"2027-01-01 00:04", doubt}, {"2027-01-01 00:05", commit}},
		"committed without":    {{"2026-12-31 23:50", take}, {"2027-01-01 00:04", commit}},
		"tried in both months": {{"2026-12-31 22:00", take}, {"2026-12-31 22:01", doubt}, {"2027-01-01 09:00", doubt}, {"2027-01-01 09:01", commit}},
		"late news":            {{"2026-12-31 23:58:30", take}, {"2026-12-31 23:59", doubt}, {"2027-01-01 09:00", commit}},
	} {
		// play returns the swaps it took and what is left in both years.
		play := func(cut int, happens bool) (swaps int, left [2]counted) {
			ctx := t.Context()
			k := newKit()
			k.fault = func(string) (bool, bool) {
				if swaps++; swaps == cut {
					k.down.Store(true)
					return happens, true
				}
				return true, false
			}
			l := quota.New(k, appID, daily)
			for _, s := range steps {
				k.at(s.at)
				if err := s.call(l, ctx); err != nil {
					wantIs(t, err, quota.ErrUnavailable)
					k.down.Store(false)
					l = quota.New(k, appID, daily)
					if err := s.call(l, ctx); err != nil {
						t.Fatalf("%s, cut at %d (%v), repeated: %v", name, cut, happens, err)
					}
				}
			}
			for i, day := range []string{"2026-12-31 12:00", "2027-01-01 12:00"} {
				k.at(day)
				b := balances(t, l)[0]
				left[i] = counted{b.Used, b.Held, b.Doubtful, b.External, b.Left}
			}
			return swaps, left
		}
		total, want := play(0, true)
		for cut := 1; cut <= total; cut++ {
			for _, happens := range []bool{false, true} {
				if _, got := play(cut, happens); got != want {
					t.Errorf("%s, cut at %d (happened: %v): %s", name, cut, happens, cmp.Diff(want, got))
				}
			}
		}
	}
}

func TestAMonthHasOneRecordThatPeopleCanRead(t *testing.T) {
	ctx := t.Context()
	synctest.Test(t, func(t *testing.T) {
		k := newKit().at("2026-12-10 12:00")
		l := quota.New(k, appID, service)
		reserve(t, l, quota.Spend{ID: "launch", Reach: quota.Tag, At: moment("2026-12-24 18:00"), Digest: "abc"})
		must(t, l.RecordExternal(t.Context(), moment("2026-12-02"), 1, "Lin <lin@example.com>"))
		must(t, l.Exhausted(t.Context(), toAll("")))
		r, err := k.Store.Get(ctx, appID+"/quota/2026-12")
		must(t, err)
		lines := strings.Split(strings.TrimSpace(string(r.Value)), "\n")
		want := `{"id":"launch","state":"held","reach":"tag","days":["2026-12-24"],"at":"2026-12-24T18:00:00+08:00",` +
			`"since":"2026-12-10T12:00:00+08:00","digest":"abc"},`
		if len(lines) != 6 || lines[1] != want {
			t.Errorf("got\n%s\nwant the second of 6 lines to be\n%s", r.Value, want)
		}
		for r, err := range k.List(ctx, appID+"/", "") {
			must(t, err)
			if r.Key != appID+"/quota/2026-12" {
				t.Errorf("there is a record %s", r.Key)
			}
		}
	})
}
