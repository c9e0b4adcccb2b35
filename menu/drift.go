package menu

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Drift is what happened to the menus elsewhere since this package imported or applied them.
type Drift struct {
	// Found reports whether anything did. It is judged by what menus mean: temporary media ids, which are
	// new at every look, are no drift.
	Found bool
	// Since is when it was first seen, by the Store's clock.
	Since time.Time
	// Default is how the default menu changed, from the local copy to what is live.
	Default Diff
	// Conditional is how the conditional menus changed.
	Conditional []ConditionalChange
}

// String tells what changed.
func (d Drift) String() string {
	if !d.Found {
		return "menu is as it was left"
	}
	lines := []string{"menu was changed elsewhere, seen " + d.Since.Format(time.RFC3339), d.Default.String()}
	for _, c := range d.Conditional {
		if c.Op != Untouched {
			lines = append(lines, c.String())
		}
	}
	return strings.Join(lines, "\n")
}

// Drift compares what is live with the local copy, which it leaves as it is, and notes in the Store whether
// they differ. Without a local copy the error is [ErrNoCopy].
func (c *Client) Drift(ctx context.Context) (Drift, error) {
	k, err := c.load(ctx)
	if err == nil && !k.exists {
		err = fmt.Errorf("menu: drift: %w", ErrNoCopy)
	}
	if err != nil {
		return Drift{}, err
	}
	now, err := c.look(ctx)
	if err != nil {
		return Drift{}, err
	}
	if k.knows(now.digests()) {
		return Drift{}, c.noteDrift(ctx, k, time.Time{})
	}
	since := k.Drift
	if since.IsZero() {
		since = k.now
	}
	rev, err := c.Revision(ctx, k.Rev)
	if err != nil {
		return Drift{}, err
	}
	d := Drift{
		Found: true, Since: since, Default: Compare(rev.Menus.Default, now.imported.Menu),
		Conditional: compareConditional(rev.Menus.Conditional, now.conditional),
	}
	return d, c.noteDrift(ctx, k, since)
}

// noteDrift writes down since when there is drift. Whoever changed the record in between knows better.
func (c *Client) noteDrift(ctx context.Context, k kept, since time.Time) error {
	if k.Drift.Equal(since) {
		return nil
	}
	r := k.record
	r.Drift = since
	if _, err := c.save(ctx, k, r); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	return nil
}

// Reactivate imports the live menus and makes them the local copy, with a revision of its own, so that
// menus can be planned and applied again; a menu that was changed on the website is now governed there,
// and replacing it needs [TakeOver]. It is the first import of an account as well. Where nothing changed
// it makes no revision.
//
// While another process applies a menu it is refused with [ErrConflict].
func (c *Client) Reactivate(ctx context.Context, by string) (State, error) {
	k, err := c.load(ctx)
	if err != nil {
		return State{}, err
	}
	if k.busy() {
		return State{}, fmt.Errorf("menu: reactivate: %w", ErrConflict)
	}
	now, err := c.look(ctx)
	if err != nil {
		return State{}, err
	}
	r := k.record
	if k.exists && now.digests().equal(k.Shown) {
		if k.Pending == nil && k.Drift.IsZero() {
			return k.state(), nil
		}
	} else {
		rev, err := c.keep(ctx, k.Rev, by, "import", now, k.now)
		if err != nil {
			return State{}, err
		}
		r.Owner, r.Rev, r.At, r.By, r.Shown, r.Wanted = k.owner(now), rev, k.now, by, now.digests(), nil
	}
	r.Pending, r.Drift = nil, time.Time{}
	k, err = c.save(ctx, k, r)
	if err != nil {
		return State{}, fmt.Errorf("menu: reactivate: %w", err)
	}
	return k.state(), nil
}
