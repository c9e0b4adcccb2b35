package menu_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a9908ced/wechat-go/menu"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// sent counts what was sent to change menus.
func (f fake) sent() int {
	return f.Requests(pathCreate) + f.Requests(pathDelete) + f.Requests(pathAdd) + f.Requests(pathDrop)
}

// sync applies a menu, or fails.
func (f fake) sync(tb testing.TB, m menu.Menu, opts ...menu.PlanOption) menu.Applied {
	tb.Helper()
	a, err := f.menus.Sync(tb.Context(), m, opts...)
	if err != nil {
		tb.Fatalf("Sync: %v", err)
	}
	return a
}

func (f fake) state(tb testing.TB) menu.State {
	tb.Helper()
	s, err := f.menus.State(tb.Context())
	if err != nil {
		tb.Fatalf("State: %v", err)
	}
	return s
}

func (f fake) reactivate(tb testing.TB) menu.State {
	tb.Helper()
	s, err := f.menus.Reactivate(tb.Context(), "ada")
	if err != nil {
		tb.Fatalf("Reactivate: %v", err)
	}
	return s
}

func TestSyncSendsNothingWhenNothingChanged(t *testing.T) {
	f := newFake(t)
	first := f.sync(t, song(), menu.By("ada"))
	if !first.Changed || first.Revision != 2 || f.Executions(pathCreate) != 1 {
		t.Errorf("first Sync = %+v after %d executions", first, f.Executions(pathCreate))
	}
	for range 3 {
		again := f.sync(t, song())
		if again.Changed || again.Visible != 0 || again.Revision != first.Revision || f.sent() != 1 {
			t.Errorf("Sync of the same menu = %v, %d requests", again, f.sent())
		}
	}
	if s := f.state(t); s.Owner != menu.SDK || s.Revision != 2 || s.By != "ada" || s.Since.IsZero() {
		t.Errorf("State = %+v", s)
	}
	for a, want := range map[string]string{
		first.String():             "menu applied as revision 2 (5 added); clients refresh when the chat is opened and their last pull is over 5 minutes old",
		f.sync(t, song()).String(): "menu is as wanted; nothing was sent",
	} {
		if a != want {
			t.Errorf("String = %q, want %q", a, want)
		}
	}
}

func TestPlanChangesNothing(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(consoleMenu()...)
	p, err := f.menus.Plan(t.Context(), song(), menu.WithConditional(vip(1)))
	if err != nil {
		t.Fatal(err)
	}
	if p.IsEmpty() || p.Owner != menu.Native || p.Drifted || len(p.Lossy) != 6 || p.Default.Count(menu.Removed) != 8 {
		t.Errorf("Plan = %+v", p)
	}
	if f.sent() != 0 {
		t.Errorf("planning sent %d requests", f.sent())
	}
	if _, err := f.menus.State(t.Context()); !errors.Is(err, menu.ErrNoCopy) {
		t.Errorf("State after Plan = %v, want ErrNoCopy", err)
	}
}

