package menu

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// Revision is a copy of all menus of an account at one time. One is made at each import that found a
// change, before each apply that replaces something not yet kept, and after each apply.
type Revision struct {
	// N counts from 1. Numbers rise; some may be missing.
	N int
	// At is when it was made, by the Store's clock, and By for whom.
	At time.Time
	By string
	// Reason says why: "import", "before apply", "apply".
	Reason string
	// Menus are the menus.
	Menus Set
	// Raw is the platform's answer about the default menu as it came.
	Raw json.RawMessage
}

// jsonRevision is a revision as the Store has it.
type jsonRevision struct {
	Schema int             `json:"schema"`
	At     time.Time       `json:"at"`
	By     string          `json:"by,omitempty"`
	Reason string          `json:"reason"`
	Menus  json.RawMessage `json:"menus"`
	Raw    json.RawMessage `json:"raw,omitempty"`
}

func (c *Client) revisionKey(n int) string { return c.key(fmt.Sprintf("/rev/%08d", n)) }

// keep writes a revision under the first free number above last.
func (c *Client) keep(ctx context.Context, last int, by, reason string, now live, at time.Time) (int, error) {
	set := now.set()
	menus, err := set.MarshalJSON()
	if err != nil {
		return 0, err
	}
	var raw json.RawMessage
	if json.Valid(now.imported.Raw) {
		raw = now.imported.Raw
	}
	value, err := rawJSON(jsonRevision{Schema: 1, At: at, By: by, Reason: reason, Menus: menus, Raw: raw}, "")
	if err != nil {
		return 0, err
	}
	for n := last + 1; ; n++ {
		r, swapped, err := c.swap(ctx, c.revisionKey(n), 0, value)
		switch {
		case err != nil:
			return 0, fmt.Errorf("menu: revision: %w", err)
		case swapped || bytes.Equal(r.Value, value):
			return n, nil
		}
	}
}

// Revision reads one revision. Where there is none of that number the error is [wechat.ErrNotFound].
func (c *Client) Revision(ctx context.Context, n int) (Revision, error) {
	if n < 1 {
		return Revision{}, fmt.Errorf("menu: revision %d: %w", n, wechat.ErrNotFound)
	}
	r, err := c.api.Store().Get(ctx, c.revisionKey(n))
	switch {
	case err != nil:
		return Revision{}, fmt.Errorf("menu: revision %d: %w", n, err)
	case r.Version == 0:
		return Revision{}, fmt.Errorf("menu: revision %d: %w", n, wechat.ErrNotFound)
	}
	return readRevision(r)
}

// Revisions yields all revisions, the oldest first. An error comes once and ends the loop; ranging again
// starts again.
func (c *Client) Revisions(ctx context.Context) iter.Seq2[Revision, error] {
	return func(yield func(Revision, error) bool) {
		for r, err := range c.api.Store().List(ctx, c.key("/rev/"), "") {
			var rev Revision
			if err == nil {
				rev, err = readRevision(r)
			} else {
				err = fmt.Errorf("menu: revisions: %w", err)
			}
			if !yield(rev, err) || err != nil {
				return
			}
		}
	}
}

func readRevision(r store.Record) (Revision, error) {
	var j jsonRevision
	var n int
	if _, err := fmt.Sscanf(r.Key[max(0, len(r.Key)-8):], "%d", &n); err != nil {
		return Revision{}, fmt.Errorf("menu: revision: %w: key %q", store.ErrCorrupt, r.Key)
	}
	if err := json.Unmarshal(r.Value, &j); err != nil {
		return Revision{}, fmt.Errorf("menu: revision %d: %w: %w", n, store.ErrCorrupt, err)
	}
	if j.Schema != 1 {
		return Revision{}, fmt.Errorf("menu: revision %d: %w: %d", n, store.ErrSchema, j.Schema)
	}
	var set setAnswer
	if err := json.Unmarshal(j.Menus, &set); err != nil {
		return Revision{}, fmt.Errorf("menu: revision %d: %w: %w", n, store.ErrCorrupt, err)
	}
	set.Raw = nil
	return Revision{N: n, At: j.At, By: j.By, Reason: j.Reason, Menus: set.Set, Raw: j.Raw}, nil
}
