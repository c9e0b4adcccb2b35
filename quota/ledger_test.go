package quota_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

func TestR69SubscriptionSendsOneADay(t *testing.T) {
	l := quota.New(newKit().at("2026-12-10 09:00"), appID, daily)
	reserve(t, l, toAll("a"))
	must(t, l.Commit(t.Context(), "a"))
	_, err := l.Reserve(t.Context(), quota.Spend{ID: "b", Reach: quota.Tag})
	e, ok := errors.AsType[*quota.ExhaustedError](err)
	if !ok {
		t.Fatalf("second broadcast of the day: %v, want *ExhaustedError", err)
	}
	if e.Limit.Max != 1 || e.Window.Label != "2026-12-10" || !e.RetryAt.Equal(moment("2026-12-11 00:02")) {
		t.Errorf("got limit %d, window %s, retry %v", e.Limit.Max, e.Window, e.RetryAt)
	}
	l = quota.New(newKit().at("2026-12-10 09:00"), appID, daily, quota.WithoutBoundaryGuard())
	reserve(t, l, toAll("a"))
	e, _ = errors.AsType[*quota.ExhaustedError](l.Check(t.Context(), toAll("b")))
	if e == nil || !e.RetryAt.Equal(moment("2026-12-11")) {
		t.Errorf("without the guard: %v, want to try again at midnight", e)
	}
}

func TestR70DayRenewsAndDoesNotAccumulate(t *testing.T) {
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, daily)
	reserve(t, l, toAll("a"))
	must(t, l.Commit(t.Context(), "a"))
	k.at("2026-12-13 12:00")
	wantCount(t, l, counted{Left: 1})
	reserve(t, l, toAll("b"))
	wantIs(t, l.Check(t.Context(), toAll("c")), quota.ErrExhausted)
}

func TestR71ServiceSendsFourAMonth(t *testing.T) {
	for _, test := range []struct{ at, renews string }{
		{"2026-01-31 12:00", "2026-02-01"},
		{"2024-02-29 12:00", "2024-03-01"},
		{"2025-02-28 12:00", "2025-03-01"},
		{"2026-12-31 12:00", "2027-01-01"},
	} {
		k := newKit().at(test.at)
		l := quota.New(k, appID, service)
		for _, id := range []string{"a", "b", "c", "d"} {
			reserve(t, l, toAll(id))
			must(t, l.Commit(t.Context(), id))
		}
		e, ok := errors.AsType[*quota.ExhaustedError](l.Check(t.Context(), toAll("e")))
		if !ok || !e.RenewsAt.Equal(moment(test.renews)) || !e.RetryAt.Equal(moment(test.renews+" 00:02")) {
			t.Fatalf("fifth at %s: %v", test.at, e)
		}
		k.at(test.renews + " 00:03")
		wantCount(t, l, counted{Left: 4})
	}
}

func TestServiceTodaySendsToEveryoneOnceADay(t *testing.T) {
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, quota.ServicePolicy(wechat.Current))
	reserve(t, l, toAll("a"))
	e, ok := errors.AsType[*quota.ExhaustedError](l.Check(t.Context(), toAll("b")))
	if !ok || e.Limit.Period != quota.Day {
		t.Fatalf("second to everyone on a day: %v, want the day's limit", e)
	}
	for _, id := range []string{"t1", "t2", "t3", "t4", "t5"} {
		reserve(t, l, quota.Spend{ID: id, Reach: quota.Tag})
		must(t, l.Commit(t.Context(), id))
		reserve(t, l, quota.Spend{ID: "o" + id, Reach: quota.OpenIDs})
	}
	wantCount(t, l, counted{Held: 1, Left: 3})
	for _, day := range []string{"11", "12", "13"} {
		k.at("2026-12-" + day + " 12:00")
		must(t, l.Commit(t.Context(), reserve(t, l, toAll(day)).ID))
	}
	must(t, l.Commit(t.Context(), "a")) // it had lapsed, but the platform took it
	k.at("2026-12-20 12:00")
	e, ok = errors.AsType[*quota.ExhaustedError](l.Check(t.Context(), toAll("z")))
	if !ok || e.Limit.Period != quota.Month || !e.RetryAt.Equal(moment("2027-01-01 00:02")) {
		t.Fatalf("fifth to everyone in a month: %v, want the month's limit", e)
	}
}

