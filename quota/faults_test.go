package quota_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

const decemberKey = appID + "/quota/2026-12"

// TestSwapErrorsAreHealed lets every second or third swap end in an error, having happened or not.
func TestSwapErrorsAreHealed(t *testing.T) {
	for _, happens := range []bool{true, false} {
		for _, every := range []int{2, 3} {
			for _, at := range []string{"2026-12-10 12:00", "2026-12-31 23:58"} {
				synctest.Test(t, func(t *testing.T) {
					ctx := t.Context()
					k := newKit().at(at)
					n := 0
					k.fault = func(string) (bool, bool) {
						n++
						fails := n%every == 0
						return happens || !fails, fails
					}
					l := quota.New(k, appID, service)
					reserve(t, l, toAll("kept"))
					must(t, l.Doubt(ctx, "kept"))
					must(t, l.Commit(ctx, "kept"))
					reserve(t, l, toAll("freed"))
					must(t, l.Release(ctx, "freed"))
					must(t, l.RecordExternal(ctx, time.Time{}, 1, "once"))
					must(t, l.RecordExternal(ctx, time.Time{}, 1, "twice"))
					wantCount(t, l, counted{Used: 1, External: 2, Left: 1})
					must(t, l.Exhausted(ctx, toAll("")))
					must(t, l.Exhausted(ctx, toAll("")))
					if b := balances(t, l)[0]; b.Closed == "" {
						t.Errorf("not closed: %+v", b)
					}
					if n < 8 {
						t.Errorf("only %d swaps", n)
					}
				})
			}
		}
	}
}

func TestLedgerFailsClosedWhenTheStoreIsDown(t *testing.T) {
	k := newKit().at("2026-12-10 12:00")
	warm := quota.New(k, appID, service)
	reserve(t, warm, toAll("a"))
	reserve(t, warm, toAll("b"))
	k.down.Store(true)
	for name, l := range map[string]*quota.Ledger{"cold": quota.New(k, appID, service), "warm": warm} {
		for call, err := range everyCall(t.Context(), l) {
			if !errors.Is(err, quota.ErrUnavailable) || !errors.Is(err, errCable) {
				t.Errorf("%s %s: %v, want ErrUnavailable with its cause", name, call, err)
			}
		}
	}
	k.down.Store(false)
	wantCount(t, warm, counted{Held: 2, Left: 2})
}

// everyCall makes each call once and yields its error.
func everyCall(ctx context.Context, l *quota.Ledger) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_, err := l.Reserve(ctx, toAll("new"))
		_ = yield("Reserve", err) &&
			yield("Check", l.Check(ctx, toAll("other"))) &&
			yield("Doubt", l.Doubt(ctx, "a")) &&
			yield("Commit", l.Commit(ctx, "a")) &&
			yield("Release", l.Release(ctx, "b")) &&
			yield("Exhausted", l.Exhausted(ctx, toAll(""))) &&
			yield("RecordExternal", l.RecordExternal(ctx, time.Time{}, 1, "")) &&
			yield("Remaining", func() error { _, err := l.Remaining(ctx); return err }())
	}
}

func TestContextEndsEveryCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, service)
	reserve(t, l, toAll("a"))
	reserve(t, l, toAll("b"))
	for call, err := range everyCall(ctx, l) {
		if !errors.Is(err, context.Canceled) || errors.Is(err, quota.ErrUnavailable) {
			t.Errorf("%s: %v, want the context's error", call, err)
		}
	}
	wantCount(t, l, counted{Held: 2, Left: 2})
}

// crowd is a store in which somebody else always writes first.
type crowd struct {
	store.Store
	losses int
}

func (c *crowd) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (store.Record, bool, error) {
	if c.losses > 0 {
		c.losses--
		r, err := c.Get(ctx, key)
		if err != nil {
			return r, false, err
		}
		if len(r.Value) == 0 {
			r.Value = value
		}
		_, _, err = c.Store.Swap(ctx, key, r.Version, r.Value, 0)
		if err != nil {
			return r, false, err
		}
	}
	return c.Store.Swap(ctx, key, version, value, ttl)
}

func TestContentionIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{Store: store.NewMemory()}
		l := quota.New(c, appID, service)
		reserve(t, l, toAll("first"))
		c.losses = 20
		reserve(t, l, toAll("a"))
		c.losses = 1_000_000
		start := time.Now()
		_, err := l.Reserve(t.Context(), toAll("b"))
		wantIs(t, err, quota.ErrUnavailable)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("gave up after %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		_, err = l.Reserve(ctx, toAll("b"))
		wantIs(t, err, context.DeadlineExceeded)
	})
}