func TestPlanRefusesAnInvalidMenuBeforeReading(t *testing.T) {
	f := newFake(t)
	_, err := f.menus.Plan(t.Context(), menu.Menu{})
	if diff := cmp.Diff([]string{"buttons count"}, problems(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = f.menus.Sync(t.Context(), song(), menu.WithConditional(menu.Conditional{Menu: song()}))
	if diff := cmp.Diff([]string{"conditional[0].match required"}, problems(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = f.menus.Apply(t.Context(), menu.Plan{})
	if diff := cmp.Diff([]string{"buttons count"}, problems(t, err)); diff != "" {
		t.Errorf("Apply of no plan (-want +got):\n%s", diff)
	}
	if n := f.total(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// a menu governed on the website is replaced only by who takes it over.
func TestANativeMenuNeedsTakeOver(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(consoleMenu()...)
	if _, err := f.menus.Sync(t.Context(), song()); !errors.Is(err, menu.ErrNative) {
		t.Errorf("Sync over an unseen native menu = %v, want ErrNative", err)
	}
	if s := f.reactivate(t); s.Owner != menu.Native || s.Revision != 1 {
		t.Errorf("Reactivate = %+v, want native, revision 1", s)
	}
	if _, err := f.menus.Sync(t.Context(), song()); !errors.Is(err, menu.ErrNative) {
		t.Errorf("Sync over a native menu = %v, want ErrNative", err)
	}
	if f.sent() != 0 {
		t.Fatalf("%d requests were sent", f.sent())
	}
	if a := f.sync(t, song(), menu.TakeOver()); !a.Changed || a.Revision != 2 {
		t.Errorf("Sync with TakeOver = %+v", a)
	}
	if s := f.state(t); s.Owner != menu.SDK {
		t.Errorf("owner = %s, want sdk", s.Owner)
	}
	f.sync(t, one(click("a"))) // it stays taken over
}

func TestAMenuMadeThroughTheAPIByOthersIsNobodys(t *testing.T) {
	f := newFake(t)
	if _, err := f.menus.Replace(t.Context(), song()); err != nil {
		t.Fatal(err)
	}
	if s := f.reactivate(t); s.Owner != menu.Unknown {
		t.Errorf("owner = %s, want unknown", s.Owner)
	}
	a := f.sync(t, song())
	if a.Changed || f.state(t).Owner != menu.SDK {
		t.Errorf("Sync of the same menu = %v, owner %s; want it adopted without a request", a, f.state(t).Owner)
	}
}

// after a native change the local copy stays as it is, and nothing is applied before reactivation.
func TestANativeChangeRequiresReactivation(t *testing.T) {
	f := newFake(t)
	ctx := t.Context()
	f.sync(t, song())
	before := f.state(t)
	f.acct.SetConsoleMenu(consoleMenu()...)

	if _, err := f.menus.Sync(ctx, song(), menu.TakeOver()); !errors.Is(err, menu.ErrReactivationRequired) {
		t.Errorf("Sync = %v, want ErrReactivationRequired", err)
	}
	p, err := f.menus.Plan(ctx, song())
	if err != nil || !p.Drifted || !strings.Contains(p.String(), "blocked: the menu was changed elsewhere; reactivate first") {
		t.Errorf("Plan = %v, %v; want it blocked", p, err)
	}
	drift, err := f.menus.Drift(ctx)
	if err != nil || !drift.Found || drift.Default.Count(menu.Removed) != 5 || drift.Since.IsZero() {
		t.Errorf("Drift = %v, %v", drift, err)
	}
	again, err := f.menus.Drift(ctx)
	if err != nil || !again.Since.Equal(drift.Since) {
		t.Errorf("Drift again = %v, %v; want it since %v", again.Since, err, drift.Since)
	}
	if s := f.state(t); !s.DriftSince.Equal(drift.Since) || s.Revision != before.Revision {
		t.Errorf("State = %+v, want the drift noted and the copy as it was", s)
	}
	rev, err := f.menus.Revision(ctx, before.Revision)
	if err != nil || !menu.Same(rev.Menus.Default, song()) {
		t.Errorf("local copy = %v, %v; want it unchanged", rev.Menus, err)
	}

	s := f.reactivate(t)
	if s.Owner != menu.Native || s.Revision != before.Revision+1 || !s.DriftSince.IsZero() || s.By != "ada" {
		t.Errorf("Reactivate = %+v", s)
	}
	if _, err := f.menus.Sync(ctx, song()); !errors.Is(err, menu.ErrNative) {
		t.Errorf("Sync after reactivation = %v, want ErrNative", err)
	}
	f.sync(t, song(), menu.TakeOver())
}

// reactivating without a change makes no revision.
func TestReactivationWithoutAChangeIsNone(t *testing.T) {
	f := newFake(t)
	f.sync(t, song())
	before := f.state(t)
	if after := f.reactivate(t); !cmp.Equal(before, after) {
		t.Errorf("State changed:\n%s", cmp.Diff(before, after))
	}
}

// an account without a menu is imported as such.
func TestNoMenuIsAStateToo(t *testing.T) {
	f := newFake(t)
	if s := f.reactivate(t); s.Owner != menu.Unknown || s.Revision != 1 {
		t.Errorf("Reactivate = %+v", s)
	}
	_, err := f.menus.Restore(t.Context(), 1)
	if diff := cmp.Diff([]string{"revision required"}, problems(t, err)); diff != "" {
		t.Errorf("Restore of no menu (-want +got):\n%s", diff)
	}
	f.sync(t, song())
}

// temporary ids that differ at each look are no drift.
func TestTemporaryIDsAreNoDrift(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(consoleMenu()...)
	f.reactivate(t)
	for range 3 {
		if d, err := f.menus.Drift(t.Context()); err != nil || d.Found || d.String() != "menu is as it was left" {
			t.Errorf("Drift = %v, %v; want none", d, err)
		}
	}
	if _, err := newFake(t).menus.Drift(t.Context()); !errors.Is(err, menu.ErrNoCopy) {
		t.Errorf("Drift without a copy = %v, want ErrNoCopy", err)
	}
}

// A change that was taken back elsewhere is no drift any more.
func TestDriftEndsWhenItIsTakenBack(t *testing.T) {
	f := newFake(t)
	f.sync(t, song())
	if _, err := f.menus.Replace(t.Context(), one(click("a"))); err != nil {
		t.Fatal(err)
	}
	d, err := f.menus.Drift(t.Context())
	if err != nil || !d.Found || !strings.Contains(d.String(), "menu was changed elsewhere, seen ") {
		t.Fatalf("Drift = %v, %v", d, err)
	}
	if _, err := f.menus.Replace(t.Context(), song()); err != nil {
		t.Fatal(err)
	}
	if d, err := f.menus.Drift(t.Context()); err != nil || d.Found || !f.state(t).DriftSince.IsZero() {
		t.Errorf("Drift = %v, %v; want none", d, err)
	}
}

func TestAPlanThatIsOutOfDateIsRefused(t *testing.T) {
	f := newFake(t)
	f.sync(t, song())
	p, err := f.menus.Plan(t.Context(), one(click("planned")))
	if err != nil {
		t.Fatal(err)
	}
	f.sync(t, one(click("sooner")))
	before := f.sent()
	if _, err := f.menus.Apply(t.Context(), p); !errors.Is(err, menu.ErrStale) {
		t.Errorf("Apply = %v, want ErrStale", err)
	}
	if f.sent() != before {
		t.Error("a stale plan was sent")
	}
}

func TestConditionalMenusArePlannedAndAppliedTogether(t *testing.T) {
	f := newFake(t)
	a, b, c := vip(1), vip(2), vip(3)
	listed := func() []menu.Conditional {
		t.Helper()
		s, err := f.menus.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s.Conditional
	}
	noID := cmpopts.IgnoreFields(menu.Conditional{}, "ID")
	edited := vip(2)
	edited.Menu = one(menu.Click{Name: "new", Key: "new"})
	for _, step := range []struct {
		desc           string
		want           []menu.Conditional
		ops            []menu.Op
		added, dropped int
	}{
		{"two new ones", []menu.Conditional{a, b}, []menu.Op{menu.Added, menu.Added}, 2, 0},
		{"the same", []menu.Conditional{a, b}, []menu.Op{0, 0}, 0, 0},
		{"one more in front", []menu.Conditional{c, a, b}, []menu.Op{menu.Added, 0, 0}, 1, 0},
		{"one less", []menu.Conditional{c, b}, []menu.Op{0, 0, menu.Removed}, 0, 1},
		{"another order", []menu.Conditional{b, c}, []menu.Op{menu.Moved, 0}, 1, 1},
		{"another menu for the same", []menu.Conditional{edited, c}, []menu.Op{menu.Changed, 0}, 1, 1},
		{"none", []menu.Conditional{}, []menu.Op{menu.Removed, menu.Removed}, 0, 2},
	} {
		added, dropped := f.Executions(pathAdd), f.Executions(pathDrop)
		done := f.sync(t, song(), menu.WithConditional(step.want...))
		var ops []menu.Op
		for _, ch := range done.Plan.Conditional {
			ops = append(ops, ch.Op)
		}
		if diff := cmp.Diff(step.ops, ops); diff != "" {
			t.Errorf("%s: plan (-want +got):\n%s", step.desc, diff)
		}
		if diff := cmp.Diff(step.want, listed(), noID, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: listed (-want +got):\n%s", step.desc, diff)
		}
		if n, m := f.Executions(pathAdd)-added, f.Executions(pathDrop)-dropped; n != step.added || m != step.dropped {
			t.Errorf("%s: %d added and %d deleted, want %d and %d", step.desc, n, m, step.added, step.dropped)
		}
	}
	if n := f.Executions(pathCreate); n != 1 {
		t.Errorf("the default menu was created %d times", n)
	}
	f.sync(t, song(), menu.WithConditional(a))
	f.sync(t, one(click("x"))) // conditional menus are left alone
	if diff := cmp.Diff([]menu.Conditional{a}, listed(), noID); diff != "" {
		t.Errorf("left alone (-want +got):\n%s", diff)
	}
}

func TestConditionalDriftIsFound(t *testing.T) {
	f := newFake(t)
	f.sync(t, song(), menu.WithConditional(vip(1)))
	if _, err := f.menus.AddConditional(t.Context(), vip(2)); err != nil {
		t.Fatal(err)
	}
	d, err := f.menus.Drift(t.Context())
	if err != nil || !d.Found || !d.Default.IsEmpty() || !strings.Contains(d.String(), "+ menu for tag 2\n+ └─ 会员") ||
		strings.Contains(d.String(), "tag 1") {
		t.Errorf("Drift = %v, %v", d, err)
	}
}

func TestAPlanIsReadBeforeSayingYes(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(wechattest.ConsoleButton{Name: "Shop", Type: "view", URL: "https://shop.example.com/"},
		wechattest.ConsoleButton{Name: "Hours", Type: "text", Text: "9 to 6"})
	p, err := f.menus.Plan(t.Context(), one(menu.View{Name: "Online shop", URL: "https://shop.example.com/"}), menu.WithConditional(vip(2)))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"  menu",
		"~ ├─ Online shop  view  https://shop.example.com/  renamed, was “Shop”",
		"- └─ Hours        text  “9 to 6” (website only)",
		"1 removed, 1 renamed",
		"+ menu for tag 2",
		"+ └─ 会员  view  https://vip.example.com/",
		"1 added",
		`warning: buttons[0].name: clients show about 4 Chinese characters: "Online s..."`,
		"cannot be restored: buttons[1] “Hours” (text), which only the website can make",
		"blocked: the menu is governed on the website; take it over to replace it",
	}, "\n")
	if diff := cmp.Diff(want, p.String()); diff != "" {
		t.Errorf("String (-want +got):\n%s", diff)
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Seen, Owner string
		Empty       bool
		Default     struct{ Summary string }
		Conditional []struct {
			Op        []string
			Matchrule map[string]string
		}
		Want menu.Set
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Seen != p.Seen || got.Owner != "native" || got.Empty || got.Default.Summary != "1 removed, 1 renamed" ||
		!cmp.Equal(got.Conditional[0].Matchrule, map[string]string{"tag_id": "2"}) || !cmp.Equal(got.Want, p.Want) {
		t.Errorf("JSON = %s", data)
	}
}

func TestPlatformFailuresAreReported(t *testing.T) {
	for _, path := range []string{pathImport, pathGet, pathCreate, pathAdd, pathDrop} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.sync(t, one(click("a")), menu.WithConditional(vip(2)))
			f.Fault(wechattest.Fault{Path: path, Kind: wechattest.Errcode, Code: 48001, Times: 1})
			if _, err := f.menus.Sync(t.Context(), song(), menu.WithConditional(vip(1))); !errors.Is(err, wechat.ErrForbidden) {
				t.Errorf("%s: Sync = %v, want ErrForbidden", path, err)
			}
			// What was done half is no drift, and nobody has to wait.
			if d, err := f.menus.Drift(t.Context()); err != nil || d.Found {
				t.Errorf("%s: Drift = %v, %v; want none", path, d, err)
			}
			f.sync(t, song(), menu.WithConditional(vip(1)))
			if s, err := f.menus.Get(t.Context()); err != nil || !menu.Same(s.Default, song()) || len(s.Conditional) != 1 || s.Conditional[0].Match.TagID != 1 {
				t.Errorf("%s: menus = %v, %v", path, s, err)
			}
			if s := f.state(t); s.Owner != menu.SDK {
				t.Errorf("%s: owner %s, want sdk", path, s.Owner)
			}
		})
	}
}
