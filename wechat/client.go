package wechat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

const (
	defaultBaseURL   = "https://api.weixin.qq.com"
	defaultUserAgent = "wechat-go"
)

// Client calls the platform's API for one account. It is safe for concurrent use, and meant to be shared:
// tokens, rate limits, the retry budget and connections belong to it. Close it when done.
type Client struct {
	*core
	guards []func(ctx context.Context, path string) error
}

// core is what a client shares with those derived from it.
type core struct {
	appID              AppID
	secret             Secret
	scheme, host, base string
	http, fresh        *http.Client // fresh: for what must not be sent twice
	own                []*http.Transport
	store              store.Store
	tokens             TokenSource
	rules              RuleSet
	log                *slog.Logger
	hook               func(context.Context, Attempt)
	limits             buckets
	budget             *budget
	spent              sync.Map // path → time.Time: the daily quota of the path is used up until then
	agent              []string
	closed             atomic.Bool
}

// New returns a client for an account. It sends nothing. Every mistake in the options and credentials is
// reported at once.
func New(c Credentials, opts ...Option) (*Client, error) {
	s := settings{base: defaultBaseURL, userAgent: defaultUserAgent, log: slog.New(slog.DiscardHandler)}
	var errs []error
	for _, opt := range opts {
		if opt == nil {
			errs = append(errs, errors.New("nil option"))
		} else if err := opt(&s); err != nil {
			errs = append(errs, err)
		}
	}
	scheme, host, base, err := baseURL(s.base, s.plain)
	errs = append(errs, err, s.check(&c))
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("wechat: %w", err)
	}
	k := &core{
		appID: c.AppID, secret: c.AppSecret, scheme: scheme, host: host, base: base,
		store: s.store, tokens: s.tokens, rules: s.rules, log: s.log, hook: s.hook,
		limits: newBuckets(s.limits), budget: newBudget(), agent: slices.Clip([]string{s.userAgent}),
	}
	k.connect(s.http)
	if k.store == nil {
		k.store = store.NewMemory()
	}
	client := &Client{core: k}
	if k.tokens == nil {
		k.tokens = newTokens(client)
	}
	return client, nil
}

// check judges the credentials as the options demand, and tidies them.
func (s *settings) check(c *Credentials) error {
	switch {
	case s.loose:
		return checkLoose(*c, s.tokens == nil)
	case s.tokens != nil && c.AppSecret.IsZero():
		id, err := ParseAppID(string(c.AppID))
		c.AppID = id
		return err
	}
	parsed, err := ParseCredentials(string(c.AppID), c.AppSecret.Reveal())
	*c = parsed
	return err
}

// Close ends the client's background work, waits for it, and closes idle connections that are its own.
// Calls made afterwards fail with ErrClosed, and so do those that wait for a token; a call that is under
// way is not repeated any more. Closing twice, or a derived client, is the same.
func (c *Client) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	if t, ok := c.tokens.(*storedTokens); ok {
		t.close()
	}
	c.disconnect()
	return nil
}

// AppID tells whose client it is.
func (c *Client) AppID() AppID { return c.appID }

// Store gives the store that the client was made with, for packages that keep more in it.
func (c *Client) Store() store.Store { return c.store }

// Rules gives the rule set that the client was made with.
func (c *Client) Rules() RuleSet { return c.rules }

// Logger gives the client's logger; it is never nil.
func (c *Client) Logger() *slog.Logger { return c.log }

// Guard derives a client that asks guard before each call, with the path, before a token is fetched or
// anything sent. An error of the guard's becomes the call's, of kind [ErrForbidden]. The derived client
// shares everything else with c; guards add up, the oldest is asked first.
func (c *Client) Guard(guard func(ctx context.Context, path string) error) *Client {
	return &Client{core: c.core, guards: append(slices.Clip(c.guards), guard)}
}

// Permit asks the client's guards about a path and sends nothing.
func (c *Client) Permit(ctx context.Context, path string) error {
	for _, guard := range c.guards {
		if err := guard(ctx, path); err != nil {
			return &Error{Op: path, kinds: []error{ErrForbidden}, cause: err}
		}
	}
	return nil
}

// exhausted tells whether the platform has said that a path's daily quota is used up, and until when.
func (c *core) exhausted(path string) (until time.Time, yes bool) {
	v, ok := c.spent.Load(path)
	if !ok {
		return time.Time{}, false
	}
	until = v.(time.Time)
	if time.Now().Before(until) {
		return until, true
	}
	c.spent.Delete(path)
	return time.Time{}, false
}
