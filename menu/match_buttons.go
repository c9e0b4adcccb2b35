package menu

import (
	"cmp"
	"slices"
	"strings"
)

// none stands for no button; -1 for the top level, below which the first buttons are.
const none = -2

// node is a button in its place.
type node struct {
	path     string
	parent   int // index of the parent, -1 at the top
	index    int // place among its siblings
	button   Button
	name     string
	does     string   // names what it does, without the name; empty for a parent
	children []string // names what the children are
}

// own is the button without its children.
func (n node) own() Button {
	if _, ok := n.button.(Sub); ok {
		return Sub{Name: NameOf(n.button)}
	}
	return n.button
}

func (n node) isParent() bool {
	_, ok := n.button.(Sub)
	return ok
}

// nodes lists the buttons of a menu, parents before their children.
func nodes(m Menu) []node {
	var out []node
	var add func(parent int, path string, buttons []Button)
	add = func(parent int, path string, buttons []Button) {
		for i, b := range buttons {
			if b == nil {
				continue
			}
			n := node{path: childPath(path, i), parent: parent, index: i, button: b, name: strings.TrimSpace(NameOf(b))}
			sub, ok := b.(Sub)
			if !ok {
				n.does = leaf(withName(b, ""))
			}
			for _, child := range sub.Buttons {
				n.children = append(n.children, leaf(child))
			}
			slices.Sort(n.children)
			out = append(out, n)
			add(len(out)-1, n.path, sub.Buttons)
		}
	}
	add(-1, "", m.Buttons)
	return out
}

// matching says which button of one menu became which of another.
type matching struct {
	have, want []node
	became     []int // of each in have, its index in want, or none
	had        []int // of each in want, its index in have, or none
	stays      []bool
}

// match finds the buttons of have again in want: parents first, as what is below them counts for it.
func match(have, want Menu) *matching {
	m := &matching{have: nodes(have), want: nodes(want)}
	m.became = slices.Repeat([]int{none}, len(m.have))
	m.had = slices.Repeat([]int{none}, len(m.want))
	m.pair(m.likeParents)
	m.pair(m.likeLeaves)
	m.pair(m.likeNames)
	m.order()
	return m
}

// pair joins the buttons that are most alike, as long as there are such.
func (m *matching) pair(like func(h, w node) int) {
	type candidate struct{ h, w, score int }
	var all []candidate
	for h, a := range m.have {
		for w, b := range m.want {
			if m.became[h] == none && m.had[w] == none {
				if score := like(a, b); score > 0 {
					all = append(all, candidate{h, w, score})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	for _, c := range all {
		if m.became[c.h] == none && m.had[c.w] == none {
			m.became[c.h], m.had[c.w] = c.w, c.h
		}
	}
}

// likeParents compares parents by name and by the children they share. Under another name a parent has to
// keep half of its children, or of those it has now.
func (m *matching) likeParents(h, w node) int {
	if !h.isParent() || !w.isParent() {
		return 0
	}
	shared := common(h.children, w.children)
	if h.name != w.name && (shared == 0 || 2*shared < min(len(h.children), len(w.children))) {
		return 0
	}
	score := 1 + 100*shared/max(len(h.children), len(w.children), 1)
	if h.name == w.name {
		score += 60
	}
	return score + m.near(h, w)
}

// likeLeaves compares buttons that do something by what they do, and by their name.
func (m *matching) likeLeaves(h, w node) int {
	if h.isParent() || w.isParent() || h.does != w.does {
		return 0
	}
	score := 100
	if h.name == w.name {
		score += 60
	}
	return score + m.near(h, w)
}

// likeNames compares what is left by name, within one parent.
func (m *matching) likeNames(h, w node) int {
	if h.name != w.name || !m.sameParent(h, w) {
		return 0
	}
	return 1 + m.near(h, w)
}

// near prefers the same parent, and the same place.
func (m *matching) near(h, w node) int {
	score := 0
	if m.sameParent(h, w) {
		score += 8
	}
	if h.index == w.index {
		score += 4
	}
	return score
}

func (m *matching) sameParent(h, w node) bool {
	if h.parent < 0 || w.parent < 0 {
		return h.parent == w.parent
	}
	return m.became[h.parent] == w.parent
}

// order finds in each list the most buttons that keep their order: all others of it are moved.
func (m *matching) order() {
	m.stays = make([]bool, len(m.want))
	for parent := -1; parent < len(m.want); parent++ {
		var list []int
		for _, w := range m.below(m.want, parent) {
			if h := m.had[w]; h >= 0 && m.sameParent(m.have[h], m.want[w]) {
				list = append(list, w)
			}
		}
		for _, i := range rising(list, func(w int) int { return m.have[m.had[w]].index }) {
			m.stays[list[i]] = true
		}
	}
}

// op tells what happened to a button that was found again.
func (m *matching) op(h, w int) Op {
	a, b := m.have[h], m.want[w]
	var op Op
	if a.does != b.does || a.isParent() != b.isParent() {
		op |= Changed
	}
	if a.name != b.name {
		op |= Renamed
	}
	if !m.stays[w] {
		op |= Moved
	}
	return op
}

// below lists the buttons right below a parent, in order.
func (m *matching) below(all []node, parent int) []int {
	var out []int
	for i, n := range all {
		if n.parent == parent {
			out = append(out, i)
		}
	}
	return out
}

// common counts what two sorted lists share.
func common(a, b []string) int {
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch c := strings.Compare(a[i], b[j]); {
		case c == 0:
			n++
			i++
			j++
		case c < 0:
			i++
		default:
			j++
		}
	}
	return n
}

// rising gives the positions of a longest subsequence of list along which key rises.
func rising[T any](list []T, key func(T) int) []int {
	length, before := make([]int, len(list)), make([]int, len(list))
	best := -1
	for i := range list {
		length[i], before[i] = 1, -1
		for j := range i {
			if key(list[j]) < key(list[i]) && length[j] >= length[i] {
				length[i], before[i] = length[j]+1, j
			}
		}
		if best < 0 || length[i] > length[best] {
			best = i
		}
	}
	var out []int
	for i := best; i >= 0; i = before[i] {
		out = append(out, i)
	}
	slices.Reverse(out)
	return out
}
