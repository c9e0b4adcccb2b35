package menu

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Applied tells what [Client.Apply] did.
type Applied struct {
	// Plan is what was applied.
	Plan Plan
	// Changed is false when there was nothing to do, and nothing was sent.
	Changed bool
	// Revision is the number of the local copy of what is now there.
	Revision int
	// Visible is how long followers may still see the old menu: [ClientRefresh], or 0 if nothing changed.
	Visible time.Duration
}

// String tells what was done, and when followers see it.
func (a Applied) String() string {
	if !a.Changed {
		return "menu is as wanted; nothing was sent"
	}
	return fmt.Sprintf("menu applied as revision %d (%s); clients refresh when the chat is opened and their last pull is over %d minutes old",
		a.Revision, a.Plan.Default.summary(), int(a.Visible.Minutes()))
}

// Sync plans and applies in one step. It sends nothing if nothing has to change.
func (c *Client) Sync(ctx context.Context, m Menu, opts ...PlanOption) (Applied, error) {
	p, err := c.Plan(ctx, m, opts...)
	if err != nil {
		return Applied{}, err
	}
	return c.Apply(ctx, p)
}

// Apply carries a plan out: the default menu is replaced if it has to be, conditional menus that have to go
// are deleted, and new ones added. What was there is kept as a [Revision] first, and what is there
// afterwards as another.
//
// It is refused, and nothing is sent, when the live menu is not the one that the plan saw ([ErrStale]), was
// changed elsewhere since it was imported or applied ([ErrReactivationRequired]), is governed on the
// website ([ErrNative]), or when another process applies one ([ErrConflict]). An apply that was cut short
// leaves a state from which the next one goes on.
func (c *Client) Apply(ctx context.Context, p Plan) (Applied, error) {
	if err := c.validate(p.Want, p.Conditional != nil); err != nil {
		return Applied{}, err
	}
	k, err := c.load(ctx)
	if err != nil {
		return Applied{}, err
	}
	now, err := c.look(ctx)
	if err != nil {
		return Applied{}, err
	}
	if err := k.permit(p, now); err != nil {
		return Applied{}, fmt.Errorf("menu: apply: %w", err)
	}
	if p.IsEmpty() && k.exists && k.Owner == SDK && k.Pending == nil {
		return Applied{Plan: p, Revision: k.Rev}, nil
	}
	k, err = c.begin(ctx, k, p, now)
	if err != nil {
		return Applied{}, fmt.Errorf("menu: apply: %w", err)
	}
	if !p.IsEmpty() {
		if err := c.carryOut(ctx, p, now); err != nil {
			c.abandon(ctx, k)
			return Applied{}, fmt.Errorf("menu: apply: %w", err)
		}
	}
	rev, err := c.finish(ctx, k, p)
	if err != nil {
		return Applied{}, fmt.Errorf("menu: apply: done, but not recorded: %w", err)
	}
	out := Applied{Plan: p, Changed: !p.IsEmpty(), Revision: rev}
	if out.Changed {
		out.Visible = ClientRefresh
	}
	return out, nil
}

// permit says why a plan must not be carried out.
func (k kept) permit(p Plan, now live) error {
	switch {
	case k.busy():
		return ErrConflict
	case !k.knows(now.digests()):
		return ErrReactivationRequired
	case now.digests().digest() != p.Seen:
		return ErrStale
	case k.owner(now) == Native && !p.TakeOver:
		return ErrNative
	}
	return nil
}

// begin keeps what is there and announces the apply. From here on others are told of a conflict.
func (c *Client) begin(ctx context.Context, k kept, p Plan, now live) (kept, error) {
	r := k.record
	if !k.exists || !now.digests().equal(k.Shown) {
		rev, err := c.keep(ctx, k.Rev, p.by, "before apply", now, k.now)
		if err != nil {
			return kept{}, err
		}
		r.Owner, r.Rev, r.At, r.By, r.Shown, r.Wanted = k.owner(now), rev, k.now, p.by, now.digests(), nil
	}
	r.Pending = &pending{ID: rand.Text(), To: digestsOf(p.Want), At: k.now}
	return c.save(ctx, k, r)
}

// carryOut sends what has to be sent. A conditional menu that a lost answer left behind is found by the
// next plan, as it reads what is there.
func (c *Client) carryOut(ctx context.Context, p Plan, now live) error {
	if !p.Default.IsEmpty() {
		if _, err := c.Replace(ctx, p.Want.Default); err != nil {
			return err
		}
	}
	if p.Conditional == nil {
		return nil
	}
	stay, added := reconcile(now.conditional, p.Want.Conditional)
	for i, old := range now.conditional {
		if stay[i] {
			continue
		}
		if err := c.DeleteConditional(ctx, old.ID); err != nil {
			return err
		}
	}
	for i := added - 1; i >= 0; i-- { // the first is to be the newest
		if _, err := c.AddConditional(ctx, p.Want.Conditional[i]); err != nil {
			return err
		}
	}
	return nil
}

// abandon tells others that they need not wait. Where that cannot be written they wait for the lease.
func (c *Client) abandon(ctx context.Context, k kept) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	r := k.record
	ended := *r.Pending
	ended.Ended = true
	r.Pending = &ended
	if _, err := c.save(ctx, k, r); err != nil {
		c.api.Logger().DebugContext(ctx, "menu: apply not marked as ended", "error", err)
	}
}

// finish reads back what is there and makes it the local copy.
func (c *Client) finish(ctx context.Context, k kept, p Plan) (int, error) {
	now, err := c.look(ctx)
	if err != nil {
		return 0, err
	}
	r := k.record
	if !now.digests().equal(r.Shown) || r.Rev == 0 {
		if r.Rev, err = c.keep(ctx, k.Rev, p.by, "apply", now, k.now); err != nil {
			return 0, err
		}
		r.At, r.By = k.now, p.by
	}
	wanted := digestsOf(p.Want)
	r.Owner, r.Shown, r.Wanted, r.Pending, r.Drift = SDK, now.digests(), &wanted, nil, time.Time{}
	k, err = c.save(ctx, k, r)
	return k.Rev, err
}

// Restore puts the menus of a revision back, conditional ones included: it plans and applies them. A
// revision with buttons that only the website can make is an [*wechat.InputError] that names them.
func (c *Client) Restore(ctx context.Context, n int, opts ...PlanOption) (Applied, error) {
	rev, err := c.Revision(ctx, n)
	if err != nil {
		return Applied{}, err
	}
	if rev.Menus.Default.IsZero() {
		return Applied{}, wechat.Refuse("menu", []wechat.Problem{{
			Field: "revision", Rule: "required", Message: fmt.Sprintf("revision %d has no menu", n), Fix: "delete the menu instead",
		}})
	}
	conditional := make([]Conditional, len(rev.Menus.Conditional))
	for i, m := range rev.Menus.Conditional {
		conditional[i] = Conditional{Menu: m.Menu, Match: m.Match}
	}
	return c.Sync(ctx, rev.Menus.Default, append([]PlanOption{WithConditional(conditional...)}, opts...)...)
}
