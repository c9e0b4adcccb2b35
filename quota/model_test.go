package quota_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// model is the ledger as simple as it can be said: a list, no months, no store.
type model struct {
	limits []quota.Limit
	units  []*unit
	closed []string // window and reach
}

type unit struct {
	quota.Spend
	state quota.State // 0: external
	days  []string
	since time.Time
	n     int
}

func modelDay(t time.Time) string { return t.UTC().Add(8 * time.Hour).Format(time.DateOnly) }

func modelDays(t time.Time) []string {
	return slices.Compact([]string{modelDay(t.Add(-2 * time.Minute)), modelDay(t), modelDay(t.Add(2 * time.Minute))})
}

// tally counts what others have in a window: sent or maybe sent, held, closed.
func (m *model) tally(l quota.Limit, label, without string) (firm, held int, closed bool) {
	for _, u := range m.units {
		in := slices.ContainsFunc(u.days, func(d string) bool { return strings.HasPrefix(d, label) })
		switch {
		case !in || u.ID == without || l.Counts&u.Reach == 0:
		case u.state == quota.Held:
			held++
		case u.state == 0:
			firm += u.n
		case u.state == quota.Doubtful, u.state == quota.Committed:
			firm++
		}
	}
	for _, c := range m.closed {
		var reach quota.Reach
		window, name, _ := strings.Cut(c, " ")
		closed = closed || window == label && reach.UnmarshalText([]byte(name)) == nil && l.Counts&reach != 0
	}
	return firm, held, closed
}

// fits says whether a unit is free on days, and if not, when to try again.
func (m *model) fits(s quota.Spend, days []string, was *unit) (retry time.Time, ok bool) {
	limits := slices.DeleteFunc(slices.Clone(m.limits), func(l quota.Limit) bool { return l.Counts&s.Reach == 0 })
	if len(limits) == 0 {
		limits = []quota.Limit{{Max: 1 << 30, Period: quota.Day, Counts: s.Reach}}
	}
	for _, l := range limits {
		for _, d := range days {
			label, end := d, moment(d).AddDate(0, 0, 1)
			if l.Period == quota.Month {
				label, end = d[:7], moment(d[:7]+"-01").AddDate(0, 1, 0)
			}
			own := was != nil && slices.ContainsFunc(was.days, func(d string) bool { return strings.HasPrefix(d, label) })
			firm, held, closed := m.tally(l, label, s.ID)
			if own && was.state == quota.Doubtful {
				continue
			}
			if own && was.state == quota.Held {
				held = 0
			}
			if end = end.Add(2 * time.Minute); (closed || firm+held >= l.Max) && end.After(retry) {
				retry = end
			}
		}
	}
	return retry, retry.IsZero()
}

func (m *model) find(id string) *unit {
	for _, u := range m.units {
		if u.ID == id {
			return u
		}
	}
	return nil
}

func (m *model) lapse(now time.Time) {
	for _, u := range m.units {
		over := u.since
		if u.At.After(over) {
			over = u.At
		}
		if u.state == quota.Held && !now.Before(over.Add(15*time.Minute)) {
			u.state = quota.Lapsed
		}
	}
}

// exhaustedError is what the model answers with the time to try again.
type exhaustedError struct{ retry time.Time }

func (exhaustedError) Error() string { return "exhausted" }

func (m *model) reserve(s quota.Spend, now time.Time) (*unit, error) {
	at := now
	if s.At.After(at) {
		at = s.At
	}
	days, u := modelDays(at), m.find(s.ID)
	switch {
	case u == nil:
	case !u.At.Equal(s.At) || u.Reach != s.Reach || u.Digest != s.Digest:
		return nil, quota.ErrMismatch
	case u.state == quota.Released:
		return nil, quota.ErrConflict
	case u.state == quota.Doubtful || u.state == quota.Committed || u.state == quota.Held && contains(u.days, days):
		return u, nil
	}
	if retry, ok := m.fits(s, days, u); !ok {
		return nil, exhaustedError{retry}
	}
	if u == nil {
		u = &unit{Spend: s}
		m.units = append(m.units, u)
	}
	u.state, u.days, u.since = quota.Held, days, now
	return u, nil
}

func (m *model) doubt(u *unit, now time.Time) error {
	days := modelDays(now)
	if u.state == quota.Committed || u.state == quota.Released {
		return quota.ErrConflict
	}
	if u.state == quota.Doubtful && contains(u.days, days) {
		return nil
	}
	if retry, ok := m.fits(u.Spend, days, u); !ok {
		return exhaustedError{retry}
	}
	if u.state == quota.Doubtful {
		days = slices.Concat(u.days, days)
		slices.Sort(days)
	}
	u.state, u.days, u.since = quota.Doubtful, slices.Compact(days), now
	return nil
}

