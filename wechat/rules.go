package wechat

import "fmt"

// RuleSet chooses between the two editions of the platform's rules that this module knows: limits on
// media, text, menus and quotas. Rules are data; each package that judges something has them as a value
// (media.RulesFor, quota.ServicePolicy, …) which can be copied and overridden field by field.
//
// The zero value is [Documented].
type RuleSet uint8

const (
	// Documented is the classic, strict edition: what passes it passes everywhere.
	// It is the default. Example: an image of at most 128 KB JPEG, a title of at most 64 bytes.
	Documented RuleSet = iota
	// Current is what the platform's pages say today. Example: an image of at most 10 MB, a title of at
	// most 32 characters.
	Current
)

// String names the rule set: "documented" or "current".
func (r RuleSet) String() string {
	switch r {
	case Documented:
		return "documented"
	case Current:
		return "current"
	}
	return fmt.Sprintf("RuleSet(%d)", uint8(r))
}