func TestR57ErrorSaysWhoseLimitAndWhenItFrees(t *testing.T) {
	ctx := t.Context()
	l := quota.New(newKit().at("2026-12-10 12:00"), appID, service)
	for _, id := range []string{"used", "doubt", "held"} {
		reserve(t, l, toAll(id))
	}
	must(t, l.Doubt(ctx, "doubt"))
	must(t, l.Commit(ctx, "used"))
	must(t, l.RecordExternal(ctx, time.Time{}, 1, "me"))
	err := l.Check(ctx, toAll("more"))
	wantIs(t, err, quota.ErrExhausted)
	wantIs(t, err, wechat.ErrQuota)
	want := "quota: check: broadcasts a month: WeChat allows 4 (its limit, not this SDK's), in 2026-12 " +
		"1 sent, 1 sent outside, 1 in doubt, 1 held; try again from 2027-01-01 00:02 +08:00"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	never := service.Account[0]
	never.Max = 0
	l = quota.New(newKit().at("2026-12-10 12:00"), appID, quota.Policy{Account: []quota.Limit{never}})
	if err := l.Check(ctx, toAll("a")); err == nil || !strings.Contains(err.Error(), "allows 0") || !strings.Contains(err.Error(), "none counted") {
		t.Errorf("a limit of 0: %v", err)
	}
}

func TestQ2ResolutionsAreIdempotentAndExclusive(t *testing.T) {
	type call func(*quota.Ledger, context.Context, string) error
	calls := map[string]call{"doubt": (*quota.Ledger).Doubt, "commit": (*quota.Ledger).Commit, "release": (*quota.Ledger).Release}
	for _, test := range []struct {
		first, second string
		want          error
		left          int
	}{
		{"doubt", "doubt", nil, 3},
		{"doubt", "commit", nil, 3},
		{"doubt", "release", nil, 4},
		{"commit", "commit", nil, 3},
		{"commit", "release", quota.ErrConflict, 3},
		{"commit", "doubt", quota.ErrConflict, 3},
		{"release", "release", nil, 4},
		{"release", "commit", quota.ErrConflict, 4},
		{"release", "doubt", quota.ErrConflict, 4},
	} {
		for _, at := range []string{"2026-12-10 12:00", "2026-12-31 23:59"} {
			l := quota.New(newKit().at(at), appID, service)
			reserve(t, l, toAll("a"))
			must(t, calls[test.first](l, t.Context(), "a"))
			for range 3 {
				if err := calls[test.second](l, t.Context(), "a"); !errors.Is(err, test.want) {
					t.Errorf("%s after %s at %s: %v, want %v", test.second, test.first, at, err, test.want)
				}
			}
			if left := balances(t, l)[0].Left; left != test.left {
				t.Errorf("%s after %s at %s: %d left, want %d", test.second, test.first, at, left, test.left)
			}
		}
	}
}

func TestQ2SameIDWithOtherParametersIsAMismatch(t *testing.T) {
	first := quota.Spend{ID: "a", At: moment("2026-12-11 10:00"), Reach: quota.Tag, Digest: "x"}
	for name, change := range map[string]func(*quota.Spend){
		"time":      func(s *quota.Spend) { s.At = s.At.Add(time.Nanosecond) },
		"now":       func(s *quota.Spend) { s.At = time.Time{} },
		"reach":     func(s *quota.Spend) { s.Reach = quota.Everyone },
		"digest":    func(s *quota.Spend) { s.Digest = "y" },
		"no digest": func(s *quota.Spend) { s.Digest = "" },
	} {
		for _, resolve := range []func(*quota.Ledger, context.Context, string) error{
			nil, (*quota.Ledger).Doubt, (*quota.Ledger).Commit, (*quota.Ledger).Release,
		} {
			l := quota.New(newKit().at("2026-12-11 09:00"), appID, service)
			reserve(t, l, first)
			if resolve != nil {
				must(t, resolve(l, t.Context(), "a"))
			}
			other := first
			change(&other)
			if _, err := l.Reserve(t.Context(), other); !errors.Is(err, quota.ErrMismatch) {
				t.Errorf("other %s: %v, want ErrMismatch", name, err)
			}
			wantIs(t, l.Check(t.Context(), other), quota.ErrMismatch)
		}
	}
	l := quota.New(newKit().at("2026-12-11 09:00"), appID, service)
	reserve(t, l, first)
	same := first
	same.At = first.At.UTC()
	if r := reserve(t, l, same); r.State != quota.Held {
		t.Errorf("the same time in another zone: %+v", r)
	}
}

