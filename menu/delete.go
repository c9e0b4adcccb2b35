package menu

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Confirm says how many conditional menus a caller knows that [Client.Delete] takes with it.
type Confirm int

// ErrUnconfirmed is the kind of [*UnconfirmedError].
var ErrUnconfirmed = errors.New("deletion not confirmed")

// UnconfirmedError refuses a deletion that would take another number of conditional menus with it than
// was confirmed. Nothing was deleted. It unwraps to [ErrUnconfirmed].
type UnconfirmedError struct {
	// Conditional is how many conditional menus there are, Confirmed how many were confirmed.
	Conditional, Confirmed int
}

// Error tells both numbers.
func (e *UnconfirmedError) Error() string {
	return fmt.Sprintf("menu: delete: takes %d conditional menus with it, confirmed are %d", e.Conditional, e.Confirmed)
}

// Unwrap gives the kind.
func (e *UnconfirmedError) Unwrap() error { return ErrUnconfirmed }

// Deleted tells what [Client.Delete] removed.
type Deleted struct {
	// Existed is false when there was nothing to delete, and nothing was done.
	Existed bool
	// Before is what was there: keep it to put it back.
	Before Set
}

// Delete removes the default menu, and all conditional menus with it: the platform knows no other way. So
// it reads them first, and refuses with an [*UnconfirmedError] unless confirm is their number; where there
// are none, 0 is right. A conditional menu added between the reading and the deletion goes as well.
//
// A menu that was made on the website does not count: where the API has made none, there is nothing to
// delete and nothing is done. The local copy is left alone: [Client.Reactivate] makes it follow.
//
// Page: /doc/service/api/custommenu/api_deletemenu.
func (c *Client) Delete(ctx context.Context, confirm Confirm) (Deleted, error) {
	before, err := c.Get(ctx)
	if _, none := isNone(err); none {
		return Deleted{}, nil
	}
	if err != nil {
		return Deleted{}, fmt.Errorf("menu: delete: %w", err)
	}
	if n := len(before.Conditional); n != int(confirm) {
		return Deleted{}, &UnconfirmedError{Conditional: n, Confirmed: int(confirm)}
	}
	err = c.api.Call(ctx, wechat.Request{Method: http.MethodGet, Path: pathDelete, Class: wechat.ClassReplace}, nil)
	if _, none := isNone(err); none {
		return Deleted{Before: before}, nil
	}
	if err != nil {
		return Deleted{}, fmt.Errorf("menu: delete: %w", err)
	}
	return Deleted{Existed: true, Before: before}, nil
}
