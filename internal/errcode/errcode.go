// Package errcode knows the platform's error codes: what each means, who can mend it, and when it makes
// sense to try again.
package errcode

import "sort"

// Kind sorts codes into the few kinds that a program tells apart.
type Kind uint8

// The kinds.
const (
	Other Kind = iota
	Credentials
	Token
	IP
	Rate
	Quota
	Forbidden
	NotFound
	Busy
)

// Fixer is who can do something about a code.
type Fixer uint8

// Who can do something.
const (
	// Code: the request is wrong; the calling program has to change.
	Code Fixer = iota
	// Admin: the account's administrator, in the console.
	Admin
	// Follower: the person at the other end.
	Follower
	// WeChat: only the platform.
	WeChat
	// Time: nobody has to do anything; it passes.
	Time
)

// When is when trying again makes sense.
type When uint8

// When to try again.
const (
	// Never: the same request will fail again.
	Never When = iota
	// Soon: within seconds, with growing pauses.
	Soon
	// Renew: at once, with a new access token.
	Renew
	// Minute: in the next minute.
	Minute
	// Hour: in an hour.
	Hour
	// Day: after the next midnight of the platform's clock.
	Day
	// Hours24: in 24 hours.
	Hours24
	// Month: in the next calendar month.
	Month
	// Period: when the allowance of a day or month renews, whichever it is.
	Period
	// Mended: when somebody has mended it; asking more than once a minute is of no use.
	Mended
	// TenMinutes: ten minutes after somebody has mended it.
	TenMinutes
	// Later: when somebody or something has finished.
	Later
)

// Entry is what is known of a code.
type Entry struct {
	Code  int
	Cause string
	Kind  Kind
	Fixer Fixer
	When  When
}

// Lookup finds a code. It is safe for concurrent use.
func Lookup(code int) (Entry, bool) {
	i := sort.Search(len(table), func(i int) bool { return table[i].Code >= code })
	if i < len(table) && table[i].Code == code {
		return table[i], true
	}
	return Entry{Code: code}, false
}
