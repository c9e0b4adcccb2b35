package menu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Imported is the menu that followers see, as the platform told it, whoever made it: a program through
// the API, or a person on the platform's website.
type Imported struct {
	// Menu is the menu. It is zero when the account has none, or has it switched off.
	Menu Menu
	// Open reports whether the menu is switched on.
	Open bool
	// Lossy lists the buttons of Menu that the API can read but not make.
	Lossy []Lossy
	// Raw is the answer as it came, so that nothing is lost. [ReadImport] understands it again.
	Raw json.RawMessage
}

// Digest names what the imported menu means; see [Menu.Digest]. Importing twice gives the same digest if
// nothing changed, although the media ids in the answers differ.
func (i Imported) Digest() string { return i.Menu.Digest() }

// Proposed gives the menu with the proposed button in the place of each that the API cannot make. Each
// item of Lossy says what is left to do before it behaves the same; [Menu.Validate] finds missing ids.
func (i Imported) Proposed() Menu {
	instead := make(map[string]Button, len(i.Lossy))
	for _, l := range i.Lossy {
		instead[l.Path] = l.Instead
	}
	return i.Menu.transform(func(path string, b Button) Button {
		if r, ok := instead[path]; ok {
			return r
		}
		return b
	})
}

// String draws the menu as a tree, with the buttons that the API cannot make listed below it.
func (i Imported) String() string {
	var b strings.Builder
	b.WriteString(i.Menu.Tree())
	if len(i.Lossy) > 0 {
		b.WriteString("\nmade on the website; through the API use instead:")
		for _, l := range i.Lossy {
			b.WriteString("\n  " + l.String())
		}
	}
	return b.String()
}

// ReadImport understands an answer of get_current_selfmenu_info, as [Imported.Raw] keeps it: of a menu
// made through the API and of one made on the website. It takes an answer of menu/get as well, and gives
// the default menu. An answer that is neither is an error of kind [wechat.ErrBadResponse].
func ReadImport(raw json.RawMessage) (Imported, error) {
	var a importAnswer
	if err := json.Unmarshal(raw, &a); err != nil {
		return Imported{}, fmt.Errorf("menu: %w: %w", wechat.ErrBadResponse, err)
	}
	return a.Imported, nil
}

// importAnswer is an answer of get_current_selfmenu_info.
type importAnswer struct{ Imported }

// UnmarshalJSON reads the answer, and keeps a copy of it.
func (a *importAnswer) UnmarshalJSON(raw []byte) error {
	var body struct {
		Open json.RawMessage `json:"is_menu_open"`
		Info json.RawMessage `json:"selfmenu_info"`
		Menu json.RawMessage `json:"menu"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return errors.New("the answer is not an object")
	}
	if isNull(body.Info) {
		body.Info = body.Menu
	}
	if isNull(body.Open) && isNull(body.Info) {
		return errors.New("neither is_menu_open nor a menu in the answer")
	}
	m, err := readMenu(body.Info)
	if err != nil {
		return err
	}
	open := !m.IsZero()
	if !isNull(body.Open) {
		open = isSet(body.Open)
	}
	if !open {
		m = Menu{} // followers see none
	}
	a.Imported = Imported{Menu: m, Open: open, Lossy: findLossy(m), Raw: bytes.Clone(raw)}
	return nil
}

// readMenu reads an object with a list of buttons out of an answer. Nothing and null are no menu.
func readMenu(data json.RawMessage) (Menu, error) {
	if isNull(data) {
		return Menu{}, nil
	}
	d := decoder{}
	body, ok := d.object("menu", data)
	if !ok {
		return Menu{}, d.err()
	}
	m := Menu{Buttons: d.buttons("", body["button"], 1)}
	return m, d.err()
}

func isNull(data json.RawMessage) bool { return len(data) == 0 || string(data) == "null" }

// codeNone is the platform's "menu does not exist".
const codeNone = 46003

// isNone reports whether the platform said that there is no menu.
func isNone(err error) (*wechat.Error, bool) {
	e, ok := errors.AsType[*wechat.Error](err)
	return e, ok && e.Code == codeNone
}
