package wechat

import "time"

// TokenTimes are the intervals that tokens live by, for tests that have no year to spend.
type TokenTimes struct{ Early, Keep, Reread, Lease, Gate, Poll time.Duration }

// SetTokenTimes changes them before a client is used.
func SetTokenTimes(c *Client, t TokenTimes) {
	times := &c.tokens.(*storedTokens).times
	times.early, times.keep, times.reread = t.Early, t.Keep, t.Reread
	times.lease, times.gate, times.poll = t.Lease, t.Gate, t.Poll
}
