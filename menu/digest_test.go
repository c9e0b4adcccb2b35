package menu_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/menu"
)

func imported(tb testing.TB, raw []byte) menu.Imported {
	tb.Helper()
	i, err := menu.ReadImport(raw)
	if err != nil {
		tb.Fatalf("ReadImport: %v", err)
	}
	return i
}

// what the platform makes anew at every look is not a change.
func TestTheSameMenuFetchedTwiceHasOneDigest(t *testing.T) {
	first := read(t, "console.json")
	second := first
	for old, changed := range map[string]string{
		"nTXe3aghlQ4XYHa0AQPWiQQbFW9RVtaYTLPC1PCQx11qc9UB6CiUPFjdkeEtJicn": "another-temporary-voice",
		"ax5Whs5dsoomJLEppAvftBUuH7CgXCZGFbFJifmbUjnQk_ierMHY99Y5d2Cv14RD": "another-temporary-picture",
		"61.182.130.30": "112.90.60.1",
		"vkey=77A4":     "vkey=0000",
		`"photo"`:       `"img"`,
		"cover1/0":      "cover1/640",
		"sn=584bdd":     "sn=584bdd&chksm=1",
		`"name": "官网"`:  `"name": " 官网 "`,
		`{"type": "text", "name": "营业时间",`: `{"sub_button": {"list": []}, "key": "", "name": "营业时间", "type": "text",`,
	} {
		if !bytes.Contains(second, []byte(old)) {
			t.Fatalf("testdata has no %s", old)
		}
		second = bytes.ReplaceAll(second, []byte(old), []byte(changed))
	}
	a, b := imported(t, first), imported(t, second)
	if a.Digest() != b.Digest() {
		t.Errorf("digests differ:\n%v\n%v\n%s", a.Digest(), b.Digest(), cmp.Diff(a.Menu.Canonical(), b.Menu.Canonical()))
	}
}

// what a person changed is a change.
func TestEveryMeaningfulChangeChangesTheDigest(t *testing.T) {
	first := read(t, "console.json")
	seen := map[string]string{imported(t, first).Digest(): "nothing"}
	for old, changed := range map[string]string{
		"官网":                     "网站",
		"a=1&b=2":                "a=1&b=3",
		"春季新品":                   "夏季新品",
		"四款新品":                   "五款新品",
		`"Acme", "digest": "到店`:  `"Acme2", "digest": "到店`,
		`"show_cover": 1`:        `"show_cover": 0`,
		"/stores":                "/shops",
		"KQb_w":                  "KQb_x",
		"18:00":                  "19:00",
		`"voice", "name": "店长说"`: `"video", "name": "店长说"`,
	} {
		second := bytes.Replace(first, []byte(old), []byte(changed), 1)
		if bytes.Equal(first, second) {
			t.Fatalf("testdata has no %s", old)
		}
		d := imported(t, second).Digest()
		if before, dup := seen[d]; dup {
			t.Errorf("changing %q gives the digest of changing %s", old, before)
		}
		seen[d] = old
	}
}

func TestTheShapeOfTheAnswerDoesNotMatter(t *testing.T) {
	a, b := imported(t, read(t, "api.json")), imported(t, read(t, "get.json"))
	if a.Digest() != b.Digest() || a.Digest() != song().Digest() || !menu.Same(a.Menu, b.Menu) {
		t.Errorf("digests differ: selfmenu %s, get %s, model %s", a.Digest(), b.Digest(), song().Digest())
	}
}

// A digest is kept in stores: it must not change between versions of this module.
func TestDigestIsStable(t *testing.T) {
	for name, test := range map[string]struct {
		menu menu.Menu
		want string
	}{
		"none":    {menu.Menu{}, "m1-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		"api":     {song(), "m1-b2136f7169502772acca68bbf816095c0b1c4f20e1970c1f25f1f7cb72a2df36"},
		"website": {imported(t, read(t, "console.json")).Menu, "m1-9a3ea8b2de9062e00e5dd64b3ecf015217a6f9992c953a4a5ac657aa9b9a458b"},
	} {
		if got := test.menu.Digest(); got != test.want {
			t.Errorf("%s: Digest = %s, want %s", name, got, test.want)
		}
	}
}

func TestDifferentMenusHaveDifferentDigests(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]menu.Menu{}
	for range 2000 {
		m := randomMenu(r)
		d := m.Digest()
		if before, ok := seen[d]; ok && !cmp.Equal(before, m) {
			t.Fatalf("one digest for\n%v\n%v", before, m)
		}
		seen[d] = m
	}
	for _, pair := range [][2]menu.Menu{
		{one(menu.Click{Name: "a\xff", Key: "k"}), one(menu.Click{Name: "a\xfe", Key: "k"})},
		{one(nil), one()},
		{one(sub("a", 0), sub("b", 0)), one(menu.Sub{Name: "a", Buttons: []menu.Button{sub("b", 0)}})},
		{one(menu.Click{Name: "a", Key: `k" url="u`}), one(menu.Console{Kind: "click", Name: "a", Key: "k", URL: "u"})},
	} {
		if menu.Same(pair[0], pair[1]) {
			t.Errorf("one digest for\n%v\n%v", pair[0], pair[1])
		}
	}
}

func TestCanonicalLeavesItsReceiverAlone(t *testing.T) {
	m := one(menu.Sub{Name: " a ", Buttons: []menu.Button{menu.Console{Kind: menu.Img, Name: " b ", Value: "id"}}})
	want := one(menu.Sub{Name: " a ", Buttons: []menu.Button{menu.Console{Kind: menu.Img, Name: " b ", Value: "id"}}})
	got := m.Canonical()
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("receiver changed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(one(menu.Sub{Name: "a", Buttons: []menu.Button{menu.Console{Kind: menu.Img, Name: "b"}}}), got); diff != "" {
		t.Errorf("Canonical (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got, got.Canonical()); diff != "" {
		t.Errorf("not idempotent (-want +got):\n%s", diff)
	}
}