func (m *model) resolve(u *unit, to quota.State, now time.Time) error {
	switch {
	case u.state == to:
		return nil
	case u.state == quota.Committed || u.state == quota.Released:
		return quota.ErrConflict
	case to == quota.Committed && (u.state != quota.Doubtful || now.Sub(u.since) <= 10*time.Minute):
		u.days = []string{modelDay(now)}
	}
	u.state, u.since = to, now
	return nil
}

func (m *model) shut(reach quota.Reach, now time.Time) {
	label := modelDay(now.Add(-2 * time.Minute))
	counts := func(l quota.Limit) bool { return l.Counts&reach != 0 }
	shorter := func(l quota.Limit) bool { return counts(l) && l.Period == quota.Day }
	if slices.ContainsFunc(m.limits, counts) && !slices.ContainsFunc(m.limits, shorter) {
		label = label[:7]
	}
	m.closed = append(m.closed, label+" "+reach.String())
}

func contains(all, some []string) bool {
	return !slices.ContainsFunc(some, func(d string) bool { return !slices.Contains(all, d) })
}

// op is one step of a sequence: three bytes, so that a fuzzer can write it.
type op struct{ verb, id, arg byte }

// pause is how long before the op; many lead to the neighbourhood of a midnight or of a month's end.
func (o op) pause(now time.Time) time.Duration {
	short := []time.Duration{
		0, 0, 0, 3 * time.Second, 59 * time.Second, 61 * time.Second, 2 * time.Minute, 5 * time.Minute,
		9 * time.Minute, 10*time.Minute + time.Second, 14*time.Minute + 59*time.Second, 15 * time.Minute,
		time.Hour, 7 * time.Hour, 24 * time.Hour, 72 * time.Hour,
	}
	near := []time.Duration{
		-15 * time.Minute, -121 * time.Second, -120 * time.Second, -119 * time.Second, -time.Second, 0,
		time.Second, 119 * time.Second, 120 * time.Second, 121 * time.Second, 10 * time.Minute,
	}
	switch kind := o.arg >> 4; {
	case kind < 12:
		return short[o.arg%16]
	case kind < 14:
		return max(0, quota.Day.Window(now).End.Add(near[int(o.arg%16)%len(near)]).Sub(now))
	default:
		return max(0, quota.Month.Window(now).End.Add(near[int(o.arg%16)%len(near)]).Sub(now))
	}
}

// spend is what the op reserves. Most ids are always planned alike, so that mismatches stay rare.
func (o op) spend(start time.Time) quota.Spend {
	s := quota.Spend{ID: fmt.Sprintf("job-%d", o.id%7), Reach: quota.Everyone, Digest: "d"}
	switch o.id % 7 {
	case 1:
		s.Reach = quota.Tag
	case 2:
		s.Reach = quota.OpenIDs
	case 3:
		s.At = quota.Month.Window(start).End.Add(-time.Minute)
	case 4:
		s.At = quota.Month.Window(start).End.Add(time.Hour)
	case 5:
		s.At = quota.Day.Window(start).End.Add(-10 * time.Minute)
	}
	if o.id >= 250 {
		s.Digest = "other"
	}
	return s
}

// met counts what sequences led to, as a test that meets nothing shows nothing.
type met struct{ done, exhausted, conflict, mismatch, unknown, twoMonths atomic.Int64 }

func (m *met) count(err error, u *unit) {
	kinds := map[*atomic.Int64]bool{
		&m.done:      err == nil,
		&m.exhausted: errors.Is(err, quota.ErrExhausted),
		&m.conflict:  errors.Is(err, quota.ErrConflict),
		&m.mismatch:  errors.Is(err, quota.ErrMismatch),
		&m.unknown:   errors.Is(err, quota.ErrNotReserved),
		&m.twoMonths: u != nil && u.days[0][:7] != u.days[len(u.days)-1][:7],
	}
	for n, is := range kinds {
		if is {
			n.Add(1)
		}
	}
}

