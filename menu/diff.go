package menu

import (
	"fmt"
	"iter"
	"maps"
	"slices"
)

// Diff is what turns one menu into another: a tree with every button of both. It is a pure value; nothing
// is read or sent to make one.
type Diff struct {
	// Changes are the buttons of the top level in their new order, with removed ones near where they were.
	Changes []Change
}

// Change is one button in a [Diff], and those below it.
type Change struct {
	// Op says what happens to this button itself; its children have their own.
	Op Op
	// From and To are its paths in the two menus, empty where it is not in one.
	From, To string
	// Before and After are the button in the two menus, nil where it is not in one. A [Sub] has no
	// children here: they are in Children.
	Before, After Button
	// Children are the buttons below it, in the order of Diff.Changes.
	Children []Change
}

// Compare tells what turns have into want. Buttons count as the same by what they mean (see
// [Menu.Canonical]) and are recognised when they are moved, also to another parent, and when their name or
// what they do changes. Comparing a menu with itself gives an empty Diff.
//
// It takes time that grows with the square of the number of buttons: there are at most 18 in a valid menu.
func Compare(have, want Menu) Diff {
	m := match(have, want)
	return Diff{Changes: m.changes(-1, -1)}
}

// IsEmpty reports whether nothing happens to any button.
func (d Diff) IsEmpty() bool {
	for c := range d.All() {
		if c.Op != Untouched {
			return false
		}
	}
	return true
}

// All yields the changes of all levels, parents before their children.
func (d Diff) All() iter.Seq[Change] {
	return func(yield func(Change) bool) { walkChanges(d.Changes, yield) }
}

func walkChanges(changes []Change, yield func(Change) bool) bool {
	for _, c := range changes {
		if !yield(c) || !walkChanges(c.Children, yield) {
			return false
		}
	}
	return true
}

// Count tells to how many buttons all of op happens; of [Untouched], how many stay as they are.
func (d Diff) Count(op Op) int {
	n := 0
	for c := range d.All() {
		if c.Op == op || op != Untouched && c.Op.Has(op) {
			n++
		}
	}
	return n
}

// Patch does to m what the Diff says. It refuses a menu that is not the one that was compared. Patching
// have with Compare(have, want) gives a menu that means the same as want.
func (d Diff) Patch(m Menu) (Menu, error) {
	at := maps.Collect(m.All())
	patched := map[string]Button{}
	for c := range d.All() {
		if c.Before != nil {
			b, ok := at[c.From]
			if !ok || leaf(b) != leaf(c.Before) {
				return Menu{}, fmt.Errorf("menu: patch: %s: not the button that was compared", c.From)
			}
			delete(at, c.From)
		}
		if c.After != nil {
			patched[c.To] = c.After
		}
	}
	if len(at) > 0 {
		return Menu{}, fmt.Errorf("menu: patch: %d buttons more than were compared", len(at))
	}
	return Menu{Buttons: plant("", patched)}, nil
}

// leaf names what a button means without its children.
func leaf(b Button) string {
	if sub, ok := b.(Sub); ok {
		b = Sub{Name: sub.Name}
	}
	return Menu{Buttons: []Button{b}}.Digest()
}

// plant builds the buttons below a path.
func plant(parent string, at map[string]Button) []Button {
	var out []Button
	for i := 0; ; i++ {
		path := childPath(parent, i)
		b, ok := at[path]
		if !ok {
			return out
		}
		if sub, ok := b.(Sub); ok {
			b = Sub{Name: sub.Name, Buttons: plant(path, at)}
		}
		out = append(out, b)
	}
}

// changes makes the changes below a button of have and the button of want that it became; -1 is the top
// level, and none.
func (m *matching) changes(have, want int) []Change {
	var out []Change
	for _, w := range m.below(m.want, want) {
		n := m.want[w]
		h := m.had[w]
		c := Change{Op: Added, To: n.path, After: n.own()}
		if h >= 0 {
			c.Op, c.From, c.Before = m.op(h, w), m.have[h].path, m.have[h].own()
		}
		c.Children = m.changes(h, w)
		out = append(out, c)
	}
	for i, h := range m.below(m.have, have) {
		if m.became[h] >= 0 {
			continue
		}
		n := m.have[h]
		c := Change{Op: Removed, From: n.path, Before: n.own(), Children: m.changes(h, none)}
		out = slices.Insert(out, min(i, len(out)), c)
	}
	return out
}
