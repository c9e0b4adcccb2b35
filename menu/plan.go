package menu

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Plan says what applying menus would do. It is a value to look at, print, keep as JSON and give to
// [Client.Apply]; making one changes nothing.
type Plan struct {
	// Want are the menus as they will be.
	Want Set
	// Default is what happens to the default menu.
	Default Diff
	// Conditional is what happens to the conditional menus; it is nil if they are left alone.
	Conditional []ConditionalChange
	// Lossy lists the buttons of the live menu that only the website can make again.
	Lossy []Lossy
	// Warnings are what the platform takes but a person should see first.
	Warnings []wechat.Problem
	// Owner says who governs the live menu, and Drifted whether it was changed elsewhere since it was
	// seen last: then [Client.Apply] demands [Client.Reactivate] first.
	Owner   Owner
	Drifted bool
	// TakeOver says that a menu governed on the website is to be replaced.
	TakeOver bool
	// Seen is the digest of the live menus that were compared.
	Seen string

	by string
}

// PlanOption changes what is planned.
type PlanOption func(*planOptions)

type planOptions struct {
	takeOver    bool
	conditional []Conditional
	manage      bool
	by          string
}

// TakeOver lets the plan replace a menu that is governed on the website.
func TakeOver() PlanOption { return func(o *planOptions) { o.takeOver = true } }

// WithConditional makes these the conditional menus, all of them: the first that fits a follower is the
// one shown. Others that are there go. Without this option conditional menus are left alone.
func WithConditional(menus ...Conditional) PlanOption {
	return func(o *planOptions) { o.conditional, o.manage = slices.Clone(menus), true }
}

// By names for whom a menu is applied, for its revision.
func By(who string) PlanOption { return func(o *planOptions) { o.by = who } }

// Plan compares the menu with the live one. It reads the platform and the Store and changes nothing.
// An invalid menu is an [*wechat.InputError], before anything is read.
func (c *Client) Plan(ctx context.Context, m Menu, opts ...PlanOption) (Plan, error) {
	var o planOptions
	for _, opt := range opts {
		opt(&o)
	}
	want := Set{Default: m, Conditional: o.conditional}
	if err := c.validate(want, o.manage); err != nil {
		return Plan{}, err
	}
	k, err := c.load(ctx)
	if err != nil {
		return Plan{}, err
	}
	now, err := c.look(ctx)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		Want: want, Lossy: now.imported.Lossy, Warnings: c.limits.Warn(m), Owner: k.owner(now), Drifted: !k.knows(now.digests()),
		TakeOver: o.takeOver, Seen: now.digests().digest(), by: o.by,
	}
	if !o.manage {
		p.Want.Conditional = now.conditional
	}
	have := now.set()
	if k.exists && k.Wanted != nil && now.digests().equal(k.Shown) && digestsOf(p.Want).equal(*k.Wanted) {
		have = Set{Default: m, Conditional: p.Want.Conditional} // the platform's way of writing it is no change
	}
	p.Default = Compare(have.Default, m)
	if o.manage {
		p.Conditional = compareConditional(have.Conditional, o.conditional)
	}
	return p, nil
}

func (c *Client) validate(want Set, conditional bool) error {
	if conditional {
		return wechat.Refuse("menu", c.limits.CheckSet(want))
	}
	return wechat.Refuse("menu", c.limits.Check(want.Default))
}

// IsEmpty reports whether there is nothing to do.
func (p Plan) IsEmpty() bool {
	return p.Default.IsEmpty() && !slices.ContainsFunc(p.Conditional, func(c ConditionalChange) bool { return c.Op != Untouched })
}

// String draws what will happen, to be read before saying yes.
func (p Plan) String() string {
	var b strings.Builder
	b.WriteString(p.Default.String())
	for _, c := range p.Conditional {
		b.WriteString("\n" + c.String())
	}
	for _, w := range p.Warnings {
		b.WriteString("\nwarning: " + printable(w.String()))
	}
	for _, l := range p.Lossy {
		fmt.Fprintf(&b, "\ncannot be restored: %s “%s” (%s), which only the website can make", l.Path, printable(l.Was.Name), printable(string(l.Was.Kind)))
	}
	switch {
	case p.Drifted:
		b.WriteString("\nblocked: the menu was changed elsewhere; reactivate first")
	case p.Owner == Native && !p.TakeOver:
		b.WriteString("\nblocked: the menu is governed on the website; take it over to replace it")
	}
	return b.String()
}

// MarshalJSON gives the plan for a program or a record.
func (p Plan) MarshalJSON() ([]byte, error) {
	return rawJSON(struct {
		Seen        string              `json:"seen"`
		Owner       Owner               `json:"owner"`
		Drifted     bool                `json:"drifted"`
		TakeOver    bool                `json:"take_over"`
		Empty       bool                `json:"empty"`
		Default     Diff                `json:"default"`
		Conditional []ConditionalChange `json:"conditional,omitempty"`
		Lossy       []Lossy             `json:"lossy,omitempty"`
		Warnings    []wechat.Problem    `json:"warnings,omitempty"`
		Want        Set                 `json:"want"`
	}{p.Seen, p.Owner, p.Drifted, p.TakeOver, p.IsEmpty(), p.Default, p.Conditional, p.Lossy, p.Warnings, p.Want}, "")
}
