package menu_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/menu"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// another is a second process: a client of its own over the same store.
func (f fake) another(tb testing.TB) fake {
	tb.Helper()
	return fake{f.Platform, f.acct, connect(tb, f.Platform, f.acct, wechat.WithStore(f.client.Store())), nil}.withMenus()
}

// Two processes applying at once: one wins, the other is told.
func TestOfTwoProcessesOneWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New(wechattest.WithLatency(50 * time.Millisecond))
		acct := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
		st := store.NewMemory()
		var clients []fake
		for range 8 {
			clients = append(clients, fake{p, acct, connect(t, p, acct, wechat.WithStore(st)), nil}.withMenus())
		}
		clients[0].sync(t, song())
		created := p.Executions(pathCreate)
		var won atomic.Int32
		var wg sync.WaitGroup
		for i, c := range clients {
			wg.Go(func() {
				m := one(menu.Click{Name: string(rune('a' + i)), Key: "k"})
				_, err := c.menus.Sync(t.Context(), m)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, menu.ErrConflict) && !errors.Is(err, menu.ErrStale):
					t.Errorf("Sync = %v, want ErrConflict or ErrStale", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || p.Executions(pathCreate)-created != 1 {
			t.Errorf("%d won, %d menus created; want 1 and 1", won.Load(), p.Executions(pathCreate)-created)
		}
		if d, err := clients[3].menus.Drift(t.Context()); err != nil || d.Found {
			t.Errorf("Drift = %v, %v; want none", d, err)
		}
	})
}

// fault says whether a write fails, and whether it took effect first.
type fault int

const (
	fine fault = iota
	refused
	unclear
)

// faulty is a store whose writes of menus fail as it is told.
type faulty struct {
	store.Store
	mu   sync.Mutex
	next func(key string) fault
}

func (f *faulty) fail(next func(key string) fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = next
}

// failAfter lets some writes through.
func (f *faulty) failAfter(writes int) {
	f.fail(func(string) fault {
		if writes--; writes >= 0 {
			return fine
		}
		return refused
	})
}

func (f *faulty) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (store.Record, bool, error) {
	what := fine
	f.mu.Lock()
	if f.next != nil && strings.Contains(key, "/menu") {
		what = f.next(key)
	}
	f.mu.Unlock()
	if what == refused {
		return store.Record{}, false, store.ErrUnavailable
	}
	r, ok, err := f.Store.Swap(ctx, key, version, value, ttl)
	if what == unclear {
		return store.Record{}, false, store.ErrUnavailable
	}
	return r, ok, err
}

// A process that died during an apply is waited for, and then overtaken; what it did is not drift.
func TestAnApplyThatWasCutShortIsGoneOnWith(t *testing.T) {
	for _, executed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			st := &faulty{Store: store.NewMemory()}
			f := newFake(t, wechat.WithStore(st))
			f.sync(t, song())
			other := f.another(t)
			f.Fault(wechattest.Fault{Path: pathCreate, Kind: wechattest.Close, Execute: executed, Times: 3})
			st.failAfter(1) // it dies after announcing the apply
			if _, err := f.menus.Sync(t.Context(), one(click("new"))); err == nil {
				t.Fatal("Sync succeeded without an answer")
			}
			st.fail(nil)
			for _, wait := range []time.Duration{0, 100 * time.Second} {
				time.Sleep(wait)
				if _, err := other.menus.Sync(t.Context(), one(click("other"))); !errors.Is(err, menu.ErrConflict) {
					t.Errorf("Sync after %v = %v, want ErrConflict", wait, err)
				}
				if _, err := other.menus.Reactivate(t.Context(), ""); !errors.Is(err, menu.ErrConflict) {
					t.Errorf("Reactivate after %v = %v, want ErrConflict", wait, err)
				}
			}
			time.Sleep(2 * time.Minute)
			if d, err := other.menus.Drift(t.Context()); err != nil || d.Found {
				t.Errorf("Drift = %v, %v; want none", d, err)
			}
			a := other.sync(t, one(click("new")))
			if a.Changed == executed || other.state(t).Owner != menu.SDK {
				t.Errorf("executed %v: Sync = %v, owner %s", executed, a, other.state(t).Owner)
			}
		})
	}
}

