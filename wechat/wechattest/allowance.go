package wechattest

import (
	"time"
)

const (
	subscriptionDaily = 1 // broadcasts of a subscription account a day
	toAllDaily        = 1 // broadcasts of a service account to everybody a day
	toAllMonthly      = 4 // the same a month
	followerMonthly   = 4 // broadcasts that one follower of a service account gets a month

	keyMemory = 24 * time.Hour // how long a clientmsgid is known
	keyPause  = time.Minute    // how soon it must not be tried again
)

// allowance is what an account has sent and may still send.
type allowance struct {
	day, month tally // what counts against the account, the console's included
	jobs       map[int64]*Broadcast
	sent       []*Broadcast
	keys       map[string]*attempt
}

// attempt is the memory of a clientmsgid, or of the digest that stands for one.
type attempt struct {
	msgID       int64
	first, last time.Time
}

// repeated refuses a clientmsgid that was used in the last 24 hours: within a minute of the last attempt
// with 45066, later with 45065 and the earlier broadcast's id.
func (a *allowance) repeated(key string, now time.Time) error {
	for k, old := range a.keys {
		if now.Sub(old.first) >= keyMemory {
			delete(a.keys, k)
		}
	}
	old, ok := a.keys[key]
	if !ok {
		return nil
	}
	pause := now.Sub(old.last)
	old.last = now
	if pause < keyPause {
		return refuse(45066)
	}
	return &refusal{code: 45065, msgID: old.msgID}
}

// remember keeps a broadcast that was accepted.
func (a *allowance) remember(key string, b *Broadcast) {
	a.jobs[b.MsgID] = b
	a.sent = append(a.sent, b)
	a.keys[key] = &attempt{msgID: b.MsgID, first: b.At, last: b.At}
}

// spend takes one broadcast off what the account may send, and refuses with 45028 if nothing is left. A
// service account's broadcasts to a tag or a list cost nothing.
func (c *Console) spend(to Audience, now time.Time) error {
	day, month := dayOf(now), monthOf(now)
	switch a := &c.mass; {
	case c.conf.Type == Subscription && a.day.in(day) >= subscriptionDaily:
		return refuse(45028)
	case c.conf.Type == Service && to != ToAll:
		return nil
	case c.conf.Type == Service && (a.day.in(day) >= toAllDaily || a.month.in(month) >= toAllMonthly):
		return refuse(45028)
	}
	c.mass.day.add(day)
	c.mass.month.add(month)
	return nil
}

// SendFromConsole is a broadcast to everybody that somebody sends in the console: it spends the account's
// and the followers' allowance as one by the API does, and is not among [Platform.Broadcasts]. It reports
// whether the allowance sufficed.
func (c *Console) SendFromConsole() bool {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	b := &Broadcast{Audience: ToAll, At: c.p.now()}
	if c.spend(b.Audience, b.At) != nil {
		return false
	}
	c.reach(b, nil)
	return true
}

// reach delivers a broadcast: to the followers that it addresses and that have not had their four of the
// month, which is a rule of service accounts.
func (c *Console) reach(b *Broadcast, list []string) {
	month := monthOf(b.At)
	deliver := func(f *fan) {
		if c.conf.Type == Service && f.got.in(month) >= followerMonthly {
			return
		}
		b.Filtered++
		if f.left {
			b.Failed++
			return
		}
		f.got.add(month)
		b.Sent++
	}
	if b.Audience == ToList {
		seen := map[string]bool{}
		for _, id := range list {
			if seen[id] {
				continue
			}
			seen[id] = true
			b.Total++
			if f, ok := c.fans.byID[id]; ok {
				deliver(f)
			} else {
				b.Filtered++
				b.Failed++
			}
		}
		return
	}
	for _, f := range c.fans.list {
		if !f.left && (b.Audience == ToAll || f.tags[b.TagID]) {
			b.Total++
			deliver(f)
		}
	}
}