func TestDamagedRecordIsNeverGuessedAt(t *testing.T) {
	ctx := t.Context()
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, service)
	reserve(t, l, toAll("a"))
	reserve(t, l, toAll("b"))
	must(t, l.Doubt(ctx, "a"))
	must(t, l.Exhausted(ctx, toAll("")))
	good, err := k.Store.Get(ctx, decemberKey)
	must(t, err)
	put := func(key string, value []byte) {
		t.Helper()
		now, err := k.Store.Get(ctx, key)
		must(t, err)
		_, swapped, err := k.Store.Swap(ctx, key, now.Version, value, 0)
		if err != nil || !swapped {
			t.Fatal(swapped, err)
		}
	}
	// Any flipped bit, and any lost end, is seen.
	for i := range good.Value {
		bad := bytes.Clone(good.Value)
		bad[i] ^= 1 << (i % 8)
		put(decemberKey, bad)
		_, err := l.Remaining(ctx)
		if !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrSchema) && !harmless(good.Value[i], bad[i]) {
			t.Fatalf("byte %d %q made %q: %v", i, good.Value[i], bad[i], err)
		}
		if i > 0 && i < len(good.Value)-2 {
			put(decemberKey, good.Value[:i])
			_, err := quota.New(k, appID, service).Remaining(ctx)
			wantIs(t, err, store.ErrCorrupt)
		}
	}
	put(decemberKey, good.Value[:len(good.Value)/2])
	for call, err := range everyCall(ctx, l) {
		if !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", call, err)
		}
	}
	// Records of other keys are not this one's.
	put(decemberKey, good.Value)
	put("wx0000000000000000/quota/2026-12", good.Value)
	_, err = quota.New(k, "wx0000000000000000", service).Remaining(ctx)
	wantIs(t, err, store.ErrCorrupt)
	put(appID+"/quota/2027-01", good.Value)
	k.at("2027-01-10 12:00")
	_, err = l.Remaining(ctx)
	wantIs(t, err, store.ErrCorrupt)
}

// harmless reports whether a change concerns white space or the case of a key outside the ledger, which
// JSON reads alike.
func harmless(was, is byte) bool {
	return strings.ContainsRune(" \t\r\n", rune(was)) && strings.ContainsRune(" \t\r\n", rune(is)) || was^is == 0x20
}

func TestOtherSchemaIsSaidSo(t *testing.T) {
	for value, want := range map[string]error{
		`{"schema":2,"sum":"","ledger":{}}`:   store.ErrSchema,
		`{"schema":2,"sum":7,"pages":[]}`:     store.ErrSchema,
		`{"schema":-1}`:                       store.ErrSchema,
		`{"schema":0}`:                        store.ErrCorrupt,
		`{"schema":"1"}`:                      store.ErrCorrupt,
		`{"schema":1}`:                        store.ErrCorrupt,
		`{"schema":1,"sum":"","ledger":null}`: store.ErrCorrupt,
		`{}`:                                  store.ErrCorrupt,
		`null`:                                store.ErrCorrupt,
		`[]`:                                  store.ErrCorrupt,
		"\x00":                                store.ErrCorrupt,
		`{"schema":1,"sum":"","ledger":{}} {"more":1}`: store.ErrCorrupt,
	} {
		k := newKit().at("2026-12-10 12:00")
		if _, _, err := k.Store.Swap(t.Context(), decemberKey, 0, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
		_, err := quota.New(k, appID, service).Remaining(t.Context())
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", value, err, want)
		}
	}
}

