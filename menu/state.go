package menu

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// Owner says from which side the menu is governed.
type Owner string

// The owners of a menu.
const (
	// Unknown: there is none, or it was made through the API by somebody else.
	Unknown Owner = "unknown"
	// SDK: it was applied by this package.
	SDK Owner = "sdk"
	// Native: it was made or changed on the platform's website. Applying another one over it needs
	// [TakeOver].
	Native Owner = "native"
)

// Why a menu is not applied. Nothing was sent.
var (
	// ErrReactivationRequired: the menu was changed elsewhere since this package saw it last. Look at
	// [Client.Drift] and call [Client.Reactivate].
	ErrReactivationRequired = errors.New("menu changed elsewhere, reactivation required")
	// ErrNative: the menu is governed on the website; planning with [TakeOver] says that this is to end.
	ErrNative = errors.New("menu is governed on the website")
	// ErrStale: the live menu is no longer the one that the plan saw. Plan again.
	ErrStale = errors.New("plan is out of date")
	// ErrConflict: another process is applying a menu, or has just done so. Plan again.
	ErrConflict = errors.New("another process applies a menu")
	// ErrNoCopy: this package has not seen the menu yet; call [Client.Reactivate].
	ErrNoCopy = errors.New("no local copy of the menu")
)

// State is what the Store knows about the menu, without asking the platform.
type State struct {
	// Owner says from which side the menu is governed.
	Owner Owner
	// Revision is the number of the local copy, which [Client.Revision] gives.
	Revision int
	// Since and By say when the copy was made, and for whom.
	Since time.Time
	By    string
	// DriftSince is when the menu was found to be changed elsewhere; it is zero when it was not.
	DriftSince time.Time
}

// record is the state as the Store has it.
type record struct {
	Schema int       `json:"schema"`
	Owner  Owner     `json:"owner"`
	Rev    int       `json:"rev"`
	At     time.Time `json:"at"`
	By     string    `json:"by,omitempty"`
	// Shown is what the platform showed when the copy was made, Wanted what it was asked to show: it may
	// write a menu differently than it was given.
	Shown   digests   `json:"shown"`
	Wanted  *digests  `json:"wanted,omitempty"`
	Pending *pending  `json:"pending,omitempty"`
	Drift   time.Time `json:"drift,omitzero"`
}

// pending is an apply that has begun. It explains what is live until a later apply or import replaces it.
type pending struct {
	ID    string    `json:"id"`
	To    digests   `json:"to"`
	At    time.Time `json:"at"`
	Ended bool      `json:"ended,omitempty"` // it failed, so that nobody need wait for it
}

// applyLease is how long others wait for an apply that does not end: longer than any call takes.
const applyLease = 2 * time.Minute

// kept is the record with what is needed to change it.
type kept struct {
	record
	exists  bool
	version uint64
	now     time.Time // the store's clock
}

func (c *Client) key(suffix string) string { return string(c.api.AppID()) + "/menu" + suffix }

// load reads the record.
func (c *Client) load(ctx context.Context) (kept, error) {
	r, err := c.api.Store().Get(ctx, c.key(""))
	if err != nil {
		return kept{}, fmt.Errorf("menu: state: %w", err)
	}
	return readKept(r)
}

func readKept(r store.Record) (kept, error) {
	k := kept{record: record{Schema: 1, Owner: Unknown}, version: r.Version, now: r.Now}
	if r.Version == 0 {
		return k, nil
	}
	if err := json.Unmarshal(r.Value, &k.record); err != nil {
		return kept{}, fmt.Errorf("menu: state: %w: %w", store.ErrCorrupt, err)
	}
	if k.Schema != 1 {
		return kept{}, fmt.Errorf("menu: state: %w: %d", store.ErrSchema, k.Schema)
	}
	k.exists = true
	return k, nil
}

// save replaces the record if nobody else has.
func (c *Client) save(ctx context.Context, before kept, r record) (kept, error) {
	value, err := json.Marshal(r)
	if err != nil {
		return kept{}, fmt.Errorf("menu: state: %w", err)
	}
	now, swapped, err := c.swap(ctx, c.key(""), before.version, value)
	if err != nil {
		return kept{}, fmt.Errorf("menu: state: %w", err)
	}
	if !swapped {
		return kept{}, ErrConflict
	}
	return readKept(now)
}

// swap writes to the Store. After an error the change may have happened all the same, so it reads again: a
// value that is the one written is ours, as each carries an id or a time of its own.
func (c *Client) swap(ctx context.Context, key string, version uint64, value []byte) (store.Record, bool, error) {
	now, swapped, err := c.api.Store().Swap(ctx, key, version, value, 0)
	if err == nil {
		return now, swapped, nil
	}
	again, e := c.api.Store().Get(ctx, key)
	if e != nil || !bytes.Equal(again.Value, value) {
		return store.Record{}, false, err
	}
	return again, true, nil
}

// busy reports whether another apply is under way.
func (k kept) busy() bool {
	return k.Pending != nil && !k.Pending.Ended && k.now.Sub(k.Pending.At) < applyLease
}

// knows reports whether what is live is what this package left there, an apply that was cut short included.
func (k kept) knows(live digests) bool {
	if !k.exists || live.equal(k.Shown) {
		return true
	}
	return k.Pending != nil && live.between(k.Shown, k.Pending.To)
}

// owner says who governs what is live.
func (k kept) owner(now live) Owner {
	d := now.digests()
	switch {
	case k.exists && k.Pending != nil && d.Default == k.Pending.To.Default && d.between(k.Shown, k.Pending.To):
		return SDK
	case k.exists && d.equal(k.Shown):
		return k.Owner
	case now.native:
		return Native
	}
	return Unknown
}

func (k kept) state() State {
	return State{Owner: k.Owner, Revision: k.Rev, Since: k.At, By: k.By, DriftSince: k.Drift}
}

// State tells what is known about the menu. It reads the Store alone. Before the first
// [Client.Reactivate] or [Client.Apply] the error is [ErrNoCopy].
func (c *Client) State(ctx context.Context) (State, error) {
	k, err := c.load(ctx)
	if err != nil {
		return State{}, err
	}
	if !k.exists {
		return State{}, fmt.Errorf("menu: state: %w", ErrNoCopy)
	}
	return k.state(), nil
}