func TestQ2ReserveReturnsWhatItFinds(t *testing.T) {
	ctx := t.Context()
	l := quota.New(newKit().at("2026-12-10 12:00"), appID, service)
	r := reserve(t, l, toAll("a"))
	if r.State != quota.Held || !slices.Equal(r.Days, []string{"2026-12-10"}) || !r.Lapses.Equal(r.Since.Add(15*time.Minute)) {
		t.Errorf("new: %+v", r)
	}
	if diff := cmp.Diff(r, reserve(t, l, toAll("a"))); diff != "" {
		t.Errorf("again (-first +second):\n%s", diff)
	}
	wantCount(t, l, counted{Held: 1, Left: 3})
	must(t, l.Doubt(ctx, "a"))
	if r := reserve(t, l, toAll("a")); r.State != quota.Doubtful || !r.Lapses.IsZero() {
		t.Errorf("in doubt: %+v", r)
	}
	must(t, l.Commit(ctx, "a"))
	if r := reserve(t, l, toAll("a")); r.State != quota.Committed {
		t.Errorf("committed: %+v", r)
	}
	reserve(t, l, toAll("b"))
	must(t, l.Release(ctx, "b"))
	_, err := l.Reserve(ctx, toAll("b"))
	wantIs(t, err, quota.ErrConflict)
	wantIs(t, l.Check(ctx, toAll("b")), quota.ErrConflict)
	for _, resolve := range []error{l.Doubt(ctx, "c"), l.Commit(ctx, "c"), l.Release(ctx, "c")} {
		wantIs(t, resolve, quota.ErrNotReserved)
	}
}

func TestRefusedReservationLeavesNothingBehind(t *testing.T) {
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, daily)
	reserve(t, l, toAll("a"))
	before, err := k.Store.Get(t.Context(), appID+"/quota/2026-12")
	must(t, err)
	for range 3 {
		_, err := l.Reserve(t.Context(), toAll("b"))
		wantIs(t, err, quota.ErrExhausted)
	}
	after, err := k.Store.Get(t.Context(), appID+"/quota/2026-12")
	must(t, err)
	if before.Version != after.Version {
		t.Error("the record was written")
	}
	k.at("2026-12-11 12:00")
	if r := reserve(t, l, toAll("b")); r.State != quota.Held {
		t.Errorf("the next day: %+v", r)
	}
}

func TestQ4NeverSentLapsesFromThePlannedTime(t *testing.T) {
	for _, test := range []struct {
		name, at, alive, over string
	}{
		{"now", "", "2026-12-10 12:14:59", "2026-12-10 12:15:00"},
		{"planned", "2026-12-20 09:00", "2026-12-20 09:14:59", "2026-12-20 09:15:00"},
		{"in the past", "2026-12-01 09:00", "2026-12-10 12:14:59", "2026-12-10 12:15:00"},
	} {
		synctest.Test(t, func(t *testing.T) {
			k := newKit().at("2026-12-10 12:00")
			l := quota.New(k, appID, service)
			s := toAll("a")
			if test.at != "" {
				s = planned("a", test.at)
			}
			r := reserve(t, l, s)
			if !r.Lapses.Equal(moment(test.over)) {
				t.Errorf("%s lapses at %v, want %s", test.name, r.Lapses, test.over)
			}
			k.at(test.alive)
			wantCount(t, l, counted{Held: 1, Left: 3})
			k.at(test.over)
			wantCount(t, l, counted{Left: 4})
			// The id may have its unit again: nothing was sent.
			if r := reserve(t, l, s); r.State != quota.Held || !r.Since.Equal(moment(test.over)) {
				t.Errorf("%s, reserved again: %+v", test.name, r)
			}
		})
	}
}