func TestRecordThatNoLedgerWritesIsCorrupt(t *testing.T) {
	entry := func(change, by string) string {
		const good = `{"id":"a","state":"held","reach":"tag","days":["2026-12-10"],"since":"2026-12-10T12:00:00+08:00"}`
		return strings.Replace(good, change, by, 1)
	}
	ledger := func(entries string) string {
		return `{"account":"` + appID + `","month":"2026-12","reservations":[` + entries + `]}`
	}
	closed := func(window string) string {
		return strings.Replace(ledger(""), "]}", `],"closed":[`+window+`]}`, 1)
	}
	for name, test := range map[string]struct {
		ledger string
		good   bool
	}{
		"good":          {ledger(entry("", "")), true},
		"empty":         {ledger(""), true},
		"closed":        {closed(`{"window":"2026-12","reach":"tag","since":"2026-12-10T12:00:00Z","reason":"x"}`), true},
		"closed day":    {closed(`{"window":"2026-12-09","reach":"tag","since":"2026-12-10T12:00:00Z","reason":"x"}`), true},
		"no reason":     {closed(`{"window":"2026-12","reach":"tag","since":"2026-12-10T12:00:00Z"}`), false},
		"no window":     {closed(`{"window":"","reach":"tag","since":"2026-12-10T12:00:00Z","reason":"x"}`), false},
		"twice":         {ledger(entry("", "") + "," + entry("", "")), false},
		"no id":         {ledger(entry(`"id":"a"`, `"id":""`)), false},
		"state":         {ledger(entry(`"held"`, `"gone"`)), false},
		"no state":      {ledger(entry(`"state":"held",`, ``)), false},
		"reach":         {ledger(entry(`"tag"`, `"all"`)), false},
		"no days":       {ledger(entry(`["2026-12-10"]`, `[]`)), false},
		"no such day":   {ledger(entry(`"2026-12-10"`, `"2026-12-32"`)), false},
		"odd day":       {ledger(entry(`"2026-12-10"`, `"2026-12-1"`)), false},
		"time":          {ledger(entry(`T12`, `T25`)), false},
		"no time":       {ledger(entry(`2026-12-10T12:00:00+08:00`, `0001-01-01T00:00:00Z`)), false},
		"units":         {ledger(entry(`"id"`, `"units":2,"id"`)), false},
		"external":      {ledger(entry(`"held"`, `"external"`)), false},
		"unknown field": {ledger(entry(`"id"`, `"color":"red","id"`)), false},
		"too many":      {ledger(strings.Repeat(entry("", "")+",", 1500) + entry("", "")), false},
	} {
		k := newKit().at("2026-12-10 12:00")
		if _, _, err := k.Store.Swap(t.Context(), decemberKey, 0, quota.Sign([]byte(test.ledger)), 0); err != nil {
			t.Fatal(err)
		}
		_, err := quota.New(k, appID, service).Remaining(t.Context())
		if test.good && err != nil || !test.good && !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// refusing is a store whose swaps fail in one way.
type refusing struct {
	store.Store
	err error
}

func (r refusing) Swap(context.Context, string, uint64, []byte, time.Duration) (store.Record, bool, error) {
	return store.Record{}, false, r.err
}

func TestErrorsOfTheStoreKeepTheirKind(t *testing.T) {
	for kind, outage := range map[error]bool{
		store.ErrTooLarge: false, store.ErrCorrupt: false, store.ErrSchema: false,
		store.ErrKey: false, store.ErrUnavailable: true, errCable: true,
	} {
		_, err := quota.New(refusing{store.NewMemory(), fmt.Errorf("disk: %w", kind)}, appID, service).Reserve(t.Context(), toAll("a"))
		wantIs(t, err, kind)
		if errors.Is(err, quota.ErrUnavailable) != outage {
			t.Errorf("%v: is it an outage? %v", err, !outage)
		}
	}
}

func TestRecordDamagedUnderAWarmLedger(t *testing.T) {
	ctx := t.Context()
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, service)
	reserve(t, l, toAll("a"))
	r, err := k.Store.Get(ctx, decemberKey)
	must(t, err)
	if _, _, err := k.Store.Swap(ctx, decemberKey, r.Version, []byte("{"), 0); err != nil {
		t.Fatal(err)
	}
	_, err = l.Reserve(ctx, toAll("b"))
	wantIs(t, err, store.ErrCorrupt)
	// A damaged record of another month stops only what may be in it.
	if _, _, err := k.Store.Swap(ctx, appID+"/quota/2026-06", 0, []byte("{"), 0); err != nil {
		t.Fatal(err)
	}
	k.at("2027-01-15 12:00")
	l = quota.New(k, appID, service)
	reserve(t, l, toAll("c"))
	must(t, l.Commit(ctx, "c"))
	wantIs(t, l.Commit(ctx, "unknown"), store.ErrCorrupt)
	_, err = l.Reserve(ctx, planned("d", "2026-12-31"))
	must(t, err)
}

func TestImpossibleKeyIsNotAnOutage(t *testing.T) {
	for call, err := range everyCall(t.Context(), quota.New(store.NewMemory(), "wx space", service)) {
		if !errors.Is(err, store.ErrKey) || errors.Is(err, quota.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrKey", call, err)
		}
	}
}

// clockless is a store that does not tell the time.
type clockless struct{ store.Store }

func (c clockless) Get(ctx context.Context, key string) (store.Record, error) {
	r, err := c.Store.Get(ctx, key)
	r.Now = time.Time{}
	return r, err
}

func TestStoreWithoutAClockIsNoLedger(t *testing.T) {
	for call, err := range everyCall(t.Context(), quota.New(clockless{store.NewMemory()}, appID, service)) {
		if !errors.Is(err, quota.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", call, err)
		}
	}
}

// TestFullMonth fills a record with the longest entries there can be: it fits the store, says when it is
// full, everything in it can still be resolved, and what lapsed gives way.
func TestFullMonth(t *testing.T) {
	const most = 1500
	ctx := t.Context()
	k := newKit().at("2026-12-20 23:59:59.123456789")
	l := quota.New(k, appID, quota.Policy{})
	longest := quota.Spend{
		ID: strings.Repeat("0", 64), Reach: quota.Everyone, Digest: strings.Repeat("d", 80),
		At: moment("2026-12-20 23:59:59.123456789"),
	}
	reserve(t, l, longest)
	r, err := k.Store.Get(ctx, decemberKey)
	must(t, err)
	// The rest is written as the ledger would.
	line := strings.Split(string(r.Value), "\n")[1]
	id := func(i int) string { return fmt.Sprintf("%064d", i) }
	lines := make([]string, most)
	for i := range lines {
		lines[i] = strings.Replace(line, longest.ID, id(i), 1)
		if i%2 == 0 {
			lines[i] = strings.Replace(lines[i], `"held"`, `"committed"`, 1)
		}
	}
	full := quota.Sign(fmt.Appendf(nil, `{"account":%q,"month":"2026-12","reservations":[%s]}`, appID, strings.Join(lines, ",\n")))
	if _, swapped, err := k.Store.Swap(ctx, decemberKey, r.Version, full, 0); err != nil || !swapped {
		t.Fatal(swapped, err)
	}

	_, err = l.Reserve(ctx, toAll("one-more"))
	wantIs(t, err, quota.ErrFull)
	wantIs(t, l.RecordExternal(ctx, time.Time{}, 1, ""), quota.ErrFull)
	wantIs(t, l.Check(ctx, toAll("one-more")), quota.ErrFull)
	must(t, l.Commit(ctx, id(1)))
	must(t, l.Release(ctx, id(3)))
	must(t, l.Exhausted(ctx, toAll("")))
	r, err = k.Store.Get(ctx, decemberKey)
	must(t, err)
	if len(r.Value) > store.MaxValue-(16<<10) { // more closed windows need a place
		t.Errorf("%d bytes, at most %d", len(r.Value), store.MaxValue)
	}
	k.at("2026-12-22 12:00")
	reserve(t, l, toAll("new"))
	longest.ID = id(2)
	if r := reserve(t, l, longest); r.State != quota.Committed {
		t.Errorf("%+v", r)
	}
}

// FuzzDecode gives the ledger any bytes as its record: it refuses them, or works on.
func FuzzDecode(f *testing.F) {
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, service)
	for i, id := range []string{"a", "b", "c"} {
		if _, err := l.Reserve(f.Context(), toAll(id)); err != nil {
			f.Fatal(err)
		}
		_ = []func(context.Context, string) error{l.Commit, l.Doubt, l.Release}[i](f.Context(), id)
		r, _ := k.Store.Get(f.Context(), decemberKey)
		f.Add(r.Value)
		f.Add(r.Value[:len(r.Value)/2])
		_, ledger, _ := bytes.Cut(r.Value, []byte(`"ledger":`))
		f.Add(bytes.TrimSuffix(ledger, []byte("}\n")))
	}
	f.Add([]byte(`{"schema":2}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, value []byte) {
		// The fuzzer cannot guess a checksum, so it gets one.
		for _, v := range [][]byte{value, quota.Sign(value)} {
			if len(v) == 0 || len(v) > store.MaxValue {
				continue
			}
			k := newKit().at("2026-12-10 12:00")
			if _, _, err := k.Store.Swap(t.Context(), decemberKey, 0, v, 0); err != nil {
				t.Fatal(err)
			}
			l := quota.New(k, appID, service)
			left, err := l.Remaining(t.Context())
			if err != nil {
				if !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrSchema) {
					t.Fatalf("%q: %v", v, err)
				}
				continue
			}
			if b := left.Balances[0]; b.Left < 0 || b.Left > 4 {
				t.Fatalf("%q: %+v", v, b)
			}
			for call, err := range everyCall(t.Context(), l) {
				if errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrSchema) || errors.Is(err, quota.ErrUnavailable) {
					t.Fatalf("%q was taken, but %s: %v", v, call, err)
				}
			}
			// What was written from it can be read by others.
			if _, err := quota.New(k, appID, service).Remaining(t.Context()); err != nil {
				t.Fatalf("%q was rewritten: %v", v, err)
			}
		}
	})
}
