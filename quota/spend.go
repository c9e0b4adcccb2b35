package quota

import (
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// What a spend may look like, and how far ahead it may be planned.
const (
	maxID     = 64
	maxDigest = 80
	horizon   = 366 * 24 * time.Hour
)

// Spend is one broadcast as a ledger sees it.
type Spend struct {
	// ID names the broadcast: 1 to 64 bytes of [A-Za-z0-9._:/+=-]. The same id is the same broadcast;
	// given again with another At, Reach or Digest it is [ErrMismatch].
	ID string
	// At is when it is to be sent, at most 366 days ahead. Zero, like any time in the past, means now by
	// the store's clock.
	At time.Time
	// Reach is whom it is addressed to.
	Reach Reach
	// Digest tells this broadcast from another one under the same id: a hash of its content, say. At
	// most 80 bytes of the same characters; it may be empty.
	Digest string
}

// planned is the moment whose windows the spend falls in.
func (s Spend) planned(now time.Time) time.Time { return later(now, s.At) }

// same reports whether both are the same broadcast.
func (s Spend) same(o Spend) bool {
	return s.ID == o.ID && s.At.Equal(o.At) && s.Reach == o.Reach && s.Digest == o.Digest
}

// problems lists what is wrong with the spend.
func (s Spend) problems() []wechat.Problem {
	problems := checkID(s.ID)
	if !s.At.IsZero() && s.At.Year() < 1970 {
		problems = append(problems, wechat.Problem{
			Field: "at", Rule: "range", Message: "before 1970",
			Fix: "leave the time zero for now",
		})
	}
	if !s.Reach.single() {
		problems = append(problems, wechat.Problem{
			Field: "reach", Rule: "required",
			Message: "not one of Everyone, Tag and OpenIDs",
		})
	}
	if rule, message := checkName(s.Digest, maxDigest); rule != "" {
		problems = append(problems, wechat.Problem{Field: "digest", Rule: rule, Message: message})
	}
	return problems
}

// checkID says what is wrong with an id.
func checkID(id string) []wechat.Problem {
	if id == "" {
		return []wechat.Problem{{Field: "id", Rule: "required", Message: "no id", Fix: "give each broadcast an id of its own"}}
	}
	if rule, message := checkName(id, maxID); rule != "" {
		return []wechat.Problem{{Field: "id", Rule: rule, Message: message}}
	}
	return nil
}

// beyond says whether a time is planned too far ahead of the store's clock.
func beyond(at, now time.Time) error {
	if !at.After(now.Add(horizon)) {
		return nil
	}
	return wechat.Refuse("", []wechat.Problem{{
		Field: "at", Rule: "range",
		Message: fmt.Sprintf("%s is more than 366 days ahead", at.In(zone).Format(human)),
	}})
}

// checkName says what is wrong with an id or digest, or nothing.
func checkName(s string, most int) (rule, message string) {
	if len(s) > most {
		return "length", fmt.Sprintf("%d bytes, at most %d", len(s), most)
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == ':', c == '/', c == '+', c == '=', c == '-':
		default:
			return "format", fmt.Sprintf("byte %#02x at %d, allowed are [A-Za-z0-9._:/+=-]", c, i)
		}
	}
	return "", ""
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
