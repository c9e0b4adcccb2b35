package media

import (
	"slices"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// What the platform's pages mean by K and M. Limits are inclusive.
const (
	KB int64 = 1024
	MB int64 = 1024 * KB
)

// Rule is what one kind of media has to keep. Each field that is zero is a rule that there is not: nothing
// is assumed where a source is silent.
type Rule struct {
	// Formats are those that are taken; none means any format of the kind's sort (pictures, sound, video).
	Formats []Format `json:"formats,omitempty"`
	// MaxBytes is the greatest size in bytes.
	MaxBytes int64 `json:"max_bytes,omitempty"`
	// MaxDuration is the longest playing time. Only rules of voice and audio have one.
	MaxDuration time.Duration `json:"max_duration,omitempty"`
	// MaxPixels is the greatest number of pixels of a picture. No source states one; it is for users who do.
	MaxPixels int64 `json:"max_pixels,omitempty"`
	// Unit says how the source counts bytes.
	Unit string `json:"unit,omitempty"`
	// Source says where the rule stands.
	Source string `json:"source,omitempty"`
	// AsOf is when the source was as quoted: "2026-11".
	AsOf string `json:"as_of,omitempty"`
}

// IsZero reports whether the rule says nothing.
func (r Rule) IsZero() bool {
	return len(r.Formats) == 0 && r.MaxBytes == 0 && r.MaxDuration == 0 && r.MaxPixels == 0
}

// Rules are the rules for one use of media, a rule a kind, as data. [RulesFor] gives those that this
// module knows; a copy can be changed field by field:
//
//	rules := media.RulesFor(wechat.Documented, media.Upload)
//	rules.Image.MaxBytes = 512 * media.KB
//	client := media.New(c, media.WithRules(rules))
//
// Voice and Audio are two words for the same thing: where only one of them has a rule, it counts for both.
type Rules struct {
	// Set and Use are what the rules were made for.
	Set wechat.RuleSet `json:"-"`
	Use Use            `json:"use"`
	// One rule a kind.
	Image Rule `json:"image"`
	Voice Rule `json:"voice"`
	Video Rule `json:"video"`
	Thumb Rule `json:"thumb"`
	Audio Rule `json:"audio"`
	// Strict turns what [Rules.Warn] finds into refusals.
	Strict bool `json:"strict,omitempty"`
}

// Clone gives a copy that shares nothing with r. Plain assignment shares the Formats.
func (r Rules) Clone() Rules {
	for _, rule := range []*Rule{&r.Image, &r.Voice, &r.Video, &r.Thumb, &r.Audio} {
		rule.Formats = slices.Clone(rule.Formats)
	}
	return r
}

// For gives the rule of a kind; the zero Rule where there is none.
func (r Rules) For(k Kind) Rule {
	switch k {
	case Image:
		return r.Image
	case Video:
		return r.Video
	case Thumb:
		return r.Thumb
	case Voice, Audio:
		if k == Voice && !r.Voice.IsZero() || r.Audio.IsZero() {
			return r.Voice
		}
		return r.Audio
	}
	return Rule{}
}

// Kinds gives the kinds that have a rule, in the platform's order.
func (r Rules) Kinds() []Kind {
	var kinds []Kind
	for _, k := range []struct {
		kind Kind
		rule Rule
	}{{Image, r.Image}, {Voice, r.Voice}, {Video, r.Video}, {Thumb, r.Thumb}, {Audio, r.Audio}} {
		if !k.rule.IsZero() {
			kinds = append(kinds, k.kind)
		}
	}
	return kinds
}
