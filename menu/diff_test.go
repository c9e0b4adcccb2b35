package menu_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/menu"
)

func ExampleCompare() {
	have := menu.Menu{Buttons: []menu.Button{
		menu.Click{Name: "Today", Key: "today"},
		menu.Sub{Name: "Help", Buttons: []menu.Button{
			menu.View{Name: "FAQ", URL: "https://example.com/faq"},
			menu.Click{Name: "Call", Key: "call"},
		}},
		menu.Click{Name: "Old", Key: "old"},
	}}
	want := menu.Menu{Buttons: []menu.Button{
		menu.Sub{Name: "Service", Buttons: []menu.Button{
			menu.View{Name: "FAQ", URL: "https://example.com/questions"},
			menu.Click{Name: "Call", Key: "call"},
			menu.Click{Name: "Today", Key: "today"},
		}},
		menu.View{Name: "Shop", URL: "https://shop.example.com/"},
	}}
	fmt.Println(menu.Compare(have, want))
	// Output:
	//   menu
	// ~ ├─ Service                                         renamed, was “Help”
	// ~ │  ├─ FAQ    view   https://example.com/questions  changed, was view https://example.com/faq
	//   │  ├─ Call   click  call
	// > │  └─ Today  click  today                          moved from place 1
	// + ├─ Shop      view   https://shop.example.com/
	// - └─ Old       click  old
	// 1 added, 1 removed, 1 changed, 1 renamed, 1 moved, 1 untouched
}

// flat lists what happens as "op from→to".
func flat(d menu.Diff) []string {
	var out []string
	for c := range d.All() {
		out = append(out, strings.ReplaceAll(fmt.Sprintf("%v %s→%s", c.Op, c.From, c.To), "buttons", ""))
	}
	return out
}

func TestEachKindOfChangeIsRecognised(t *testing.T) {
	a, b, c := menu.Click{Name: "a", Key: "1"}, menu.Click{Name: "b", Key: "2"}, menu.Click{Name: "c", Key: "3"}
	parent := func(name string, children ...menu.Button) menu.Button { return menu.Sub{Name: name, Buttons: children} }
	for _, test := range []struct {
		desc       string
		have, want menu.Menu
		changes    []string
	}{
		{"both empty", one(), one(), nil},
		{"untouched", one(a), one(a), []string{"untouched [0]→[0]"}},
		{"added", one(a), one(a, b), []string{"untouched [0]→[0]", "added →[1]"}},
		{"added in front moves nobody", one(a), one(b, a), []string{"added →[0]", "untouched [0]→[1]"}},
		{"removed", one(a, b), one(b), []string{"removed [0]→", "untouched [1]→[0]"}},
		{"renamed", one(a), one(menu.Click{Name: "x", Key: "1"}), []string{"renamed [0]→[0]"}},
		{"changed", one(a), one(menu.View{Name: "a", URL: "https://a.com"}), []string{"changed [0]→[0]"}},
		{"another button", one(a), one(b), []string{"removed [0]→", "added →[0]"}},
		{"swapped", one(a, b), one(b, a), []string{"untouched [1]→[0]", "moved [0]→[1]"}},
		{"last to the front", one(a, b, c), one(c, a, b), []string{"moved [2]→[0]", "untouched [0]→[1]", "untouched [1]→[2]"}},
		{"renamed and moved", one(a, b, c), one(menu.Click{Name: "x", Key: "3"}, a, b), []string{"renamed, moved [2]→[0]", "untouched [0]→[1]", "untouched [1]→[2]"}},
		{
			"into a parent", one(a, b), one(parent("p", b), a),
			[]string{"added →[0]", "moved [1]→[0].[0]", "untouched [0]→[1]"},
		},
		{
			"parent renamed", one(parent("p", a, b)), one(parent("q", a, b)),
			[]string{"renamed [0]→[0]", "untouched [0].[0]→[0].[0]", "untouched [0].[1]→[0].[1]"},
		},
		{
			"parent with other children keeps its name", one(parent("p", a)), one(parent("p", b)),
			[]string{"untouched [0]→[0]", "removed [0].[0]→", "added →[0].[0]"},
		},
		{
			"parents swapped", one(parent("p", a), parent("q", a)), one(parent("q", a), parent("p", a)),
			[]string{"untouched [1]→[0]", "untouched [1].[0]→[0].[0]", "moved [0]→[1]", "untouched [0].[0]→[1].[0]"},
		},
		{
			"a parent becomes a button", one(parent("a", b)), one(a),
			[]string{"changed [0]→[0]", "removed [0].[0]→"},
		},
		{
			"parent removed with its children", one(parent("p", a, b), c), one(c),
			[]string{"removed [0]→", "removed [0].[0]→", "removed [0].[1]→", "untouched [1]→[0]"},
		},
		{"one of two twins removed", one(a, a), one(a), []string{"untouched [0]→[0]", "removed [1]→"}},
		{"the same name elsewhere is another button", one(parent("p", a), b), one(parent("p", b), menu.Click{Name: "a", Key: "9"}), []string{
			"untouched [0]→[0]", "removed [0].[0]→", "moved [1]→[0].[0]", "added →[1]",
		}},
		{"space at the ends", one(a), one(menu.Click{Name: " a ", Key: "1"}), []string{"untouched [0]→[0]"}},
		{
			"temporary ids", one(menu.Console{Kind: menu.Img, Name: "a", Value: "1"}), one(menu.Console{Kind: menu.Picture, Name: "a", Value: "2"}),
			[]string{"untouched [0]→[0]"},
		},
	} {
		d := menu.Compare(test.have, test.want)
		if diff := cmp.Diff(test.changes, flat(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.desc, diff)
		}
		if d.IsEmpty() != menu.Same(test.have, test.want) {
			t.Errorf("%s: IsEmpty = %v", test.desc, d.IsEmpty())
		}
	}
}

