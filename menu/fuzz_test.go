package menu_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/menu"
)

// fullMenu is the largest menu there is: 3 parents of 5 children, every text at its limit.
func fullMenu() menu.Menu {
	m := menu.Menu{}
	for range 3 {
		s := menu.Sub{Name: strings.Repeat("汉", 5) + "a"}
		for range 5 {
			s.Buttons = append(s.Buttons, menu.View{Name: strings.Repeat("👍", 15), URL: "https://example.com/" + strings.Repeat("p", 1004)})
		}
		m.Buttons = append(m.Buttons, s)
	}
	return m
}

// FuzzMenu reads documents: no panic; what is accepted is written and read back as the same menu; the
// canonical form is canonical; what validates can be sent as it is.
func FuzzMenu(f *testing.F) {
	for _, m := range []menu.Menu{{}, song(), fullMenu(), one(menu.Sub{Name: "all", Buttons: everyKind()})} {
		data, err := m.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(nestedFile(4)))
	f.Add([]byte(`{"button":[{"type":"click","name":"a\u202eb\ud83d\ude00\ud800","key":"\u0000"}]}`))
	f.Add([]byte(`{"button":[{"name":"a","sub_button":{"list":[{"type":"news","name":"n","news_info":{"list":[{"title":"t","show_cover":"1"}]}}]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := menu.Decode(bytes.NewReader(data))
		if err != nil {
			if len(problems(t, err)) == 0 {
				t.Fatalf("error without problems: %v", err)
			}
			return
		}
		checkMenu(t, m)
		var buf bytes.Buffer
		if err := menu.Encode(&buf, m); err != nil {
			t.Fatalf("Encode: %v", err)
		}
		again, err := menu.Decode(&buf)
		if err != nil {
			t.Fatalf("Decode of what Encode wrote: %v", err)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
	})
}

// FuzzImport reads answers of both calls: no panic; what is accepted is the same when read again from Raw
// and when it is exported and imported; each lossy item is where its path says.
func FuzzImport(f *testing.F) {
	for _, name := range []string{"console.json", "api.json", "get.json"} {
		f.Add(read(f, name))
	}
	f.Add([]byte(`{"is_menu_open":0}`))
	f.Add([]byte(`{"is_menu_open":1,"selfmenu_info":` + nested(4) + `}`))
	f.Add([]byte(`{"is_menu_open":"1","selfmenu_info":{"button":[{"type":"finder","name":"👍\u202e","value":null}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := menu.ReadImport(data)
		if err != nil {
			return
		}
		checkMenu(t, got.Menu)
		again, err := menu.ReadImport(got.Raw)
		if err != nil {
			t.Fatalf("reading Raw: %v", err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
		at := maps.Collect(got.Menu.All())
		for _, l := range got.Lossy {
			if !cmp.Equal(at[l.Path], menu.Button(l.Was)) || l.Instead == nil {
				t.Fatalf("lossy item %v is not at its path", l)
			}
		}
		for path, b := range got.Proposed().All() {
			if _, foreign := b.(menu.Console); foreign {
				t.Fatalf("%s of the proposed menu cannot be sent: %v", path, b)
			}
		}
		data, err = json.Marshal(map[string]any{"is_menu_open": got.Open, "selfmenu_info": got.Menu})
		if err != nil {
			t.Fatalf("export: %v", err)
		}
		again, err = menu.ReadImport(data)
		if err != nil {
			t.Fatalf("import of the export: %v", err)
		}
		if diff := cmp.Diff(got.Menu, again.Menu); diff != "" {
			t.Fatalf("import of the export (-want +got):\n%s", diff)
		}
	})
}

// FuzzSet reads documents and answers of menu/get with conditional menus.
func FuzzSet(f *testing.F) {
	f.Add(read(f, "get.json"))
	f.Add([]byte(`{"menu":{"button":[]},"conditionalmenu":[{"button":[],"matchrule":{"tag_id":"2"},"menuid":7}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := menu.DecodeSet(bytes.NewReader(data))
		if err != nil {
			return
		}
		_ = s.Validate()
		_ = s.String()
		var buf bytes.Buffer
		if err := menu.EncodeSet(&buf, s); err != nil {
			t.Fatalf("EncodeSet: %v", err)
		}
		again, err := menu.DecodeSet(&buf)
		if err != nil {
			t.Fatalf("DecodeSet of what EncodeSet wrote: %v", err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
	})
}

// checkMenu checks what holds of every menu, valid or not.
func checkMenu(t *testing.T, m menu.Menu) {
	t.Helper()
	canonical := m.Canonical()
	if diff := cmp.Diff(canonical, canonical.Canonical()); diff != "" {
		t.Fatalf("canonical form is not (-once +twice):\n%s", diff)
	}
	if m.Digest() != canonical.Digest() {
		t.Fatal("the canonical form has another digest")
	}
	for _, r := range m.Tree() {
		if r != '\n' && r != '\u200d' && !unicode.IsPrint(r) && !unicode.Is(unicode.Mn, r) {
			t.Fatalf("tree holds %U", r)
		}
	}
	_ = m.Warnings()
	if m.Validate() != nil {
		return
	}
	data, err := m.MarshalJSON()
	if err != nil || !utf8.Valid(data) || bytes.Contains(data, []byte(`\u`)) && !bytes.Contains(data, []byte(`\\u`)) {
		t.Fatalf("a valid menu is not raw UTF-8: %v\n%s", err, data)
	}
}
