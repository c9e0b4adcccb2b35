package menu

import (
	"encoding/json"
	"strings"
)

// Op says what happens to a button between two menus. It is a set, as a button can be moved and renamed at
// once; the empty set is a button that is left as it is.
type Op uint8

// What can happen to a button.
const (
	// Added: it is only in the wanted menu.
	Added Op = 1 << iota
	// Removed: it is only in the present menu.
	Removed
	// Moved: it has another parent, or another place among the buttons that stay with it.
	Moved
	// Renamed: it does the same under another name.
	Renamed
	// Changed: it does something else under the same name.
	Changed
)

// Untouched is a button to which nothing happens.
const Untouched Op = 0

var opNames = []struct {
	op   Op
	name string
	sign rune
}{
	{Added, "added", '+'},
	{Removed, "removed", '-'},
	{Changed, "changed", '~'},
	{Renamed, "renamed", '~'},
	{Moved, "moved", '>'},
}

// Has reports whether all of other happens.
func (o Op) Has(other Op) bool { return o&other == other }

// names lists what happens; nothing is "untouched".
func (o Op) names() []string {
	var out []string
	for _, n := range opNames {
		if o.Has(n.op) {
			out = append(out, n.name)
		}
	}
	if out == nil {
		out = []string{"untouched"}
	}
	return out
}

// String lists what happens: "moved, renamed".
func (o Op) String() string { return strings.Join(o.names(), ", ") }

// MarshalJSON gives the names in a list: ["renamed","moved"].
func (o Op) MarshalJSON() ([]byte, error) { return json.Marshal(o.names()) }

// sign is the mark in front of a line: the strongest of what happens.
func (o Op) sign() rune {
	for _, n := range opNames {
		if o.Has(n.op) {
			return n.sign
		}
	}
	return ' '
}
