package wechat

import (
	"errors"
	"strings"
)

// ErrInput is the kind of every local refusal: the input breaks a rule, so nothing was sent, no token was
// fetched and no ledger changed. The error is an [*InputError], which lists all problems at once.
var ErrInput = errors.New("input refused")

// Problem is one thing wrong with an input.
type Problem struct {
	// Field is the path of what is wrong: "content.items[2].title".
	Field string `json:"field"`
	// Rule is a short word that programs can switch on: "required", "length", "format", "size" …
	Rule string `json:"rule"`
	// Message says what is wrong, with the limit and the actual value: "66 bytes, at most 64".
	Message string `json:"message"`
	// Fix says what would make it pass. It may be empty.
	Fix string `json:"fix,omitempty"`
	// Source says where the rule comes from: a page of the platform, or a rule set. It may be empty.
	Source string `json:"source,omitempty"`
}

// String gives the problem as a path and a sentence.
func (p Problem) String() string {
	s := p.Message
	if p.Field != "" {
		s = p.Field + ": " + s
	}
	if p.Fix != "" {
		s += " (" + p.Fix + ")"
	}
	return s
}

// InputError refuses an input and lists everything that is wrong with it. It unwraps to [ErrInput].
type InputError struct {
	// Op is what was asked for: "menu", "broadcast", "media: upload".
	Op string
	// Problems holds at least one problem, in the order of the fields.
	Problems []Problem
}

// Refuse returns nil where there are no problems, and an [*InputError] otherwise.
func Refuse(op string, problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &InputError{Op: op, Problems: problems}
}

// Error lists all problems on one line.
func (e *InputError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.String()
	}
	s := strings.Join(parts, "; ")
	if e.Op != "" {
		s = e.Op + ": " + s
	}
	return s
}

// Unwrap gives the kind, [ErrInput].
func (e *InputError) Unwrap() error { return ErrInput }
