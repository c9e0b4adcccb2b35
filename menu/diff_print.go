package menu

import (
	"fmt"
	"strconv"
	"strings"
)

// String draws the new menu as a tree with a sign before each button to which something happens, what it
// was behind it, and a count at the end:
//
//	  menu
//	  ├─ Today      click  today
//	~ ├─ Service                                         renamed, was “Help”
//	+ │  ├─ Call    click  call
//	> │  └─ Track   view   https://example.com/track      moved from place 3
//	- └─ Old        click  old
//	1 added, 1 removed, 1 renamed, 1 moved, 1 untouched
func (d Diff) String() string {
	if len(d.Changes) == 0 {
		return "  menu (none)\nnothing changes"
	}
	t := tree{}
	var signs []rune
	draw(&t, &signs, "", d.Changes, d.placesBefore())
	lines := strings.Split(t.String(), "\n")
	var b strings.Builder
	b.WriteString("  menu\n")
	for i, line := range lines {
		fmt.Fprintf(&b, "%c %s\n", signs[i], line)
	}
	b.WriteString(d.summary())
	return b.String()
}

// draw adds changes to a tree below a prefix.
func draw(t *tree, signs *[]rune, prefix string, changes []Change, places map[string]string) {
	for i, c := range changes {
		b := c.After
		if b == nil {
			b = c.Before
		}
		below := t.node(prefix, i == len(changes)-1, b, c.was(places))
		*signs = append(*signs, c.Op.sign())
		draw(t, signs, below, c.Children, places)
	}
}

// placesBefore names the places of the present menu: "place 3", "place 1 of “Help”".
func (d Diff) placesBefore() map[string]string {
	names, places := map[string]string{}, map[string]string{}
	for c := range d.All() {
		names[c.From] = NameOf(c.Before)
	}
	for path := range names {
		i := strings.LastIndexByte(path, '[')
		if i < 0 {
			continue // an added button was nowhere
		}
		index, _ := strconv.Atoi(strings.TrimSuffix(path[i+1:], "]"))
		places[path] = fmt.Sprintf("place %d", index+1)
		if parent, ok := strings.CutSuffix(path[:i], ".buttons"); ok {
			places[path] += " of “" + names[parent] + "”"
		}
	}
	return places
}

// was tells what a button was, where that is more than its sign says.
func (c Change) was(places map[string]string) string {
	var parts []string
	if c.Op.Has(Renamed) {
		parts = append(parts, "renamed, was “"+NameOf(c.Before)+"”")
	}
	if c.Op.Has(Changed) {
		was := "a menu"
		if kind := KindOf(c.Before); kind != "" {
			was = string(kind) + " " + detail(c.Before)
		}
		parts = append(parts, "changed, was "+was)
	}
	if c.Op.Has(Moved) {
		parts = append(parts, "moved from "+places[c.From])
	}
	return strings.Join(parts, "; ")
}

// summary counts: "1 added, 2 moved, 3 untouched".
func (d Diff) summary() string {
	if d.IsEmpty() {
		return "nothing changes"
	}
	var parts []string
	for _, n := range opNames {
		if count := d.Count(n.op); count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count, n.name))
		}
	}
	if n := d.Count(Untouched); n > 0 {
		parts = append(parts, fmt.Sprintf("%d untouched", n))
	}
	return strings.Join(parts, ", ")
}

// MarshalJSON gives the tree of changes; buttons have the platform's shape.
func (d Diff) MarshalJSON() ([]byte, error) {
	changes, err := jsonChanges(d.Changes)
	if err != nil {
		return nil, err
	}
	return rawJSON(struct {
		Summary string       `json:"summary"`
		Changes []jsonChange `json:"changes"`
	}{d.summary(), changes}, "")
}

type jsonChange struct {
	Op       Op           `json:"op"`
	From     string       `json:"from,omitempty"`
	To       string       `json:"to,omitempty"`
	Before   *jsonButton  `json:"before,omitempty"`
	After    *jsonButton  `json:"after,omitempty"`
	Children []jsonChange `json:"children,omitempty"`
}

func jsonChanges(changes []Change) ([]jsonChange, error) {
	out := make([]jsonChange, len(changes))
	for i, c := range changes {
		out[i] = jsonChange{Op: c.Op, From: c.From, To: c.To}
		var err error
		if out[i].Before, err = optionalButton(c.From, c.Before); err != nil {
			return nil, err
		}
		if out[i].After, err = optionalButton(c.To, c.After); err != nil {
			return nil, err
		}
		if out[i].Children, err = jsonChanges(c.Children); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// optionalButton gives the fields of a button without its children, nil for none.
func optionalButton(path string, b Button) (*jsonButton, error) {
	if b == nil {
		return nil, nil //nolint:nilnil // an absent button is absent in JSON
	}
	j, err := toJSONButton(path, b)
	j.Children = nil
	return &j, err
}
