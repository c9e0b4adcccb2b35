package account

import (
	"fmt"
	"strings"

	"github.com/seed-a9908ced/wechat-go/menu"
)

// StepState is how far a step of the activation is.
type StepState string

const (
	// Done: there is evidence that the step is complete.
	Done StepState = "done"
	// Open: somebody has to do something.
	Open StepState = "open"
	// Blocked: it can be told only when an earlier step is done.
	Blocked StepState = "blocked"
)

// Who does a step.
const (
	admin     = "the account's administrator"
	developer = "the administrator or a member with the developer role"
)

// Step is one step of an account's activation.
type Step struct {
	// Name is what the step is about: "credentials", "ip whitelist", "callback", "menu".
	Name string `json:"name"`
	// State is how far it is.
	State StepState `json:"state"`
	// Evidence is what the state follows from.
	Evidence string `json:"evidence"`
	// Who has to do something, and what. Both are empty where nothing is to be done.
	Who  string `json:"who,omitempty"`
	Todo string `json:"todo,omitempty"`
	// Optional tells a step that the account works without.
	Optional bool `json:"optional,omitempty"`
	// Err is what the platform answered, where that was an error.
	Err error `json:"-"`
}

// Report is what Connect found, step by step.
type Report struct {
	// Account is the display name.
	Account string `json:"account"`
	// Steps are in the order in which they are done.
	Steps []Step `json:"steps"`
	// Menu is the menu as it was imported, nil where it could not be read.
	Menu *menu.Imported `json:"-"`
}

// Connected reports whether the account works: every step that is not optional is done.
func (r Report) Connected() bool {
	for _, s := range r.Steps {
		if s.State != Done && !s.Optional {
			return false
		}
	}
	return len(r.Steps) > 0
}

// Complete reports whether nothing is left to do.
func (r Report) Complete() bool {
	for _, s := range r.Steps {
		if s.State != Done {
			return false
		}
	}
	return len(r.Steps) > 0
}

// String lists the steps, each with its evidence and what is to be done.
func (r Report) String() string {
	var b strings.Builder
	word := "not connected"
	switch {
	case r.Complete():
		word = "connected, nothing left to do"
	case r.Connected():
		word = "connected"
	}
	fmt.Fprintf(&b, "%s: %s\n", r.Account, word)
	for i, s := range r.Steps {
		mark := map[StepState]string{Done: "✓", Open: "✗", Blocked: "·"}[s.State]
		fmt.Fprintf(&b, "  %s %d %-12s %s\n", mark, i+1, s.Name, s.Evidence)
		if s.Todo != "" {
			fmt.Fprintf(&b, "      → %s: %s\n", s.Who, s.Todo)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
