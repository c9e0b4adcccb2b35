package quota

import (
	"fmt"
	"slices"
	"time"
)

// State is how far a reservation has come. The zero value is invalid.
//
//	Held ──▶ Doubtful ──▶ Committed
//	  │ ╲        ╰──────▶ Released
//	  │  ╰──▶ Committed, Released
//	  ╰──▶ Lapsed ──▶ Held (reserved again), Doubtful (if a unit is left)
type State uint8

const (
	// Held: a unit is set aside and nothing was sent. It lapses 15 minutes after the planned time.
	Held State = iota + 1
	// Doubtful: the broadcast may have been sent. The unit is charged until somebody knows better.
	Doubtful
	// Committed: the platform took the broadcast. Final.
	Committed
	// Released: it was not sent. Nothing is charged. Final: the id cannot be reserved again.
	Released
	// Lapsed: it was held and never sent, and its time is over. Nothing is charged. Reserving the id
	// again, or being about to send it, takes another unit if one is left.
	Lapsed

	// moved is what stays in the ledger of one month when a charge goes to another; days say where.
	moved
	// external are broadcasts that people sent from the platform's console.
	external
)

// stateNames are how ledgers and texts spell a state.
var stateNames = [...]string{
	Held: "held", Doubtful: "doubt", Committed: "committed", Released: "released", Lapsed: "lapsed",
	moved: "moved", external: "external",
}

// String names the state: "held", "doubt", "committed", "released" or "lapsed".
func (s State) String() string {
	if s == 0 || int(s) >= len(stateNames) {
		return "invalid"
	}
	return stateNames[s]
}

// MarshalText spells the state as String does.
func (s State) MarshalText() ([]byte, error) {
	if s == 0 || int(s) >= len(stateNames) {
		return nil, fmt.Errorf("quota: state %d has no name", uint8(s))
	}
	return []byte(stateNames[s]), nil
}

// UnmarshalText reads the name of a state.
func (s *State) UnmarshalText(text []byte) error {
	i := slices.Index(stateNames[1:], string(text))
	if i < 0 {
		return fmt.Errorf("quota: unknown state %q", text)
	}
	*s = State(i + 1)
	return nil
}

// final reports whether no other resolution may follow.
func (s State) final() bool { return s == Committed || s == Released || s == external }

// Reservation is a unit set aside for a broadcast, or what became of it.
type Reservation struct {
	Spend
	// State is how far it has come. [Ledger.Reserve] returns what it finds: [Held] for a new
	// reservation, [Doubtful] or [Committed] for a broadcast that was or may have been sent before.
	State State
	// Days are the days it is charged to, by label. There are two if it is held within two minutes of
	// midnight, or if it was tried on more than one day and may have been sent on either.
	Days []string
	// Since is when it came to this state, by the store's clock.
	Since time.Time
	// Lapses is when it lapses unless it is sent before. Only held reservations have it.
	Lapses time.Time
}