func TestQ4DoubtIsChargedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit().at("2026-11-20 12:00")
		l := quota.New(k, appID, service)
		reserve(t, l, toAll("a"))
		must(t, l.Doubt(t.Context(), "a"))
		month := quota.Month.Window(k.now())
		for k.now().Before(month.End.Add(30 * 24 * time.Hour)) {
			time.Sleep(6 * time.Hour)
			r := reserve(t, quota.New(k, appID, service), planned("b", "2027-01-10"))
			if r.State != quota.Held {
				t.Fatal(r)
			}
			want := counted{Doubtful: 1, Left: 3}
			if !month.Contains(k.now()) {
				want = counted{Left: 4}
			}
			wantCount(t, l, want)
		}
		// Forty days later evidence arrives: the charge is still where it was.
		must(t, l.Commit(t.Context(), "a"))
		wantCount(t, l, counted{Left: 4})
		k.at("2026-11-30 12:00")
		wantCount(t, l, counted{Used: 1, Left: 3})
	})
}

func TestDoubtIsTheGate(t *testing.T) {
	ctx := t.Context()
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, daily)
	reserve(t, l, toAll("late"))
	k.at("2026-12-10 12:20") // it lapsed, and another one took the unit
	reserve(t, l, toAll("quick"))
	wantIs(t, l.Doubt(ctx, "late"), quota.ErrExhausted)
	must(t, l.Release(ctx, "quick"))
	must(t, l.Doubt(ctx, "late"))
	wantCount(t, l, counted{Doubtful: 1})

	k = newKit().at("2026-12-10 12:00")
	l = quota.New(k, appID, daily)
	reserve(t, l, toAll("a"))
	must(t, l.Exhausted(ctx, toAll("")))
	wantIs(t, l.Doubt(ctx, "a"), quota.ErrExhausted)

	k = newKit().at("2026-12-10 12:00")
	l = quota.New(k, appID, daily)
	reserve(t, l, toAll("a"))
	must(t, l.RecordExternal(ctx, time.Time{}, 1, "somebody was quicker"))
	wantIs(t, l.Doubt(ctx, "a"), quota.ErrExhausted)
}

func TestR73ReservationBelongsToThePlannedWindow(t *testing.T) {
	ctx := t.Context()
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, daily)
	reserve(t, l, planned("tomorrow", "2026-12-11 09:00"))
	wantCount(t, l, counted{Left: 1})
	wantIs(t, l.Check(ctx, planned("x", "2026-12-11 23:00")), quota.ErrExhausted)
	must(t, l.Release(ctx, "tomorrow")) // cancelling frees it
	must(t, l.Check(ctx, planned("x", "2026-12-11 23:00")))
}

func TestR73AcceptanceInTheNextWindowMovesTheCharge(t *testing.T) {
	for _, test := range []struct {
		name, reserved, doubted, committed string
		old, next                          counted
	}{
		{"day without doubt", "2026-12-10 23:50", "", "2026-12-11 00:03", counted{Left: 1}, counted{Used: 1}},
		{"day", "2026-12-10 23:50", "2026-12-10 23:59", "2026-12-11 00:00", counted{Left: 1}, counted{Used: 1}},
		{"gate in the next day", "2026-12-10 23:50", "2026-12-11 00:04", "2026-12-11 00:05", counted{Left: 1}, counted{Used: 1}},
		{"stays", "2026-12-10 23:50", "2026-12-10 23:59", "2026-12-10 23:59:59", counted{Used: 1}, counted{Left: 1}},
		{"year without doubt", "2026-12-31 23:50", "", "2027-01-01 00:03", counted{Left: 1}, counted{Used: 1}},
		{"year", "2026-12-31 23:50", "2026-12-31 23:59", "2027-01-01 00:00", counted{Left: 1}, counted{Used: 1}},
		{"year, gate in the next", "2026-12-31 23:50", "2027-01-01 00:04", "2027-01-01 00:05", counted{Left: 1}, counted{Used: 1}},
		{"leap day", "2028-02-29 23:58:30", "2028-02-29 23:59", "2028-03-01 00:00", counted{Left: 1}, counted{Used: 1}},
		{"lapsed", "2026-12-31 23:40", "", "2027-01-01 00:03", counted{Left: 1}, counted{Used: 1}},
		{"late news", "2026-12-31 20:00", "2026-12-31 20:01", "2027-01-01 08:00", counted{Used: 1}, counted{Left: 1}},
		{"late news of the boundary", "2026-12-31 23:58:30", "2026-12-31 23:59", "2027-01-01 08:00", counted{Used: 1}, counted{Used: 1}},
	} {
		for _, second := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				k := newKit().at(test.reserved)
				l := quota.New(k, appID, daily)
				reserve(t, l, toAll("a"))
				if test.doubted != "" {
					time.Sleep(moment(test.doubted).Sub(k.now()))
					must(t, l.Doubt(ctx, "a"))
				}
				time.Sleep(moment(test.committed).Sub(k.now()))
				if second { // another process, which has seen nothing
					l = quota.New(k, appID, daily)
				}
				must(t, l.Commit(ctx, "a"))
				must(t, l.Commit(ctx, "a"))
				wantIs(t, l.Release(ctx, "a"), quota.ErrConflict)
				if r := reserve(t, l, toAll("a")); r.State != quota.Committed {
					t.Errorf("%s: reserved again: %+v", test.name, r)
				}
				k.at(quota.Day.Window(moment(test.reserved)).Start.Format(time.DateTime))
				wantCount(t, l, test.old)
				k.at(quota.Day.Window(moment(test.reserved)).End.Format(time.DateTime))
				wantCount(t, l, test.next)
			})
		}
	}
}

