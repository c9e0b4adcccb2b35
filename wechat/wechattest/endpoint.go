package wechattest

import (
	"errors"
	"net/http"
	"slices"
)

// permission says which accounts of one type may make a call.
type permission uint8

const (
	all      permission = iota // every account
	verified                   // verified ones only
	none                       // none
)

// endpoint is a call of the platform.
type endpoint struct {
	path    string
	method  string
	service permission
	subscr  permission
	daily   int    // calls a day; 0: the default of 100,000
	minute  int    // calls a minute; 0: no limit
	quota   string // the name under which calls are counted; empty: the path
	plain   bool   // says no as text/plain, where yes is a file
	open    bool   // needs no access_token; the handler itself finds and enters the account
	handle  func(*call) (any, error)
}

// defaultDaily is the daily quota of a path for which none is published.
const defaultDaily = 100_000

func allEndpoints() map[string]endpoint {
	table := map[string]endpoint{}
	for _, e := range slices.Concat(
		tokenEndpoints, openapiEndpoints, networkEndpoints,
		menuEndpoints, mediaEndpoints, materialEndpoints, massEndpoints, jobEndpoints, fanEndpoints, tagEndpoints,
	) {
		if e.quota == "" {
			e.quota = e.path
		}
		if e.daily == 0 {
			e.daily = defaultDaily
		}
		table[e.path] = e
	}
	return table
}

// permission is what the account needs to be to make the call.
func (e endpoint) permits(a Account) bool {
	need := e.service
	if a.Type == Subscription {
		need = e.subscr
	}
	return need == all || need == verified && a.Verified
}

// serve carries out a request, unless it is refused, and returns the answer and the rid. The platform is
// not locked.
func (p *Platform) serve(r *request, fault string) (a answer, rid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.begin(r)
	value, err := c.run()
	a = c.encode(value, err)
	p.note(c, Entry{ErrCode: errcodeOf(err), Status: a.status, Executed: err == nil, Fault: fault}, a.body)
	return a, c.rid
}

// ignore takes note of a request that a fault keeps the platform from seeing, and returns the rid. The
// platform is not locked.
func (p *Platform) ignore(r *request, fault string) (rid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.begin(r)
	if t, ok := p.tokens[r.query.Get("access_token")]; ok {
		c.acct = t.acct
	}
	p.note(c, Entry{Fault: fault}, nil)
	return c.rid
}

func (p *Platform) begin(r *request) *call {
	c := &call{p: p, request: r, now: p.now()}
	c.rid = p.nextRID(c.now)
	return c
}

// run makes the platform's checks in its order and then does what was asked.
func (c *call) run() (any, error) {
	e, ok := c.p.endpoints[c.path]
	if !ok {
		return nil, refuse(40066)
	}
	c.endpoint = e
	if !e.open {
		acct, err := c.p.authenticate(c.query.Get("access_token"), c.now)
		if acct == nil {
			return nil, err
		}
		c.acct = acct // known even when its token is refused
		if err != nil {
			return nil, err
		}
	}
	if err := c.checkMethod(); err != nil {
		return nil, err
	}
	if !e.open {
		if err := c.enter(); err != nil {
			return nil, err
		}
	}
	if c.tooLong {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge}
	}
	return e.handle(c)
}

func (c *call) checkMethod() error {
	switch {
	case c.method == c.endpoint.method:
		return nil
	case c.endpoint.method == http.MethodGet:
		return refuse(43001)
	default:
		return refuse(43002)
	}
}

// enter lets the account in: whitelist, permission, quotas. Calls are counted even if they fail later.
func (c *call) enter() error {
	e, a := c.endpoint, c.acct
	if !a.admits(c.p.caller) {
		return refuseIP(c.p.caller)
	}
	if !e.permits(a.conf) {
		return refuse(48001)
	}
	if e.minute > 0 && !entry(a.minute, e.quota).admit(c.now, e.minute) {
		return refuse(45011)
	}
	used := entry(a.daily, e.quota)
	if used.in(dayOf(c.now)) >= a.limit(e) {
		return refuse(45009)
	}
	used.add(dayOf(c.now))
	return nil
}

// limit is the account's daily quota for a call.
func (c *Console) limit(e endpoint) int {
	if n, ok := c.limits[e.quota]; ok {
		return n
	}
	return e.daily
}

// SetQuota sets how often a day the account may make a call, as the console's figure would be. It panics
// if the platform does not have the path.
func (c *Console) SetQuota(path string, calls int) {
	e, ok := c.p.endpoints[path]
	if !ok {
		panic("wechattest: no path " + path)
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.limits[e.quota] = calls
}

// entry returns the entry of a map, which it makes if there is none.
func entry[T any](m map[string]*T, key string) *T {
	v, ok := m[key]
	if !ok {
		v = new(T)
		m[key] = v
	}
	return v
}

// errcodeOf is the errcode in an error of a handler, and 0 for nil.
func errcodeOf(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.code
	}
	return 0
}