// Reactivation after an apply that was cut short keeps the owner and imports what is there.
func TestReactivationAfterAnApplyThatWasCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &faulty{Store: store.NewMemory()}
		f := newFake(t, wechat.WithStore(st))
		f.sync(t, song())
		st.failAfter(1) // it dies after announcing the apply
		if _, err := f.menus.Sync(t.Context(), one(click("new"))); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "done, but not recorded") {
			t.Fatalf("Sync = %v, want it done and not recorded", err)
		}
		st.fail(nil)
		time.Sleep(3 * time.Minute)
		if s := f.reactivate(t); s.Owner != menu.SDK || s.Revision != 3 {
			t.Errorf("Reactivate = %+v, want the SDK's, revision 3", s)
		}
	})
}

func TestCancellingAnApplyFreesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.sync(t, song())
		f.Fault(wechattest.Fault{Path: pathCreate, Latency: time.Minute, Times: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.menus.Sync(ctx, one(click("new"))); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Sync = %v, want the deadline", err)
		}
		f.sync(t, one(click("other")))
	})
}

// A store that fails after it wrote has written.
func TestAnUnclearAnswerOfTheStoreIsSettledByReading(t *testing.T) {
	st := &faulty{Store: store.NewMemory()}
	f := newFake(t, wechat.WithStore(st))
	st.fail(func(string) fault { return unclear })
	if a := f.sync(t, song()); !a.Changed || a.Revision != 2 {
		t.Errorf("Sync = %+v", a)
	}
	if s := f.state(t); s.Owner != menu.SDK {
		t.Errorf("State = %+v", s)
	}
}

// A store that cannot be written stops an apply before anything is sent.
func TestNothingIsSentBeforeItIsWrittenDown(t *testing.T) {
	for _, failing := range []string{"/menu", "/menu/rev/00000001"} {
		st := &faulty{Store: store.NewMemory()}
		f := newFake(t, wechat.WithStore(st))
		st.fail(func(key string) fault {
			if strings.HasSuffix(key, failing) {
				return refused
			}
			return fine
		})
		if _, err := f.menus.Sync(t.Context(), song()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Sync = %v, want ErrUnavailable", err)
		}
		if _, err := f.menus.Reactivate(t.Context(), ""); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Reactivate = %v, want ErrUnavailable", err)
		}
		if f.sent() != 0 {
			t.Errorf("%d requests were sent", f.sent())
		}
	}
}

func TestCorruptStatesAreSaid(t *testing.T) {
	ctx := t.Context()
	for value, want := range map[string]error{
		"{":              store.ErrCorrupt,
		`{"schema":2}`:   store.ErrSchema,
		`{"schema":"x"}`: store.ErrCorrupt,
	} {
		st := store.NewMemory()
		f := newFake(t, wechat.WithStore(st))
		for _, key := range []string{"/menu", "/menu/rev/00000001"} {
			if _, _, err := st.Swap(ctx, f.acct.AppID()+key, 0, []byte(value), 0); err != nil {
				t.Fatal(err)
			}
		}
		_, err1 := f.menus.State(ctx)
		_, err2 := f.menus.Sync(ctx, song())
		_, err3 := f.menus.Drift(ctx)
		_, err4 := f.menus.Reactivate(ctx, "")
		_, err5 := f.menus.Revision(ctx, 1)
		_, err6 := f.menus.Apply(ctx, menu.Plan{Want: menu.Set{Default: song()}})
		_, err7 := f.menus.Restore(ctx, 1)
		var err8 error
		for _, err := range f.menus.Revisions(ctx) {
			err8 = err
		}
		for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8} {
			if !errors.Is(err, want) {
				t.Errorf("%s: call %d = %v, want %v", value, i+1, err, want)
			}
		}
		if f.sent() != 0 {
			t.Errorf("%d requests were sent", f.sent())
		}
	}
	st := store.NewMemory()
	f := newFake(t, wechat.WithStore(st))
	if _, _, err := st.Swap(ctx, f.acct.AppID()+"/menu/rev/1", 0, []byte(`{"schema":1,"menus":{}}`), 0); err != nil {
		t.Fatal(err)
	}
	for _, err := range f.menus.Revisions(ctx) {
		if !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("Revisions = %v, want ErrCorrupt", err)
		}
	}
}

