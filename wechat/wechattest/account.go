package wechattest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"
)

// Type is the kind of an account.
type Type uint8

// The kinds of account. What each may call differs; see [Account].
const (
	// Service is a service account (服务号).
	Service Type = iota
	// Subscription is a subscription account (订阅号, today named 公众号).
	Subscription
)

// String names the type: "service" or "subscription".
func (t Type) String() string {
	if t == Subscription {
		return "subscription"
	}
	return "service"
}

// Account is what to open an account with. The zero Account is an unverified service account.
type Account struct {
	// AppID and Secret are the credentials. Empty ones are replaced by generated ones.
	AppID, Secret string
	// OriginalID is the account's original id, gh_ and 12 hexadecimal digits; generated when empty.
	OriginalID string
	// Type and Verified decide which calls are allowed; others answer 48001. Without verification there
	// are tokens, media, quota tools and, for a service account, the menu.
	Type     Type
	Verified bool
}

// Console is an account of the platform as its administrator sees it: it reads and sets what the account
// is, has and allows. It is safe for concurrent use.
type Console struct {
	p    *Platform
	conf Account

	stable, classic family
	life            time.Duration
	fetches         int
	frozen, confirm bool
	whitelist       []netip.Prefix // nil: everybody
	flapRate        float64
	flap            *rand.Rand
	callback        string

	menu      menus
	temporary []*media // temporary media, oldest first
	library   []*media // permanent media, oldest first
	fans      fans
	tags      tagBook
	mass      allowance
	speed     int

	daily    map[string]*tally // calls today, by quota
	limits   map[string]int    // daily limits set by hand, by quota
	minute   map[string]*pace
	clears   tally // clear_quota, both versions
	resets   tally // openapi/quota/clear
	counters counters
}

// AddAccount opens an account and returns its console. It panics if there is an account of that AppID.
func (p *Platform) AddAccount(a Account) *Console {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.AppID == "" {
		a.AppID = "wx" + p.hex(16)
	}
	if a.Secret == "" {
		a.Secret = p.hex(32)
	}
	if a.OriginalID == "" {
		a.OriginalID = "gh_" + p.hex(12)
	}
	if _, dup := p.accounts[a.AppID]; dup {
		panic("wechattest: account " + a.AppID + " exists")
	}
	c := &Console{
		p: p, conf: a, life: defaultLife,
		daily: map[string]*tally{}, limits: map[string]int{}, minute: map[string]*pace{},
		counters: newCounters(),
		fans:     fans{byID: map[string]*fan{}},
		tags:     newTagBook(),
		mass:     allowance{jobs: map[int64]*Broadcast{}, keys: map[string]*attempt{}},
	}
	p.accounts[a.AppID] = c
	return c
}

// AppID returns the account's AppID.
func (c *Console) AppID() string { return c.conf.AppID }

// Secret returns the AppSecret that is valid now.
func (c *Console) Secret() string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.conf.Secret
}

// OriginalID returns the account's original id.
func (c *Console) OriginalID() string { return c.conf.OriginalID }

// Format prints an account without its secret, whatever the verb.
func (a Account) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%s account %s", a.Type, a.AppID) }

// Format prints the account by its AppID, whatever the verb, so that no secret comes out.
func (c *Console) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s account %s", c.conf.Type, c.conf.AppID)
}

// SetVerified changes whether the account is verified.
func (c *Console) SetVerified(verified bool) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.conf.Verified = verified
}

// ResetSecret replaces the AppSecret. The old one is refused from now on; tokens live on.
func (c *Console) ResetSecret(secret string) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.conf.Secret = secret
}

// FreezeSecret makes every fetch of a token answer 40243 until [Console.UnfreezeSecret]. Tokens live on.
func (c *Console) FreezeSecret() { c.setFrozen(true) }

// UnfreezeSecret makes the same AppSecret valid again.
func (c *Console) UnfreezeSecret() { c.setFrozen(false) }

func (c *Console) setFrozen(frozen bool) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.frozen = frozen
}

// AskAdministrator sets whether fetching a token has to be confirmed by the administrator first: while it
// is set, such calls answer 89503.
func (c *Console) AskAdministrator(ask bool) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.confirm = ask
}

// SetWhitelist sets the IP addresses that may call, each a single address or a block such as
// "172.16.0.0/24". Other callers get 40164. No entries mean nobody; an account whose whitelist was never
// set admits everybody. It panics on an entry that is no address or block.
func (c *Console) SetWhitelist(entries ...string) {
	list := make([]netip.Prefix, len(entries))
	for i, s := range entries {
		if strings.Contains(s, "/") {
			list[i] = netip.MustParsePrefix(s).Masked()
			continue
		}
		ip := netip.MustParseAddr(s).Unmap()
		list[i] = netip.PrefixFrom(ip, ip.BitLen())
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.whitelist = list
}

// SetCallback sets the URL to which the platform would push messages. Without one, callback/check answers
// 40201.
func (c *Console) SetCallback(url string) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.callback = url
}

// Requests counts the account's requests on a path. Those from which the platform could not tell the
// account are only counted by [Platform.Requests].
func (c *Console) Requests(path string) int {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.counters.requests[path]
}

// Executions counts the account's requests on a path that were carried out; see [Platform.Executions].
func (c *Console) Executions(path string) int {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.counters.executions[path]
}

// admits reports whether a caller is on the whitelist. The platform is locked.
func (c *Console) admits(ip netip.Addr) bool {
	if c.whitelist == nil {
		return true
	}
	for _, prefix := range c.whitelist {
		if prefix.Contains(ip.Unmap()) {
			return true
		}
	}
	return false
}