// run plays a sequence on a ledger and on the model and describes the first difference.
func run(ctx context.Context, policy quota.Policy, shift time.Duration, ops []op, seen *met) (trace []string, diff string) {
	k := newKit()
	k.shift.Store(int64(shift))
	ledgers := []*quota.Ledger{quota.New(k, appID, policy), quota.New(k, appID, policy)}
	m := &model{limits: policy.Account}
	start := k.now()
	for _, o := range ops {
		if wait := o.pause(k.now()); k.now().Add(wait).Before(start.AddDate(0, 6, 0)) {
			time.Sleep(wait) // within half a year, as ids are not known for ever
		}
		now := k.now()
		m.lapse(now)
		// Two ledgers on one store, so that what one remembers is often old.
		l, s := ledgers[o.verb&1], o.spend(start)
		u := m.find(s.ID)
		var got, want error
		var call string
		switch verb := o.verb >> 1 % 8; verb {
		case 0, 1:
			if u != nil && !inSight(u.days, s, now) {
				continue
			}
			call = fmt.Sprintf("Reserve(%s, %v, at %v)", s.ID, s.Reach, s.At)
			var r quota.Reservation
			var check error
			checked := o.arg%4 == 0
			if checked {
				check = l.Check(ctx, s)
			}
			r, got = l.Reserve(ctx, s)
			if checked && (check == nil) != (got == nil) {
				return trace, fmt.Sprintf("%s: Check said %v, Reserve %v", call, check, got)
			}
			var w *unit
			if w, want = m.reserve(s, now); got == nil && want == nil &&
				(r.State != w.state || !slices.Equal(r.Days, w.days) || !r.Since.Equal(w.since)) {
				return trace, fmt.Sprintf("%s at %v: got %v %v %v, want %v %v %v", call, now, r.State, r.Days, r.Since, w.state, w.days, w.since)
			}
		case 2, 3, 4, 5:
			name := []string{"Doubt", "Commit", "Commit", "Release"}[verb-2]
			call = fmt.Sprintf("%s(%s)", name, s.ID)
			got = []func(context.Context, string) error{l.Doubt, l.Commit, l.Commit, l.Release}[verb-2](ctx, s.ID)
			switch {
			case u == nil:
				want = quota.ErrNotReserved
			case name == "Doubt":
				want = m.doubt(u, now)
			default:
				want = m.resolve(u, map[string]quota.State{"Commit": quota.Committed, "Release": quota.Released}[name], now)
			}
		case 6:
			if o.id%3 > 0 {
				continue // not too often
			}
			n := 1 + int(o.id)%2
			call = fmt.Sprintf("RecordExternal(%d)", n)
			got = l.RecordExternal(ctx, time.Time{}, n, "me")
			m.units = append(m.units, &unit{Spend: quota.Spend{Reach: quota.Everyone}, days: []string{modelDay(now)}, n: n})
		case 7:
			if o.id%5 > 0 {
				continue
			}
			call = fmt.Sprintf("Exhausted(%v)", s.Reach)
			got = l.Exhausted(ctx, quota.Spend{Reach: s.Reach})
			m.shut(s.Reach, now)
		}
		trace = append(trace, fmt.Sprintf("%s  %s = %v", now.In(china).Format("2006-01-02 15:04:05"), call, got))
		seen.count(got, m.find(s.ID))
		if d := differs(got, want); d != "" {
			return trace, d
		}
		if d := m.compare(ctx, l, now); d != "" {
			return trace, d
		}
	}
	return trace, ""
}

// inSight reports whether Reserve promises to find an id that is charged to days.
func inSight(days []string, s quota.Spend, now time.Time) bool {
	at := now
	if s.At.After(at) {
		at = s.At
	}
	look := modelDays(at)
	for _, d := range []time.Duration{-48 * time.Hour, 0, 48 * time.Hour} {
		look = append(look, modelDay(now.Add(d)))
	}
	return slices.ContainsFunc(days, func(d string) bool {
		return slices.ContainsFunc(look, func(l string) bool { return l[:7] == d[:7] })
	})
}

// differs compares what the ledger answered with what the model did.
func differs(got, want error) string {
	if w, ok := errors.AsType[exhaustedError](want); ok {
		e, ok := errors.AsType[*quota.ExhaustedError](got)
		if !ok || !e.RetryAt.Equal(w.retry) {
			return fmt.Sprintf("got %v, want exhausted until %v", got, w.retry.In(china))
		}
		return ""
	}
	if got != nil && want == nil || !errors.Is(got, want) {
		return fmt.Sprintf("got error %v, want %v", got, want)
	}
	return ""
}

// compare looks at the balances of now.
func (m *model) compare(ctx context.Context, l *quota.Ledger, now time.Time) string {
	left, err := l.Remaining(ctx)
	if err != nil {
		return err.Error()
	}
	for _, b := range left.Balances {
		label := modelDay(now)
		if b.Limit.Period == quota.Month {
			label = label[:7]
		}
		firm, held, closed := m.tally(b.Limit, label, "?")
		free := max(0, b.Limit.Max-firm-held)
		if closed {
			free = 0
		}
		if b.Window.Label != label || b.Held != held || b.Used+b.Doubtful+b.External != firm || b.Left != free || (b.Closed != "") != closed {
			return fmt.Sprintf("%s: got %+v, want %s held %d firm %d left %d closed %v", b.Limit.Name, b, label, held, firm, free, closed)
		}
	}
	return ""
}

