package menu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Set is what the API knows of an account's menus: the default menu and the conditional ones. As a JSON
// document it has the shape of menu/get: {"menu":{…},"conditionalmenu":[…]}; see [DecodeSet].
type Set struct {
	// Default is what everybody sees whom no conditional menu fits.
	Default Menu
	// DefaultID is the platform's number for it; it is empty while there are no conditional menus.
	DefaultID ID
	// Conditional are the menus for some, in the platform's order. A follower gets the newest that fits.
	Conditional []Conditional
	// Raw is the answer as it came, so that nothing is lost; it is nil in a Set that was not read from the
	// platform.
	Raw json.RawMessage
}

// ID is the platform's number for a menu (menuid). The events of its buttons carry it.
type ID string

// Conditional is a menu for the followers that a rule fits (个性化菜单).
type Conditional struct {
	// ID is given by the platform; a menu that is not there yet has none.
	ID ID
	// Menu is what they see.
	Menu Menu
	// Match says who they are.
	Match Match
}

// String draws all menus as trees.
func (s Set) String() string {
	var b strings.Builder
	b.WriteString(s.Default.Tree())
	for _, c := range s.Conditional {
		b.WriteString("\n" + c.String())
	}
	return b.String()
}

// String draws the menu as a tree under its rule.
func (c Conditional) String() string {
	_, rows, _ := strings.Cut(c.Menu.Tree(), "\n")
	head := "menu for " + c.Match.String()
	if c.ID != "" {
		head += " (menuid " + printable(string(c.ID)) + ")"
	}
	if rows == "" {
		return head + " (none)"
	}
	return head + "\n" + rows
}

// setAnswer is an answer of menu/get.
type setAnswer struct{ Set }

// UnmarshalJSON reads the answer, and keeps a copy of it.
func (a *setAnswer) UnmarshalJSON(raw []byte) error {
	d := decoder{}
	s := d.set(raw)
	if err := d.err(); err != nil {
		return err
	}
	s.Raw = bytes.Clone(raw)
	a.Set = s
	return nil
}

// MarshalJSON gives the menus in the shape of menu/get.
func (s Set) MarshalJSON() ([]byte, error) {
	j, err := s.toJSON()
	if err != nil {
		return nil, err
	}
	return rawJSON(j, "")
}

// UnmarshalJSON reads what [Set.MarshalJSON] writes, as strictly as [DecodeSet].
func (s *Set) UnmarshalJSON(data []byte) error {
	if !utf8.Valid(data) {
		return refuseDocument("utf-8", "not UTF-8")
	}
	d := decoder{strict: true}
	set := d.set(data)
	if err := d.err(); err != nil {
		return err
	}
	*s = set
	return nil
}

// EncodeSet writes the menus as a JSON document to keep in a file, as [Encode] does with one menu.
func EncodeSet(w io.Writer, s Set) error {
	j, err := s.toJSON()
	if err != nil {
		return err
	}
	return writeDocument(w, j)
}

// DecodeSet reads what [EncodeSet] writes, as strictly as [Decode]. Rules on what the platform no longer
// allows (sex, regions, language, groups) are refused with the reason.
func DecodeSet(r io.Reader) (Set, error) {
	var s Set
	err := readDocument(r, &s)
	return s, err
}

// jsonSet and jsonConditional are the platform's objects.
type (
	jsonSet struct {
		Default     jsonDefault       `json:"menu"`
		Conditional []jsonConditional `json:"conditionalmenu,omitempty"`
	}
	jsonDefault struct {
		jsonMenu
		ID ID `json:"menuid,omitempty"`
	}
	jsonConditional struct {
		jsonMenu
		Match map[string]string `json:"matchrule"`
		ID    ID                `json:"menuid,omitempty"`
	}
)

func (s Set) toJSON() (jsonSet, error) {
	m, err := toJSON(s.Default)
	out := jsonSet{Default: jsonDefault{m, s.DefaultID}}
	for i, c := range s.Conditional {
		j, e := c.toJSON()
		if e != nil {
			err = errors.Join(err, fmt.Errorf("conditional[%d]: %w", i, e))
		}
		out.Conditional = append(out.Conditional, j)
	}
	return out, err
}

func (c Conditional) toJSON() (jsonConditional, error) {
	m, err := toJSON(c.Menu)
	return jsonConditional{m, c.Match.fields(), c.ID}, err
}

// set reads the object of menu/get.
func (d *decoder) set(data []byte) Set {
	body, ok := d.object("", data)
	if !ok {
		return Set{}
	}
	d.only("", body, "a set of menus", "menu", "conditionalmenu")
	var s Set
	if isNull(body["menu"]) {
		d.refuse("menu", "required", "missing", "")
	} else {
		c := d.conditional("default", body["menu"], false)
		s.Default, s.DefaultID = c.Menu, c.ID
	}
	var list []json.RawMessage
	if data := body["conditionalmenu"]; len(data) > 0 && json.Unmarshal(data, &list) != nil {
		d.refuse("conditionalmenu", "format", "not a list of menus", "")
	}
	for i, data := range list {
		s.Conditional = append(s.Conditional, d.conditional(fmt.Sprintf("conditional[%d]", i), data, true))
	}
	return s
}

// conditional reads a menu with an id and, if it has one, a rule.
func (d *decoder) conditional(path string, data []byte, rule bool) Conditional {
	body, ok := d.object(path, data)
	if !ok {
		return Conditional{}
	}
	c := Conditional{Menu: Menu{Buttons: d.buttons(path, body["button"], 1)}}
	c.ID = ID(d.scalar(path+".menuid", body["menuid"]))
	if !rule {
		d.only(path, body, "the default menu", "button", "menuid")
		return c
	}
	d.only(path, body, "a conditional menu", "button", "menuid", "matchrule")
	if !isNull(body["matchrule"]) {
		c.Match = d.match(path+".match", body["matchrule"])
	}
	return c
}