func TestRevisionsKeepWhatWasThere(t *testing.T) {
	f := newFake(t)
	ctx := t.Context()
	f.acct.SetConsoleMenu(consoleMenu()...)
	f.reactivate(t)
	f.sync(t, song(), menu.TakeOver(), menu.By("bob"), menu.WithConditional(vip(2)))
	f.sync(t, one(click("a")))
	var got []string
	for rev, err := range f.menus.Revisions(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rev.Reason+" "+rev.By)
		if one, err := f.menus.Revision(ctx, rev.N); err != nil || !cmp.Equal(one, rev) || rev.At.IsZero() {
			t.Errorf("Revision(%d) = %v, %v", rev.N, one, err)
		}
		if len(rev.Raw) == 0 {
			t.Errorf("revision %d lacks the raw answer", rev.N)
		}
	}
	if diff := cmp.Diff([]string{"import ada", "apply bob", "apply "}, got); diff != "" {
		t.Errorf("revisions (-want +got):\n%s", diff)
	}
	for range 2 { // ranging again starts again; breaking off early is fine
		for rev, err := range f.menus.Revisions(ctx) {
			if err != nil || rev.N != 1 || len(rev.Menus.Default.Buttons) != 3 || !strings.Contains(string(rev.Raw), "news_info") {
				t.Errorf("first revision = %+v, %v", rev, err)
			}
			break
		}
	}
	for _, n := range []int{0, -1, 99} {
		if _, err := f.menus.Revision(ctx, n); !errors.Is(err, wechat.ErrNotFound) {
			t.Errorf("Revision(%d) = %v, want ErrNotFound", n, err)
		}
	}
	if _, err := f.menus.Restore(ctx, 99); !errors.Is(err, wechat.ErrNotFound) {
		t.Errorf("Restore(99) = %v, want ErrNotFound", err)
	}
	a, err := f.menus.Restore(ctx, 2)
	if err != nil || !a.Changed {
		t.Fatalf("Restore = %v, %v", a, err)
	}
	s, err := f.menus.Get(ctx)
	if err != nil || !menu.Same(s.Default, song()) || len(s.Conditional) != 1 {
		t.Errorf("restored = %v, %v", s, err)
	}
	_, err = f.menus.Restore(ctx, 1)
	if got := problems(t, err); len(got) != 6 || got[0] != "default.buttons[0].buttons[1] type" {
		t.Errorf("Restore of website's buttons: %v", got)
	}
}

// What is live and was not kept yet is kept before it is replaced.
func TestASnapshotIsMadeBeforeEachApply(t *testing.T) {
	f := newFake(t)
	if _, err := f.menus.Replace(t.Context(), song()); err != nil {
		t.Fatal(err)
	}
	f.sync(t, one(click("a")))
	rev, err := f.menus.Revision(t.Context(), 1)
	if err != nil || rev.Reason != "before apply" || !menu.Same(rev.Menus.Default, song()) {
		t.Errorf("Revision(1) = %+v, %v", rev, err)
	}
}

// rewriting is a platform that writes addresses differently than it was given.
type rewriting struct{ http.RoundTripper }

func (r rewriting) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(req)
	if err != nil || req.URL.Path == pathCreate {
		return resp, err
	}
	return rewrite(resp, `"https://a.com"`, `"https://a.com/"`)
}

