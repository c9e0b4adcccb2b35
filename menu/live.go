package menu

import (
	"context"
	"slices"
)

// live is what the platform has at one moment: the menu that followers see by default, whoever made it,
// and the conditional menus, the newest first.
type live struct {
	imported    Imported
	conditional []Conditional
	native      bool // the default menu was made on the website, or changed there
}

// set gives the menus as the API knows them.
func (l live) set() Set { return Set{Default: l.imported.Menu, Conditional: l.conditional} }

// look reads both views of the account's menus.
func (c *Client) look(ctx context.Context) (live, error) {
	imported, err := c.Import(ctx)
	if err != nil {
		return live{}, err
	}
	made, err := c.Get(ctx)
	if _, none := isNone(err); err != nil && !none {
		return live{}, err
	}
	return live{
		imported:    imported,
		conditional: made.Conditional,
		native:      !Same(imported.Menu, made.Default),
	}, nil
}

// digests are what is kept of menus to know them again.
type digests struct {
	Default     string   `json:"default"`
	Conditional []string `json:"conditional,omitempty"`
}

func (l live) digests() digests { return digestsOf(l.set()) }

func digestsOf(s Set) digests {
	d := digests{Default: s.Default.Digest()}
	for _, c := range s.Conditional {
		d.Conditional = append(d.Conditional, c.digest())
	}
	return d
}

// digest names a conditional menu with its rule, without its id.
func (c Conditional) digest() string {
	rule := c.Match.fields()
	return digestOf(append([]string{c.Menu.Digest(), rule["tag_id"], rule["client_platform_type"]}, c.Match.Removed...)...)
}

// digest names all menus together.
func (d digests) digest() string { return digestOf(append([]string{d.Default}, d.Conditional...)...) }

func (d digests) equal(other digests) bool {
	return d.Default == other.Default && slices.Equal(d.Conditional, other.Conditional)
}

// between reports whether these can be seen on the way from some menus to others: the default menu is one
// of both, and so is each conditional menu.
func (d digests) between(from, to digests) bool {
	if d.Default != from.Default && d.Default != to.Default {
		return false
	}
	return !slices.ContainsFunc(d.Conditional, func(c string) bool {
		return !slices.Contains(from.Conditional, c) && !slices.Contains(to.Conditional, c)
	})
}