// shrink leaves ops out while the difference stays.
func shrink(ops []op, fails func([]op) bool) []op {
	for size := len(ops) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(ops); {
			if less := slices.Delete(slices.Clone(ops), i, i+size); fails(less) {
				ops = less
			} else {
				i += size
			}
		}
	}
	return ops
}

var policies = []quota.Policy{
	service, daily, quota.ServicePolicy(wechat.Current),
	{Account: []quota.Limit{
		{Name: "a month", Max: 5, Period: quota.Month, Counts: quota.Anyone},
		{Name: "a day", Max: 2, Period: quota.Day, Counts: quota.Everyone | quota.Tag},
	}},
}

var shifts = []time.Duration{
	0, time.Second, -time.Second, 119 * time.Second, -119 * time.Second,
	10 * time.Minute, -10 * time.Minute, 24 * time.Hour, -24 * time.Hour,
}

// play runs the sequence of a seed.
func play(ctx context.Context, seed uint64, seen *met) string {
	rng := rand.New(rand.NewPCG(seed, 0))
	policy, shift := policies[rng.IntN(len(policies))], shifts[rng.IntN(len(shifts))]
	ops := make([]op, 1+rng.IntN(60))
	for i := range ops {
		ops[i] = op{byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32())}
	}
	if _, diff := run(ctx, policy, shift, ops, seen); diff == "" {
		return ""
	}
	ops = shrink(ops, func(ops []op) bool { _, diff := run(ctx, policy, shift, ops, seen); return diff != "" })
	trace, diff := run(ctx, policy, shift, ops, seen)
	return fmt.Sprintf("seed %d, %s, shift %v:\n\t%s\n\t%s", seed, policy.Account[0].Name, shift, strings.Join(trace, "\n\t"), diff)
}

// TestQ2LedgerEqualsModel plays random sequences; WECHAT_LONG=1 plays a million.
func TestQ2LedgerEqualsModel(t *testing.T) {
	sequences := 100_000
	switch {
	case os.Getenv("WECHAT_LONG") != "":
		sequences = 1_000_000
	case raceEnabled || testing.Short():
		sequences = 1_500
	}
	const batch = 100 // a bubble's clock must not run out
	first := rand.Uint64()
	var next atomic.Int64
	var once sync.Once
	var wg sync.WaitGroup
	var seen met
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := next.Add(batch) - batch; n < int64(sequences) && !t.Failed(); n = next.Add(batch) - batch {
				synctest.Test(t, func(t *testing.T) {
					for i := range int64(batch) {
						if diff := play(t.Context(), first+uint64(n+i), &seen); diff != "" {
							once.Do(func() { t.Error(diff) })
							return
						}
					}
				})
			}
		})
	}
	wg.Wait()
	for what, n := range map[string]*atomic.Int64{
		"done": &seen.done, "exhausted": &seen.exhausted, "conflict": &seen.conflict,
		"mismatch": &seen.mismatch, "not reserved": &seen.unknown, "in two months": &seen.twoMonths,
	} {
		if n.Load() < 100 {
			t.Errorf("only %d of %d sequences' steps were %s", n.Load(), sequences, what)
		}
	}
}

// FuzzLedgerOps plays what the fuzzer writes: policy, shift, and three bytes for each step.
func FuzzLedgerOps(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0xe1, 4, 0, 0, 6, 0, 0xe6})
	f.Add([]byte{1, 7, 0, 3, 0xd2, 4, 3, 4, 6, 3, 0xd7})
	f.Add([]byte{2, 8, 2, 1, 0, 0, 0, 3, 4, 0, 3, 12, 6, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 5 || len(b) > 200 {
			return
		}
		policy, shift := policies[int(b[0])%len(policies)], shifts[int(b[1])%len(shifts)]
		var ops []op
		for c := range slices.Chunk(b[2:], 3) {
			if len(c) == 3 {
				ops = append(ops, op{c[0], c[1], c[2]})
			}
		}
		synctest.Test(t, func(t *testing.T) {
			if trace, diff := run(t.Context(), policy, shift, ops, new(met)); diff != "" {
				t.Fatalf("%s\n%s", strings.Join(trace, "\n"), diff)
			}
		})
	})
}