// The two laws: diff(a, a) is empty, and apply(diff(a, b)) on a gives b.
func checkDiff(t *testing.T, a, b menu.Menu) {
	t.Helper()
	self := menu.Compare(a, a)
	if !self.IsEmpty() || !strings.HasSuffix(self.String(), "nothing changes") {
		t.Fatalf("diff(a, a) is not empty:\n%v", self)
	}
	d := menu.Compare(a, b)
	got, err := d.Patch(a)
	if err != nil {
		t.Fatalf("Patch: %v\n%v", err, d)
	}
	if !menu.Same(got, b) {
		t.Fatalf("apply(diff(a, b)) on a is not b:\n%v\n%v\n%v", a, d, got)
	}
	if d.IsEmpty() != menu.Same(a, b) {
		t.Fatalf("IsEmpty = %v, but Same = %v\n%v", d.IsEmpty(), menu.Same(a, b), d)
	}
	var from, to []string
	for c := range d.All() {
		if (c.From == "") != (c.Before == nil) || (c.To == "") != (c.After == nil) ||
			(c.Before == nil) != c.Op.Has(menu.Added) || (c.After == nil) != c.Op.Has(menu.Removed) {
			t.Fatalf("a change contradicts itself: %+v", c)
		}
		if c.From != "" {
			from = append(from, c.From)
		}
		if c.To != "" {
			to = append(to, c.To)
		}
	}
	for what, pair := range map[string]struct {
		m   menu.Menu
		got []string
	}{"have": {a, from}, "want": {b, to}} {
		var paths []string
		for path := range pair.m.All() {
			paths = append(paths, path)
		}
		slices.Sort(paths)
		slices.Sort(pair.got)
		if diff := cmp.Diff(paths, pair.got); diff != "" {
			t.Fatalf("not every button of %s occurs once (-want +got):\n%s", what, diff)
		}
	}
}

func TestDiffLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 13))
	for range 1000 {
		checkDiff(t, randomMenu(r), randomMenu(r))
	}
	console := imported(t, read(t, "console.json")).Menu
	for _, m := range []menu.Menu{{}, song(), fullMenu(), one(everyKind()...)} {
		checkDiff(t, console, m)
		checkDiff(t, m, console)
	}
}

// An edit is told as that edit, not as a new menu.
func TestASingleEditIsASingleChange(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		a := randomMenu(r)
		i := r.IntN(len(a.Buttons))
		b := menu.Menu{Buttons: slices.Clone(a.Buttons)}
		b.Buttons[i] = menu.Click{Name: "新", Key: "unlike any other"}
		d := menu.Compare(a, b)
		if d.Count(menu.Added) != 1 || d.Count(menu.Moved) != 0 || d.Count(menu.Renamed) != 0 || d.Count(menu.Changed) != 0 {
			t.Fatalf("a button in the place of another:\n%v\n%v", a, d)
		}
	}
}

