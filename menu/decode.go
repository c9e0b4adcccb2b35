package menu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

const (
	// maxDocument bounds a document: the largest valid menu has about 30 KB.
	maxDocument = 512 << 10
	// maxDepth bounds what is read at all. The platform has two levels; the others are read so that
	// Validate can say where they are.
	maxDepth = 8
	// maxProblems bounds what is said about a document that is something else altogether.
	maxProblems = 100
)

// Decode reads a menu from a JSON document of at most 512 KiB in the platform's shape, as [Encode] writes
// it. It is strict where a person may have slipped: a misspelt field, a field that the button's type does
// not have, and text after the document are refused, all at once, in a [*wechat.InputError].
// It does not judge the menu: that is [Menu.Validate].
func Decode(r io.Reader) (Menu, error) {
	var m Menu
	err := readDocument(r, &m)
	return m, err
}

// UnmarshalJSON reads what [Menu.MarshalJSON] writes, as strictly as [Decode].
func (m *Menu) UnmarshalJSON(data []byte) error {
	if !utf8.Valid(data) {
		return refuseDocument("utf-8", "not UTF-8")
	}
	d := decoder{strict: true}
	var buttons []Button
	if body, ok := d.object("", data); ok {
		d.only("", body, "a menu", "button")
		if _, has := body["button"]; !has {
			d.refuse("button", "required", "missing", `the document is {"button": […]}`)
		}
		buttons = d.buttons("", body["button"], 1)
	}
	if err := d.err(); err != nil {
		return err
	}
	m.Buttons = buttons
	return nil
}

// readDocument decodes a document of bounded size into v, whose own errors pass as they are.
func readDocument(r io.Reader, v json.Unmarshaler) error {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return fmt.Errorf("menu: decode: %w", err)
	}
	if len(data) > maxDocument {
		return refuseDocument("size", fmt.Sprintf("over %d bytes", maxDocument))
	}
	err = json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), v)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return refuseDocument("format", fmt.Sprintf("%s at byte %d", syntax, syntax.Offset))
	}
	return err
}

func refuseDocument(rule, message string) error {
	return wechat.Refuse("menu: decode", []wechat.Problem{{Rule: rule, Message: message}})
}

// decoder reads the platform's objects and gathers what is wrong with them. A strict one is for documents
// that people write; the other reads answers, and passes over what it does not know.
type decoder struct {
	strict   bool
	problems []wechat.Problem
}

func (d *decoder) refuse(field, rule, message, fix string) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, wechat.Problem{Field: field, Rule: rule, Message: message, Fix: fix})
	}
}

// err gives the problems in the order of their fields. Only those of a document are the caller's input.
func (d *decoder) err() error {
	slices.SortStableFunc(d.problems, func(a, b wechat.Problem) int { return strings.Compare(a.Field, b.Field) })
	err := wechat.Refuse("", d.problems)
	switch {
	case err == nil:
		return nil
	case d.strict:
		return wechat.Refuse("menu: decode", d.problems)
	}
	return errors.New(err.Error())
}

// object splits an object into its fields.
func (d *decoder) object(path string, data []byte) (map[string]json.RawMessage, bool) {
	var obj map[string]json.RawMessage
	if err := json.Unmarshal(data, &obj); err != nil || obj == nil {
		d.refuse(path, "format", "not an object", "")
		return nil, false
	}
	return obj, true
}

// only refuses fields that an object does not have, in a document: they would be lost.
func (d *decoder) only(path string, obj map[string]json.RawMessage, what string, names ...string) {
	if !d.strict {
		return
	}
	for name := range obj {
		if !slices.Contains(names, name) {
			d.refuse(join(path, name), "unknown", "no such field in "+what, "it has "+strings.Join(names, ", "))
		}
	}
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// text reads a text; nothing and null are empty.
func (d *decoder) text(path string, data json.RawMessage) string {
	var s string
	if len(data) > 0 && json.Unmarshal(data, &s) != nil {
		d.refuse(path, "format", "not a text", "")
	}
	return s
}

// scalar reads a text, or a number with its digits as they are; nothing and null are empty.
func (d *decoder) scalar(path string, data json.RawMessage) string {
	var n json.Number
	if len(data) > 0 && data[0] != '"' && json.Unmarshal(data, &n) == nil {
		return n.String()
	}
	return d.text(path, data)
}

// integer reads a whole number from 0 to limit.
func (d *decoder) integer(path, s string, limit int64) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > limit {
		d.refuse(path, "format", "not a whole number in its range", "")
		return 0
	}
	return n
}