func TestThePlatformsWayOfWritingIsNoChange(t *testing.T) {
	f := newFake(t)
	f.client = connect(t, f.Platform, f.acct, wechat.WithTransport(rewriting{f.Transport()}))
	f = f.withMenus()
	m := one(menu.View{Name: "a", URL: "https://a.com"})
	f.sync(t, m)
	for range 2 {
		if a := f.sync(t, m); a.Changed || !a.Plan.IsEmpty() {
			t.Errorf("Sync = %v, plan\n%v", a, a.Plan)
		}
	}
	if d, err := f.menus.Drift(t.Context()); err != nil || d.Found {
		t.Errorf("Drift = %v, %v; want none", d, err)
	}
	if n := f.Executions(pathCreate); n != 1 {
		t.Errorf("%d executions, want 1", n)
	}
}

// A conditional menu whose answer was lost is not added twice.
func TestALostAdditionIsFoundByTheNextSync(t *testing.T) {
	f := newFake(t)
	f.Fault(wechattest.Fault{Path: pathAdd, Kind: wechattest.Close, Execute: true, Times: 1})
	if _, err := f.menus.Sync(t.Context(), song(), menu.WithConditional(vip(1), vip(2))); !errors.Is(err, wechat.ErrOutcomeUnknown) {
		t.Fatalf("Sync = %v, want ErrOutcomeUnknown", err)
	}
	f.sync(t, song(), menu.WithConditional(vip(1), vip(2)))
	if n := f.Executions(pathAdd); n != 2 {
		t.Errorf("%d additions, want 2", n)
	}
}

func TestAStoreThatCannotBeReadIsSaid(t *testing.T) {
	f := newFake(t, wechat.WithStore(unreadable{store.NewMemory()}))
	ctx := t.Context()
	_, err1 := f.menus.State(ctx)
	_, err2 := f.menus.Plan(ctx, song())
	_, err3 := f.menus.Drift(ctx)
	_, err4 := f.menus.Reactivate(ctx, "")
	_, err5 := f.menus.Revision(ctx, 1)
	var err6 error
	for _, err := range f.menus.Revisions(ctx) {
		err6 = err
	}
	for i, err := range []error{err1, err2, err3, err4, err5, err6} {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("call %d = %v, want ErrUnavailable", i+1, err)
		}
	}
}

// unreadable is a store that cannot be read where menus are.
type unreadable struct{ store.Store }

func (u unreadable) Get(ctx context.Context, key string) (store.Record, error) {
	if strings.Contains(key, "/menu") {
		return store.Record{}, store.ErrUnavailable
	}
	return u.Store.Get(ctx, key)
}

func (u unreadable) List(context.Context, string, string) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) { yield(store.Record{}, store.ErrUnavailable) }
}

// A drift that cannot be noted is told all the same.
func TestDriftIsToldEvenIfItCannotBeNoted(t *testing.T) {
	st := &faulty{Store: store.NewMemory()}
	f := newFake(t, wechat.WithStore(st))
	f.sync(t, song())
	if _, err := f.menus.Replace(t.Context(), one(click("a"))); err != nil {
		t.Fatal(err)
	}
	st.fail(func(string) fault { return refused })
	if d, err := f.menus.Drift(t.Context()); !d.Found || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Drift = %v, %v; want it found, with the store's error", d, err)
	}
}

// An orphan revision, left by a process that lost a race, does not stop the next.
func TestRevisionNumbersThatAreTakenAreSkipped(t *testing.T) {
	f := newFake(t)
	key := f.acct.AppID() + "/menu/rev/00000001"
	if _, _, err := f.client.Store().Swap(t.Context(), key, 0, []byte(`{"schema":1,"menus":{"menu":{"button":[]}}}`), 0); err != nil {
		t.Fatal(err)
	}
	if a := f.sync(t, song()); a.Revision != 3 {
		t.Errorf("Revision = %d, want 3", a.Revision)
	}
}