func TestAnotherAttemptOnAnotherDayIsChargedToBoth(t *testing.T) {
	ctx := t.Context()
	k := newKit().at("2026-12-10 22:00")
	l := quota.New(k, appID, daily)
	reserve(t, l, toAll("a"))
	must(t, l.Doubt(ctx, "a"))
	k.at("2026-12-11 09:00")
	must(t, l.Doubt(ctx, "a"))
	if r := reserve(t, l, toAll("a")); !slices.Equal(r.Days, []string{"2026-12-10", "2026-12-11"}) {
		t.Errorf("charged to %v", r.Days)
	}
	wantCount(t, l, counted{Doubtful: 1})
	must(t, l.Commit(ctx, "a"))
	wantCount(t, l, counted{Used: 1})
	k.at("2026-12-10 23:00")
	wantCount(t, l, counted{Left: 1})
}

func TestR74ConsoleSendsCount(t *testing.T) {
	ctx := t.Context()
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, service)
	must(t, l.RecordExternal(ctx, time.Time{}, 1, "Lin"))
	must(t, l.RecordExternal(ctx, moment("2026-12-02 09:00"), 2, "Lin & 王"))
	must(t, l.RecordExternal(ctx, moment("2026-11-30 23:59:59"), 3, ""))
	must(t, l.RecordExternal(ctx, moment("2027-01-05"), 1, "scheduled"))
	wantCount(t, l, counted{External: 3, Left: 1})
	if c := balances(t, l)[0].Certainty; c != quota.Inferred {
		t.Errorf("certainty %v, want inferred", c)
	}
	must(t, l.RecordExternal(ctx, time.Time{}, 5, "more than the limit"))
	wantCount(t, l, counted{External: 8})
	k.at("2026-11-30 12:00")
	wantCount(t, l, counted{External: 3, Left: 1})
	k.at("2027-01-30 12:00")
	wantCount(t, l, counted{External: 1, Left: 3})

	current := quota.New(k, appID, quota.ServicePolicy(wechat.Current))
	must(t, current.RecordExternal(ctx, time.Time{}, 1, "Lin"))
	wantIs(t, current.Check(ctx, toAll("a")), quota.ErrExhausted)
	must(t, current.Check(ctx, quota.Spend{Reach: quota.Tag}))

	for _, err := range []error{
		l.RecordExternal(ctx, time.Time{}, 0, ""), l.RecordExternal(ctx, time.Time{}, -1, ""), l.RecordExternal(ctx, time.Time{}, 101, ""),
		l.RecordExternal(ctx, time.Time{}, 1, "a\nb"), l.RecordExternal(ctx, time.Time{}, 1, "\xff"),
		l.RecordExternal(ctx, time.Time{}, 1, strings.Repeat("x", 65)), l.RecordExternal(ctx, moment("2029-01-01"), 1, ""),
		l.RecordExternal(ctx, time.Unix(-1, 0).AddDate(-1, 0, 0), 1, ""),
	} {
		wantIs(t, err, wechat.ErrInput)
	}
}