func TestAPatchRefusesAnotherMenu(t *testing.T) {
	d := menu.Compare(song(), one(click("a")))
	for _, m := range []menu.Menu{{}, one(click("a")), one(append(song().Buttons, click("b"))...)} {
		if got, err := d.Patch(m); err == nil {
			t.Errorf("Patch(%v) = %v, want an error", m, got)
		}
	}
}

func TestDiffIsJSON(t *testing.T) {
	d := menu.Compare(
		one(menu.Click{Name: "a", Key: "1"}, menu.Sub{Name: "p", Buttons: []menu.Button{menu.Click{Name: "b", Key: "2"}}}),
		one(menu.Sub{Name: "q", Buttons: []menu.Button{menu.Click{Name: "b", Key: "2"}}}, menu.View{Name: "c", URL: "https://c.com/?a&b"}),
	)
	data, err := d.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"summary":"1 added, 1 removed, 1 renamed, 1 untouched","changes":[` +
		`{"op":["removed"],"from":"buttons[0]","before":{"type":"click","name":"a","key":"1"}},` +
		`{"op":["renamed"],"from":"buttons[1]","to":"buttons[0]","before":{"name":"p"},"after":{"name":"q"},"children":[` +
		`{"op":["untouched"],"from":"buttons[1].buttons[0]","to":"buttons[0].buttons[0]","before":{"type":"click","name":"b","key":"2"},"after":{"type":"click","name":"b","key":"2"}}]},` +
		`{"op":["added"],"to":"buttons[1]","after":{"type":"view","name":"c","url":"https://c.com/?a&b"}}]}`
	if string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
	if _, err := json.Marshal(menu.Compare(one(), one(click("\xff")))); err == nil {
		t.Error("invalid UTF-8 was written as JSON")
	}
}

func TestDiffPrintsWherefromAndHowMuch(t *testing.T) {
	d := menu.Compare(
		one(menu.Sub{Name: "p", Buttons: []menu.Button{menu.Click{Name: "b", Key: "2"}}}, menu.Click{Name: "c", Key: "3"}),
		one(menu.Click{Name: "x", Key: "2"}, menu.View{Name: "c", URL: "https://c.com"}),
	)
	want := strings.Join([]string{
		"  menu",
		"- ├─ p",
		"~ ├─ x  click  2              renamed, was “b”; moved from place 1 of “p”",
		"~ └─ c  view   https://c.com  changed, was click 3",
		"1 removed, 1 changed, 1 renamed, 1 moved",
	}, "\n")
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := menu.Compare(one(), one()).String(); got != "  menu (none)\nnothing changes" {
		t.Errorf("String of nothing = %q", got)
	}
	for op, want := range map[menu.Op]string{
		menu.Untouched: "untouched", menu.Renamed | menu.Moved: "renamed, moved", menu.Added: "added",
	} {
		if got := op.String(); got != want {
			t.Errorf("String = %q, want %q", got, want)
		}
	}
}

func TestChangesAreYieldedUntilBrokenOff(t *testing.T) {
	d := menu.Compare(song(), song())
	for stop := range 5 {
		n := 0
		for range d.All() {
			if n++; n == stop+1 {
				break
			}
		}
		if n != stop+1 {
			t.Errorf("broke off after %d, saw %d", stop+1, n)
		}
	}
}

// FuzzCompare holds the two laws for any two documents.
func FuzzCompare(f *testing.F) {
	file := func(m menu.Menu) []byte {
		data, err := m.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	f.Add(file(song()), file(fullMenu()))
	f.Add(file(one(everyKind()...)), file(song()))
	f.Add([]byte(nestedFile(4)), []byte(`{"button":[{"type":"click","name":"a\u202eb","key":"👍"}]}`))
	f.Fuzz(func(t *testing.T, x, y []byte) {
		var menus [2]menu.Menu
		for i, data := range [][]byte{x, y} {
			if json.Unmarshal(data, &menus[i]) != nil {
				return
			}
			n := 0
			for range menus[i].All() {
				n++
			}
			if n > 100 {
				return
			}
		}
		checkDiff(t, menus[0], menus[1])
	})
}
