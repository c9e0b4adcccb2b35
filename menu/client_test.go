package menu_test

import (
	"context"
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

// the native menu is imported, buttons of the website and all.
func TestImportReadsAMenuMadeOnTheWebsite(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(consoleMenu()...)
	got, err := f.menus.Import(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, l := range got.Lossy {
		kinds = append(kinds, l.Path+" "+string(l.Was.Kind)+" → "+string(menu.KindOf(l.Instead)))
	}
	want := []string{
		"buttons[0].buttons[1] news → view", "buttons[0].buttons[2] video → media_id", "buttons[0].buttons[3] voice → media_id",
		"buttons[0].buttons[4] img → media_id", "buttons[1] text → click", "buttons[2] photo → media_id",
	}
	if diff := cmp.Diff(want, kinds); diff != "" || !got.Open {
		t.Errorf("Open %v, Lossy (-want +got):\n%s", got.Open, diff)
	}
	if !strings.Contains(string(got.Raw), `"news_info"`) {
		t.Errorf("Raw = %s, want the answer as it came", got.Raw)
	}
	if again := imported(t, got.Raw); again.Digest() != got.Digest() {
		t.Errorf("Raw reads as another menu:\n%v\n%v", again, got)
	}
}

// temporary media ids differ at each look, on the platform itself.
func TestImportingTwiceIsNoChange(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(consoleMenu()...)
	a, err := f.menus.Import(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.menus.Import(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if string(a.Raw) == string(b.Raw) {
		t.Fatal("the fake gave the same ids twice: nothing is shown")
	}
	if a.Digest() != b.Digest() {
		t.Errorf("digests differ:\n%s", cmp.Diff(a.Menu.Canonical(), b.Menu.Canonical()))
	}
}

// no menu is imported as none, in every way the platform says so.
func TestImportOfNoMenuIsNoError(t *testing.T) {
	for _, body := range []string{"", `{"errcode":46003,"errmsg":"menu no exist rid: 0-0-0"}`, `{"is_menu_open":0}`} {
		f := newFake(t)
		if body != "" {
			f.Fault(wechattest.Fault{Path: pathImport, Kind: wechattest.Answer, Body: body})
		}
		got, err := f.menus.Import(t.Context())
		if err != nil || !got.Menu.IsZero() || got.Open || len(got.Raw) == 0 {
			t.Errorf("%s: Import = %+v, %v; want none, with the raw answer", body, got, err)
		}
	}
}

func TestImportFailsOnAnAnswerThatIsNoMenu(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, body := range []string{`{"errcode":0,"errmsg":"ok"}`, `{"is_menu_open":1,"selfmenu_info":{"button":[{"name":[]}]}}`, `<html>`} {
			f := newFake(t)
			f.Fault(wechattest.Fault{Path: pathImport, Kind: wechattest.Answer, Body: body})
			_, err := f.menus.Import(t.Context())
			if !errors.Is(err, wechat.ErrBadResponse) || errors.Is(err, wechat.ErrInput) {
				t.Errorf("%s: Import = %v, want ErrBadResponse", body, err)
			}
		}
	})
}

func TestReplacePutsTheMenuInPlace(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(consoleMenu()...)
	m := song()
	m.Buttons = append(m.Buttons, menu.View{Name: "a&b<c>汉", URL: "https://example.com/?a=1&b=2"})
	done, err := f.menus.Replace(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	live, err := f.menus.Import(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, live.Menu); diff != "" {
		t.Errorf("import after replace (-want +got):\n%s", diff)
	}
	got, err := f.menus.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(menu.Set{Default: m}, got, cmpopts.IgnoreFields(menu.Set{}, "Raw")); diff != "" {
		t.Errorf("get after replace (-want +got):\n%s", diff)
	}
	if done.Digest != live.Digest() {
		t.Errorf("Digest = %s, the live menu has %s", done.Digest, live.Digest())
	}
}

// users see changes late, and the result says so.
func TestReplaceTellsWhenFollowersSeeIt(t *testing.T) {
	f := newFake(t)
	done, err := f.menus.Replace(t.Context(), one(click("汉汉汉汉汉")))
	if err != nil {
		t.Fatal(err)
	}
	if want := "clients refresh when the chat is opened and their last pull is over 5 minutes old"; !strings.Contains(done.String(), want) {
		t.Errorf("String() = %q, want it to say %q", done, want)
	}
	if done.Visible != menu.ClientRefresh {
		t.Errorf("Visible = %v", done.Visible)
	}
	if diff := cmp.Diff([]string{"buttons[0].name shown"}, list(done.Warnings)); diff != "" {
		t.Errorf("Warnings (-want +got):\n%s", diff)
	}
}

// an invalid menu never reaches the network.
func TestReplaceRefusesBeforeAnythingIsSent(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(consoleMenu()...)
	live, err := f.menus.Import(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := f.total()
	for _, m := range []menu.Menu{{}, one(click("")), one(nil), live.Menu, live.Proposed(), one(sub("a", 6))} {
		_, err := f.menus.Replace(t.Context(), m)
		if len(problems(t, err)) == 0 {
			t.Errorf("Replace(%v) = %v, want problems", m, err)
		}
	}
	if after := f.total(); after != before {
		t.Errorf("%d requests for refused menus", after-before)
	}
}

func TestReplaceRepeatsItselfWhenAnAnswerIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.Fault(wechattest.Fault{Path: pathCreate, Kind: wechattest.Close, Execute: true, Times: 1})
		if _, err := f.menus.Replace(t.Context(), song()); err != nil {
			t.Fatal(err)
		}
		if n := f.Executions(pathCreate); n != 2 {
			t.Errorf("%d executions, want 2", n)
		}
	})
}

func TestReplaceByOtherLimits(t *testing.T) {
	f := newFake(t)
	limits := menu.PlatformLimits()
	limits.Name.Max = 17
	f = f.withMenus(menu.WithLimits(limits))
	_, err := f.menus.Replace(t.Context(), one(click(strings.Repeat("a", 17))))
	if e, ok := errors.AsType[*wechat.Error](err); !ok || e.Code != 40018 {
		t.Errorf("Replace = %v, want the platform's own 40018", err)
	}
}

func TestGetWithoutMenuIsNotFound(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(consoleMenu()...)
	_, err := f.menus.Get(t.Context())
	if !errors.Is(err, wechat.ErrNotFound) {
		t.Errorf("Get = %v, want ErrNotFound", err)
	}
}

// deletion takes the conditional menus with it, so it asks for their number.
func TestDeleteAsksForTheNumberOfConditionalMenus(t *testing.T) {
	f := newFake(t)
	ctx := t.Context()
	if _, err := f.menus.Replace(ctx, song()); err != nil {
		t.Fatal(err)
	}
	for tag := range wechat.TagID(2) {
		if _, err := f.menus.AddConditional(ctx, vip(tag+1)); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []menu.Confirm{0, 1, 3, -1} {
		_, err := f.menus.Delete(ctx, n)
		e, ok := errors.AsType[*menu.UnconfirmedError](err)
		if !ok || !errors.Is(err, menu.ErrUnconfirmed) || e.Conditional != 2 || e.Confirmed != int(n) {
			t.Errorf("Delete(%d) = %v, want an UnconfirmedError about 2", n, err)
		}
	}
	if n := f.Requests(pathDelete); n != 0 {
		t.Fatalf("%d deletions without confirmation", n)
	}
	gone, err := f.menus.Delete(ctx, 2)
	if err != nil || !gone.Existed || len(gone.Before.Conditional) != 2 || !menu.Same(gone.Before.Default, song()) {
		t.Errorf("Delete(2) = %+v, %v", gone, err)
	}
	if _, err := f.menus.Get(ctx); !errors.Is(err, wechat.ErrNotFound) {
		t.Errorf("Get after Delete = %v, want ErrNotFound", err)
	}
}

func TestDeleteOfNothingDoesNothing(t *testing.T) {
	f := newFake(t)
	f.acct.SetConsoleMenu(consoleMenu()...)
	gone, err := f.menus.Delete(t.Context(), 0)
	if err != nil || gone.Existed {
		t.Errorf("Delete = %+v, %v; want nothing", gone, err)
	}
	if n := f.Requests(pathDelete); n != 0 {
		t.Errorf("%d requests to delete nothing", n)
	}
}

func TestDeleteReportsFailures(t *testing.T) {
	for _, path := range []string{pathGet, pathDelete} {
		f := newFake(t)
		if _, err := f.menus.Replace(t.Context(), song()); err != nil {
			t.Fatal(err)
		}
		f.Fault(wechattest.Fault{Path: path, Kind: wechattest.Errcode, Code: 48001})
		if gone, err := f.menus.Delete(t.Context(), 0); !errors.Is(err, wechat.ErrForbidden) || gone.Existed {
			t.Errorf("%s: Delete = %+v, %v; want ErrForbidden", path, gone, err)
		}
	}
}

// A guard of the client's is asked before anything, on every path.
func TestEveryCallGoesThroughTheClient(t *testing.T) {
	f := newFake(t)
	refused := errors.New("not yours")
	var asked []string
	menus := menu.New(f.client.Guard(func(_ context.Context, path string) error {
		asked = append(asked, path)
		return refused
	}))
	ctx := t.Context()
	_, err1 := menus.Import(ctx)
	_, err2 := menus.Get(ctx)
	_, err3 := menus.Replace(ctx, song())
	_, err4 := menus.Delete(ctx, 0)
	_, err5 := menus.AddConditional(ctx, vip(1))
	err6 := menus.DeleteConditional(ctx, "1")
	_, err7 := menus.TryMatch(ctx, "oABC")
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7} {
		if !errors.Is(err, refused) || !errors.Is(err, wechat.ErrForbidden) {
			t.Errorf("call %d: %v, want the guard's refusal", i+1, err)
		}
	}
	want := []string{pathImport, pathGet, pathCreate, pathGet, pathAdd, pathDrop, "/cgi-bin/menu/trymatch"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if n := f.total(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestAnEndedContextEndsEveryCall(t *testing.T) {
	f := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.menus.Import(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Import = %v, want the context's error", err)
	}
	if _, err := f.menus.Replace(ctx, song()); !errors.Is(err, context.Canceled) {
		t.Errorf("Replace = %v, want the context's error", err)
	}
}

// the platform takes what Validate lets pass, at every boundary.
func TestThePlatformTakesWhatValidates(t *testing.T) {
	f := newFake(t)
	material := menu.Media{Name: "m", MediaID: wechat.MediaID(f.acct.AddMaterial("image", "a.jpg", []byte("\xff\xd8\xff\xe0")))}
	full := menu.Sub{Name: strings.Repeat("a", 16)}
	for range 5 {
		full.Buttons = append(full.Buttons, menu.Click{Name: strings.Repeat("汉", 20), Key: strings.Repeat("k", 128)})
	}
	address := "https://example.com/" + strings.Repeat("p", 1024-len("https://example.com/"))
	m := one(full, menu.View{Name: strings.Repeat("汉", 5) + "a", URL: address}, material)
	if _, err := f.menus.Replace(t.Context(), m); err != nil {
		t.Errorf("Replace = %v", err)
	}
	for _, b := range everyKind() {
		if k := menu.KindOf(b); k == "media_id" || k == "view_limited" {
			continue // these need material of the account
		}
		if _, err := f.menus.Replace(t.Context(), one(b)); err != nil {
			t.Errorf("%T: %v", b, err)
		}
	}
}