func TestR74RefusalByThePlatformClosesTheWindow(t *testing.T) {
	ctx := t.Context()
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, service)
	must(t, l.Exhausted(ctx, quota.Spend{Reach: quota.Tag}))
	must(t, l.Exhausted(ctx, quota.Spend{Reach: quota.Tag}))
	b := balances(t, l)[0]
	if b.Left != 0 || !strings.Contains(b.Closed, "external?") || b.Certainty != quota.Inferred {
		t.Errorf("got %+v, want closed", b)
	}
	err := l.Check(ctx, toAll("a"))
	wantIs(t, err, quota.ErrExhausted)
	if !strings.Contains(err.Error(), "45028") {
		t.Errorf("%v does not name the code", err)
	}
	must(t, l.Check(ctx, planned("a", "2027-01-01 00:02")))
	k.at("2027-01-01 00:02")
	wantCount(t, l, counted{Left: 4})

	// An answer of the first moments of a month is about the month before.
	for at, closed := range map[string]bool{"2027-01-01 00:00": false, "2027-01-01 00:01:59": false, "2027-01-01 00:02": true} {
		k = newKit().at(at)
		l = quota.New(k, appID, service)
		must(t, l.Exhausted(ctx, toAll("a")))
		k.at("2027-01-15 12:00")
		if b := balances(t, l)[0]; (b.Closed != "") != closed {
			t.Errorf("refused at %s: January is %+v", at, b)
		}
	}
	// One planned for another day is about that day.
	k = newKit().at("2026-12-10 12:00")
	l = quota.New(k, appID, daily)
	must(t, l.Exhausted(ctx, planned("a", "2026-12-12 00:00")))
	wantIs(t, l.Check(ctx, planned("b", "2026-12-12 12:00")), quota.ErrExhausted)
	must(t, l.Check(ctx, planned("b", "2026-12-11 12:00")))

	// Of two limits the shorter window closes, as the platform does not say which it was.
	k = newKit().at("2026-12-10 12:00")
	l = quota.New(k, appID, quota.ServicePolicy(wechat.Current))
	must(t, l.Exhausted(ctx, toAll("a")))
	wantIs(t, l.Check(ctx, toAll("b")), quota.ErrExhausted)
	must(t, l.Check(ctx, quota.Spend{Reach: quota.Tag}))
	must(t, l.Check(ctx, planned("b", "2026-12-11 12:00")))

	// What no limit counts can be refused too: the day is closed to that reach.
	must(t, l.Exhausted(ctx, quota.Spend{Reach: quota.OpenIDs}))
	err = l.Check(ctx, quota.Spend{Reach: quota.OpenIDs})
	wantIs(t, err, quota.ErrExhausted)
	if !strings.Contains(err.Error(), "WeChat refused") {
		t.Errorf("%v", err)
	}
	must(t, l.Check(ctx, quota.Spend{Reach: quota.Tag}))
	must(t, l.Check(ctx, quota.Spend{Reach: quota.OpenIDs, At: moment("2026-12-11 12:00")}))
	wantIs(t, l.Exhausted(ctx, quota.Spend{}), wechat.ErrInput)
}

func TestR74ClockThatGoesBackRefundsNothing(t *testing.T) {
	ctx := t.Context()
	for _, back := range []string{"2026-12-31 23:00", "2026-12-31 00:00", "2026-12-01 12:00"} {
		k := newKit().at("2027-01-01 12:00")
		l := quota.New(k, appID, service)
		for _, id := range []string{"committed", "doubt", "held"} {
			reserve(t, l, toAll(id))
		}
		must(t, l.Doubt(ctx, "doubt"))
		must(t, l.Commit(ctx, "committed"))
		k.at(back)
		wantCount(t, l, counted{Left: 4})
		must(t, l.Doubt(ctx, "held"))
		must(t, l.Commit(ctx, "doubt"))
		must(t, l.Commit(ctx, "held"))
		k.at("2027-01-01 12:01")
		if b := balances(t, l)[0]; b.Left != 1 {
			t.Errorf("back to %s and again: %+v, want 1 left", back, b)
		}
	}
}

