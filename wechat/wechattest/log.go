package wechattest

import (
	"net/url"
	"slices"
	"time"
)

// Entry is one request in the platform's log. It holds no token and no secret.
type Entry struct {
	// Time is when the platform had read the request.
	Time time.Time
	// Method, Host and Path are the request's; the query is left out.
	Method, Host, Path string
	// AppID is the account's, and empty where the platform could not tell it.
	AppID string
	// Status and ErrCode are what the platform decided, which is not what the caller saw if a fault
	// changed the answer. Status is 0 if the platform never saw the request.
	Status, ErrCode int
	// Executed says that what was asked for was done.
	Executed bool
	// RID identifies the request; it ends the errmsg of a refusal.
	RID string
	// Fault names the fault that met the request; empty: none.
	Fault string
}

// ledger keeps the last requests, and what rid/get tells of them.
type ledger struct{ lines []line }

// line is an entry with what rid/get answers beside it.
type line struct {
	Entry
	query, body, answer string
}

const (
	// logged is how many requests are kept.
	logged = 10_000
	// quoted is how many bytes of a body are kept for rid/get.
	quoted = 1024
)

// Log returns the last 10,000 requests, oldest first, those that met a fault included. Requests that died
// before they had a connection are not among them.
func (p *Platform) Log() []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Entry, len(p.log.lines))
	for i, l := range p.log.lines {
		out[i] = l.Entry
	}
	return out
}

// note counts and logs a request. The platform is locked.
func (p *Platform) note(c *call, e Entry, answer []byte) {
	e.Time, e.Method, e.Host, e.Path, e.RID = c.now, c.method, c.host, c.path, c.rid
	counts := []counters{p.counters}
	if c.acct != nil {
		e.AppID = c.acct.conf.AppID
		counts = append(counts, c.acct.counters)
	}
	for _, n := range counts {
		n.requests[e.Path]++
		if e.Executed {
			n.executions[e.Path]++
		}
	}
	l := line{Entry: e}
	if !c.endpoint.open { // what needs no token carries a secret and answers with a token
		l.query, l.body, l.answer = withoutToken(c.query), quote(c.body), quote(answer)
	}
	if len(p.log.lines) >= 2*logged {
		p.log.lines = slices.Delete(p.log.lines, 0, len(p.log.lines)-logged+1)
	}
	p.log.lines = append(p.log.lines, l)
}

func quote(b []byte) string { return string(b[:min(len(b), quoted)]) }

// withoutToken encodes a query without its secrets.
func withoutToken(q url.Values) string {
	clean := url.Values{}
	for name, values := range q {
		if name != "access_token" && name != "secret" && name != "appsecret" {
			clean[name] = values
		}
	}
	return clean.Encode()
}
