// Package account is the front door: one object for a brand's account on WeChat, a service account (服务号)
// or a subscription account (公众号, formerly 订阅号), from which everything that can be done with it hangs.
//
//	acct, err := account.New(account.Config{
//		DisplayName: "Acme", Type: account.Service,
//		AppID: "wx…", AppSecret: wechat.NewSecret(os.Getenv("WECHAT_APPSECRET")),
//	}, wechat.WithStore(st))
//	defer acct.Close()
//	report, err := acct.Connect(ctx)                             // does it work? what is left to do?
//	picture, err := acct.Media.Upload(ctx, media.Image, file)    // checked, then sent
//	job, err := acct.Broadcast.Send(ctx, broadcast.Message{…})   // once, whatever happens
//	left, err := acct.Quota.Remaining(ctx)                       // 3 of 4, renews 2027-01-01
//
// # Policies
//
// Nothing is sent before it was checked: a [Config], a file, a menu and a broadcast are each judged by the
// platform's rules first, and every problem is reported at once. The type of the account decides its
// broadcast quota: one a day for subscription accounts, four a calendar month for service accounts.
//
// What must survive the process (tokens, quota, broadcasts) is kept in the store that the options name;
// package sqlitestore is the durable default on one machine, and without a store everything is in memory.
//
// An Account and everything that hangs from it is safe for concurrent use. Many accounts may share a store
// and an HTTP client; each has tokens, rate limits and ledgers of its own.
package account

import (
	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/menu"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Account is one brand account. It is safe for concurrent use.
type Account struct {
	// Media checks, uploads and downloads files.
	Media *media.Client
	// Menu reads and writes the custom menu.
	Menu *menu.Client
	// Quota knows which broadcasts are left.
	Quota *quota.Ledger
	// Broadcast sends to all followers or those with a tag.
	Broadcast *broadcast.Client

	config Config
	client *wechat.Client
}

// New puts an account together. It sends nothing: [Account.Connect] finds out whether it works. Everything
// wrong with the configuration is reported at once, as a [*wechat.InputError]. The options are those of
// [wechat.New].
func New(c Config, opts ...wechat.Option) (*Account, error) {
	c, err := c.tidy()
	if err != nil {
		return nil, err
	}
	client, err := wechat.New(wechat.Credentials{AppID: c.AppID, AppSecret: c.AppSecret}, opts...)
	if err != nil {
		return nil, err
	}
	return assemble(c, client), nil
}

// assemble hangs the services from the account: the one place where they are put together.
func assemble(c Config, client *wechat.Client) *Account {
	ledger := quota.New(client.Store(), c.AppID, c.Type.policy(client.Rules()))
	return &Account{
		Media:     media.New(client),
		Menu:      menu.New(client),
		Quota:     ledger,
		Broadcast: broadcast.New(client, broadcast.WithLedger(ledger)),
		config:    c,
		client:    client,
	}
}

// Config gives the configuration as it was understood.
func (a *Account) Config() Config { return a.config }

// Name is the account's display name.
func (a *Account) Name() string { return a.config.DisplayName }

// Type is what kind of account it is.
func (a *Account) Type() Type { return a.config.Type }

// Client is the client that everything hangs from, for calls that no service has.
func (a *Account) Client() *wechat.Client { return a.client }

// Close ends the account's background work and waits for it.
func (a *Account) Close() error { return a.client.Close() }