func TestR74ClockThatGoesBackADayRefundsNothing(t *testing.T) {
	for _, noticed := range []bool{false, true} {
		ctx := t.Context()
		k := newKit().at("2026-12-11 12:00")
		l := quota.New(k, appID, daily)
		reserve(t, l, toAll("a"))
		k.at("2026-12-10 12:00")
		if noticed { // before the gate, or by it
			wantCount(t, l, counted{Left: 1})
		}
		must(t, l.Doubt(ctx, "a"))
		must(t, l.Commit(ctx, "a"))
		wantIs(t, l.Check(ctx, toAll("b")), quota.ErrExhausted)
		k.at("2026-12-11 12:01")
		wantIs(t, l.Check(ctx, toAll("b")), quota.ErrExhausted)
	}
}

func TestReservedAgainInTheNextMonthFreesTheOld(t *testing.T) {
	k := newKit().at("2026-12-31 23:50")
	l := quota.New(k, appID, daily)
	reserve(t, l, toAll("a"))
	k.at("2027-01-01 00:04") // before it lapses
	if r := reserve(t, l, toAll("a")); !slices.Equal(r.Days, []string{"2027-01-01"}) {
		t.Errorf("charged to %v", r.Days)
	}
	wantCount(t, l, counted{Held: 1})
	k.at("2026-12-31 23:51")
	wantCount(t, l, counted{Left: 1})
}

func TestQ5NearABoundaryBothWindowsMustFit(t *testing.T) {
	ctx := t.Context()
	for _, test := range []struct {
		at   string
		days []string
	}{
		{"2026-12-10 23:57:59.999999999", []string{"2026-12-10"}},
		{"2026-12-10 23:58:00", []string{"2026-12-10", "2026-12-11"}},
		{"2026-12-11 00:00:00", []string{"2026-12-10", "2026-12-11"}},
		{"2026-12-11 00:01:59.999999999", []string{"2026-12-10", "2026-12-11"}},
		{"2026-12-11 00:02:00", []string{"2026-12-11"}},
		{"2026-12-31 23:58:00", []string{"2026-12-31", "2027-01-01"}},
	} {
		l := quota.New(newKit().at("2026-12-01 12:00"), appID, daily)
		if r := reserve(t, l, planned("a", test.at)); !slices.Equal(r.Days, test.days) {
			t.Errorf("at %s charged to %v, want %v", test.at, r.Days, test.days)
		}
		for _, d := range test.days {
			wantIs(t, l.Check(ctx, planned("b", d+" 12:00")), quota.ErrExhausted)
		}
		l = quota.New(newKit().at("2026-12-01 12:00"), appID, daily, quota.WithoutBoundaryGuard())
		if r := reserve(t, l, planned("a", test.at)); !slices.Equal(r.Days, []string{test.at[:10]}) {
			t.Errorf("without the guard at %s charged to %v", test.at, r.Days)
		}
	}
	// Full on either side: refused until the guard is over.
	for full, retry := range map[string]string{"2026-12-31 12:00": "2027-01-01 00:02", "2027-01-01 12:00": "2027-01-02 00:02"} {
		l := quota.New(newKit().at("2026-12-01 12:00"), appID, daily)
		reserve(t, l, planned("full", full))
		for range 2 {
			_, err := l.Reserve(ctx, planned("a", "2026-12-31 23:59"))
			e, ok := errors.AsType[*quota.ExhaustedError](err)
			if !ok || !e.RetryAt.Equal(moment(retry)) {
				t.Errorf("with %s taken: %v, want to try again %s", full, err, retry)
			}
		}
		must(t, l.Release(ctx, "full")) // and the other side was left alone
		reserve(t, l, planned("b", "2026-12-31 12:00"))
		reserve(t, l, planned("c", "2027-01-01 12:00"))
	}
}

