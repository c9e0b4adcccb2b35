package menu

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// ClientRefresh is how late a follower can see a change: a client fetches the menu when the chat or the
// account's profile is opened and its last fetch is older than this. Who unfollows and follows again sees
// it at once.
const ClientRefresh = 5 * time.Minute

const (
	pathImport = "/cgi-bin/get_current_selfmenu_info"
	pathGet    = "/cgi-bin/menu/get"
	pathCreate = "/cgi-bin/menu/create"
	pathDelete = "/cgi-bin/menu/delete"
)

// Client reads and writes the menu of one account. It is safe for concurrent use. All it does goes
// through the client it was made from, and so through that client's guards.
type Client struct {
	api    *wechat.Client
	limits Limits
}

// Option sets up a [Client].
type Option func(*Client)

// WithLimits judges menus by other limits than [PlatformLimits].
func WithLimits(l Limits) Option { return func(c *Client) { c.limits = l } }

// New returns a client for the menu of the account of c.
func New(c *wechat.Client, opts ...Option) *Client {
	m := &Client{api: c, limits: PlatformLimits()}
	for _, opt := range opts {
		opt(m)
	}
	return m
}

// Import reads the menu that followers see now, whoever made it. An account without a menu, or with the
// menu switched off, gives an Imported whose Menu is zero, and no error.
//
// Page: /doc/service/api/custommenu/api_getcurrentselfmenuinfo.
func (c *Client) Import(ctx context.Context) (Imported, error) {
	a, err := wechat.Get[importAnswer](ctx, c.api, pathImport, nil)
	if e, none := isNone(err); none {
		return Imported{Raw: json.RawMessage(e.Answer)}, nil
	}
	if err != nil {
		return Imported{}, fmt.Errorf("menu: import: %w", err)
	}
	return a.Imported, nil
}

// Get reads the default menu and the conditional menus that were made through the API. It does not see
// menus made on the website: [Client.Import] does. Where there is none the error is the platform's 46003,
// of kind [wechat.ErrNotFound].
//
// Page: /doc/service/api/custommenu/api_getmenu.
func (c *Client) Get(ctx context.Context) (Set, error) {
	a, err := wechat.Get[setAnswer](ctx, c.api, pathGet, nil)
	if err != nil {
		return Set{}, fmt.Errorf("menu: get: %w", err)
	}
	return a.Set, nil
}

// Replaced tells what [Client.Replace] did.
type Replaced struct {
	// Digest names the menu that is now in place.
	Digest string
	// Warnings are those of the menu: what the platform took but a person should look at.
	Warnings []wechat.Problem
	// Visible is how long followers may still see the old menu: [ClientRefresh].
	Visible time.Duration
}

// String tells when followers see the change.
func (r Replaced) String() string {
	return fmt.Sprintf("menu replaced; clients refresh when the chat is opened and their last pull is over %d minutes old",
		int(r.Visible.Minutes()))
}

// Replace validates the menu and puts it in the place of the default menu, whatever that was; conditional
// menus stay. An invalid menu is an [*wechat.InputError] and nothing is sent. Replacing twice is the same
// as once, so the call repeats itself when an answer is lost.
//
// It is the plain call: it asks nobody who governs the menu and leaves the local copy alone, to which the
// new menu is then a change from elsewhere. [Client.Sync] does all that.
//
// Page: /doc/service/api/custommenu/api_createcustommenu.
func (c *Client) Replace(ctx context.Context, m Menu) (Replaced, error) {
	if err := wechat.Refuse("menu", c.limits.Check(m)); err != nil {
		return Replaced{}, err
	}
	err := c.api.Call(ctx, wechat.Request{
		Method: http.MethodPost, Path: pathCreate, Body: m, Class: wechat.ClassReplace,
	}, nil)
	if err != nil {
		return Replaced{}, fmt.Errorf("menu: replace: %w", err)
	}
	return Replaced{Digest: m.Digest(), Warnings: c.limits.Warn(m), Visible: ClientRefresh}, nil
}
