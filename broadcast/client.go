package broadcast

import (
	"context"
	"fmt"
	"iter"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// The calls of the platform that broadcasts need.
const (
	pathSendAll = "/cgi-bin/message/mass/sendall"
	pathStatus  = "/cgi-bin/message/mass/get"
)

// Client sends broadcasts for one account. It is safe for concurrent use, by any number of processes that
// share the store.
type Client struct {
	client *wechat.Client
	ledger *quota.Ledger
	rules  Rules
	jobs   journal
}

// Option sets up a [Client].
type Option func(*Client)

// WithLedger has every broadcast reserve its share of the account's quota before it is sent. Without a
// ledger nothing is counted, and the platform alone says when the allowance is used up.
func WithLedger(l *quota.Ledger) Option { return func(b *Client) { b.ledger = l } }

// WithRules judges by rules of one's own instead of the client's rule set.
func WithRules(r Rules) Option { return func(b *Client) { b.rules = r } }

// New returns a client on top of c. Jobs are kept in c's store: with one in memory they end with the
// process, and Send warns of it.
func New(c *wechat.Client, opts ...Option) *Client {
	b := &Client{client: c, rules: RulesFor(c.Rules()), jobs: journal{c.Store(), c.AppID()}}
	for _, opt := range opts {
		opt(b)
	}
	return b
}

// Get reads a broadcast from the store. Where there is none the error is [ErrNoJob].
func (b *Client) Get(ctx context.Context, key string) (Job, error) {
	r, err := b.load(ctx, key)
	return r.Job, err
}

// Jobs lists the account's broadcasts in no particular order, from the store. A record that cannot be
// read comes as an error of its own and the list goes on; an error of the store's ends it.
func (b *Client) Jobs(ctx context.Context) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		for r, err := range b.jobs.all(ctx) {
			if err != nil {
				err = fmt.Errorf("broadcast: list: %w", err)
			}
			if !yield(r.Job, err) {
				return
			}
		}
	}
}

// load reads the job of a Key for those who want to know of it.
func (b *Client) load(ctx context.Context, key string) (record, error) {
	r, err := b.jobs.load(ctx, key)
	if err != nil {
		return record{}, fmt.Errorf("broadcast %q: %w", key, err)
	}
	return r, nil
}

// permit asks the client's guards whether this client may send, before anything else is looked at.
func (b *Client) permit(ctx context.Context, key string) error {
	if err := b.client.Permit(ctx, pathSendAll); err != nil {
		return fmt.Errorf("broadcast %q: %w", key, err)
	}
	return nil
}

// durable reports whether jobs survive the process.
func (b *Client) durable() bool {
	_, memory := b.client.Store().(*store.Memory)
	return !memory
}