func TestCheckChangesNothing(t *testing.T) {
	ctx := t.Context()
	for _, at := range []string{"2026-12-10 12:00", "2026-12-31 23:59"} {
		k := newKit().at(at)
		l := quota.New(k, appID, daily)
		must(t, l.Check(ctx, toAll("a")))
		must(t, l.Check(ctx, quota.Spend{Reach: quota.Everyone}))
		if k.swap.Load() != 0 {
			t.Errorf("at %s Check wrote", at)
		}
		reserve(t, l, toAll("a"))
		must(t, l.Check(ctx, toAll("a")))
		wantIs(t, l.Check(ctx, toAll("b")), quota.ErrExhausted)
	}
}

func TestBadSpendsAreRefusedBeforeTheStore(t *testing.T) {
	ctx := t.Context()
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, service)
	good := quota.Spend{ID: strings.Repeat("x", 64), Reach: quota.Everyone, Digest: strings.Repeat("y", 80)}
	for name, change := range map[string]func(*quota.Spend){
		"id":     func(s *quota.Spend) { s.ID += "x" },
		"space":  func(s *quota.Spend) { s.ID = "a b" },
		"quote":  func(s *quota.Spend) { s.ID = `a"b` },
		"han":    func(s *quota.Spend) { s.ID = "广播" },
		"no id":  func(s *quota.Spend) { s.ID = "" },
		"reach":  func(s *quota.Spend) { s.Reach = 0 },
		"both":   func(s *quota.Spend) { s.Reach = quota.Everyone | quota.Tag },
		"digest": func(s *quota.Spend) { s.Digest += "y" },
		"nul":    func(s *quota.Spend) { s.Digest = "\x00" },
		"old":    func(s *quota.Spend) { s.At = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC) },
	} {
		s := good
		change(&s)
		if _, err := l.Reserve(ctx, s); !errors.Is(err, wechat.ErrInput) {
			t.Errorf("%s: %v, want ErrInput", name, err)
		}
	}
	for _, id := range []string{"", "a b", strings.Repeat("x", 65)} {
		for _, err := range []error{l.Doubt(ctx, id), l.Commit(ctx, id), l.Release(ctx, id)} {
			wantIs(t, err, wechat.ErrInput)
		}
	}
	if k.ops() > 0 {
		t.Errorf("%d store operations, want none", k.ops())
	}
	good.At = k.now().Add(366*24*time.Hour + time.Minute)
	_, err := l.Reserve(ctx, good)
	wantIs(t, err, wechat.ErrInput)
	good.At = k.now().Add(365 * 24 * time.Hour)
	reserve(t, l, good)
}

func TestRemainingReadsWell(t *testing.T) {
	ctx := t.Context()
	l := quota.New(newKit().at("2026-12-10 12:00"), appID, service)
	reserve(t, l, toAll("a"))
	want := []string{
		"3 of 4, renews 2027-01-01 00:00 +08:00", "3 of 4 (1 in doubt), renews 2027-01-01 00:00 +08:00",
		"0 of 4 (closed: external? WeChat answered 45028), renews 2027-01-01 00:00 +08:00",
	}
	var got []string
	certainty := []quota.Certainty{quota.Certain, quota.Range, quota.Inferred}
	for i, change := range []func() error{
		func() error { return nil },
		func() error { return l.Doubt(ctx, "a") },
		func() error { return l.Exhausted(ctx, toAll("a")) },
	} {
		must(t, change())
		r, err := l.Remaining(ctx)
		must(t, err)
		got = append(got, r.String())
		if c := r.Balances[0].Certainty; c != certainty[i] {
			t.Errorf("%s: %v, want %v", r, c, certainty[i])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r, err := quota.New(newKit().at("2026-12-10 12:00"), appID, quota.Policy{}).Remaining(ctx)
	must(t, err)
	if r.String() != "unlimited" {
		t.Errorf("no limits: %s", r)
	}
	r, err = quota.New(newKit().at("2026-12-10 12:00"), appID, quota.ServicePolicy(wechat.Current)).Remaining(ctx)
	must(t, err)
	if want := "broadcasts to everyone a month: 4 of 4, renews 2027-01-01 00:00 +08:00; " +
		"broadcasts to everyone a day: 1 of 1, renews 2026-12-11 00:00 +08:00"; r.String() != want {
		t.Errorf("got %s\nwant %s", r, want)
	}
}
