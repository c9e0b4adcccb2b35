package quota

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// What a ledger can answer. They are found with errors.Is; [*ExhaustedError] has the details of the first.
var (
	// ErrExhausted: no unit is left in a window the broadcast falls in. It comes as an [*ExhaustedError],
	// which is wechat.ErrQuota as well. Nothing was changed, and the id may be tried again.
	ErrExhausted = errors.New("broadcast allowance exhausted")
	// ErrConflict: the reservation was resolved in another way before.
	ErrConflict = errors.New("reservation already resolved otherwise")
	// ErrMismatch: the id is known with another time, reach or digest.
	ErrMismatch = errors.New("same id with other parameters")
	// ErrNotReserved: the ledger of the past 13 months and the time ahead does not know the id.
	ErrNotReserved = errors.New("id was never reserved")
	// ErrUnavailable: the ledger could not be read or written, so nothing may be sent. After a timeout
	// the change may have been made; every call may be repeated.
	ErrUnavailable = errors.New("quota ledger unavailable")
	// ErrFull: the month has as many reservations as one record can hold, 1,500.
	ErrFull = errors.New("month's ledger is full")
)

// errElsewhere means that a step was prepared for other windows than those of the store's clock, or that
// the reservation has moved to another month. The ledger looks again; no caller sees it.
var errElsewhere = errors.New("the reservation belongs to another month")

// ExhaustedError refuses a broadcast because a window has no unit left. The limit is WeChat's; this module
// counts along so that a broadcast is not tried in vain. It unwraps to [ErrExhausted] and wechat.ErrQuota.
type ExhaustedError struct {
	// Balance is the limit, its window and what is counted in it. If several limits refuse, it is the
	// one that refuses longest.
	Balance
	// RetryAt is the earliest time at which the answer can be another one (unless something is
	// released): the end of the window, and two minutes more where the boundary guard is on.
	RetryAt time.Time
}

// Error says whose limit it is, how it stands and when it frees.
func (e *ExhaustedError) Error() string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{e.Used, "sent"}, {e.External, "sent outside"}, {e.Doubtful, "in doubt"}, {e.Held, "held"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "none counted")
	}
	if e.Closed != "" {
		parts = append(parts, "closed: "+e.Closed)
	}
	allows := fmt.Sprintf("WeChat allows %d", e.Limit.Max)
	if e.Limit.Max == unlimited {
		allows = "WeChat refused"
	}
	return fmt.Sprintf("%s: %s (its limit, not this SDK's), in %s %s; try again from %s",
		e.Limit.Name, allows, e.Window, strings.Join(parts, ", "), e.RetryAt.In(zone).Format(human))
}

// Unwrap gives the kinds.
func (e *ExhaustedError) Unwrap() []error { return []error{ErrExhausted, wechat.ErrQuota} }
