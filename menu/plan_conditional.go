package menu

import (
	"maps"
	"slices"
	"strings"
)

// ConditionalChange is what happens to one conditional menu.
type ConditionalChange struct {
	// Op is Added, Removed, Changed, Moved or Untouched. The platform cannot change or move a conditional
	// menu: it is deleted and added again.
	Op Op
	// ID is the platform's number for the menu that is there, empty for one that is added.
	ID ID
	// Match says whom the menu is for.
	Match Match
	// Diff is what happens to its buttons.
	Diff Diff
}

// String draws the change under a line that says whom it is for.
func (c ConditionalChange) String() string {
	_, rows, _ := strings.Cut(c.Diff.String(), "\n")
	head := string(c.Op.sign()) + " menu for " + c.Match.String()
	if c.Op == Moved {
		head += " (moved: deleted and added again)"
	}
	return head + "\n" + rows
}

// MarshalJSON gives the change.
func (c ConditionalChange) MarshalJSON() ([]byte, error) {
	return rawJSON(struct {
		Op    Op                `json:"op"`
		ID    ID                `json:"menuid,omitempty"`
		Match map[string]string `json:"matchrule"`
		Diff  Diff              `json:"diff"`
	}{c.Op, c.ID, c.Match.fields(), c.Diff}, "")
}

// reconcile finds which conditional menus can stay. The platform shows the newest that fits, and a new one
// is the newest of all: so what stays has to be the end of what is wanted, in the same order.
func reconcile(have, want []Conditional) (stay []bool, added int) {
	stay = make([]bool, len(have))
	h := len(have) - 1
	added = len(want)
	for added > 0 {
		d := want[added-1].digest()
		for h >= 0 && have[h].digest() != d {
			h--
		}
		if h < 0 {
			break
		}
		stay[h] = true
		h--
		added--
	}
	return stay, added
}

// compareConditional tells what happens to each conditional menu: the wanted ones in order, then those that
// go.
func compareConditional(have, want []Conditional) []ConditionalChange {
	stay, added := reconcile(have, want)
	out := make([]ConditionalChange, 0, len(want))
	used := slices.Clone(stay)
	find := func(fits func(Conditional) bool) *Conditional {
		for i := range have {
			if !used[i] && fits(have[i]) {
				used[i] = true
				return &have[i]
			}
		}
		return nil
	}
	for _, w := range want[:added] {
		c := ConditionalChange{Op: Added, Match: w.Match, Diff: Compare(Menu{}, w.Menu)}
		if old := find(func(h Conditional) bool { return h.digest() == w.digest() }); old != nil {
			c.Op, c.ID, c.Diff = Moved, old.ID, Compare(old.Menu, w.Menu)
		} else if old := find(func(h Conditional) bool { return maps.Equal(h.Match.fields(), w.Match.fields()) }); old != nil {
			c.Op, c.ID, c.Diff = Changed, old.ID, Compare(old.Menu, w.Menu)
		}
		out = append(out, c)
	}
	for i, h := range have {
		if stay[i] {
			out = append(out, ConditionalChange{ID: h.ID, Match: h.Match, Diff: Compare(h.Menu, h.Menu)})
		}
	}
	for i, h := range have {
		if !used[i] {
			out = append(out, ConditionalChange{Op: Removed, ID: h.ID, Match: h.Match, Diff: Compare(h.Menu, Menu{})})
		}
	}
	return out
}
