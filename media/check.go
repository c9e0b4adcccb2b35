package media

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// The rules that a [Violation] can name.
const (
	RuleFormat   = "format"
	RuleSize     = "size"
	RuleDuration = "duration"
	RuleCorrupt  = "corrupt"
	RuleEmpty    = "empty"
	RulePixels   = "pixels"
	RuleKind     = "kind"
)

// Violation is one rule that a file breaks, with everything needed to say so and to mend it.
type Violation struct {
	// Rule is one of the Rule… words.
	Rule string `json:"rule"`
	// Limit is what the rule allows: "131072 bytes", "60 s", "JPEG".
	Limit string `json:"limit"`
	// Actual is what the file is or has.
	Actual string `json:"actual"`
	// Message is both in a sentence: "JPEG is 412 KB: 128 KB allowed".
	Message string `json:"message"`
	// Fix says what would make it pass: "cut 0.8 s". Where it rests on an estimate it says so.
	Fix string `json:"fix,omitempty"`
	// Source says where the rule stands.
	Source string `json:"source,omitempty"`
	// CurrentPasses says that the rule is one of [wechat.Documented] which [wechat.Current] would not report
	// for this file. Fix then names the option.
	CurrentPasses bool `json:"current_passes,omitempty"`
}

// String gives the message and the fix.
func (v Violation) String() string {
	if v.Fix == "" {
		return v.Message
	}
	return v.Message + " (" + v.Fix + ")"
}

// Problem gives the violation as a problem of a field, for an [*wechat.InputError].
func (v Violation) Problem(field string) wechat.Problem {
	return wechat.Problem{Field: field, Rule: v.Rule, Message: v.Message, Fix: v.Fix, Source: v.Source}
}

// Check gives every rule that the file breaks as media of the kind, or nil if it may be used. It is pure.
//
// A file has to be what the kind says (a picture, sound, a video) and whole, whether or not the set has a
// rule for the kind. A playing time that is not known breaks no rule unless r.Strict is set; see
// [Rules.Warn].
func (r Rules) Check(k Kind, i Info) []Violation {
	if k.family() == other {
		p := kindProblem(k)
		return []Violation{{Rule: RuleKind, Limit: joinKinds(uploadKinds), Actual: string(k), Message: p.Message, Fix: p.Fix}}
	}
	if i.Bytes == 0 {
		return []Violation{{
			Rule: RuleEmpty, Limit: "at least 1 byte", Actual: "0 bytes", Message: "the file is empty",
			Source: r.For(k).Source,
		}}
	}
	found := r.broken(k, i)
	if r.Strict {
		found = append(found, r.Warn(k, i)...)
	}
	if r.Set == wechat.Documented && len(found) > 0 {
		r.compare(k, i, found)
	}
	return found
}

// broken gives what is wrong, in the order of the Rule… words.
func (r Rules) broken(k Kind, i Info) []Violation {
	rule := r.For(k)
	var found []Violation
	add := func(v Violation) {
		v.Source = rule.Source
		found = append(found, v)
	}
	if !rule.takes(k, i.Format) {
		add(Violation{
			Rule: RuleFormat, Limit: rule.formats(k), Actual: i.Format.String(),
			Message: fmt.Sprintf("content is %s: %s allowed", i.Format, rule.formats(k)), Fix: convertFix(k, rule, i),
		})
	}
	if over := rule.MaxBytes > 0 && i.Bytes > rule.MaxBytes; over || i.More {
		limit := rule.MaxBytes
		if !over {
			limit = i.Bytes - 1 // where Spool was told to stop
		}
		add(Violation{
			Rule: RuleSize, Limit: fmt.Sprintf("%d bytes", limit), Actual: sizeActual(i),
			Message: sizeMessage(limit, i), Fix: sizeFix(limit, rule, i),
		})
	}
	if d, known := i.Duration.Get(); known && rule.MaxDuration > 0 && d > rule.MaxDuration {
		add(Violation{
			Rule: RuleDuration, Limit: secondsText(rule.MaxDuration), Actual: secondsText(d),
			Message: fmt.Sprintf("it plays %s: %s allowed", secondsText(d), secondsText(rule.MaxDuration)),
			Fix:     "cut " + secondsText(d-rule.MaxDuration),
		})
	}
	if pixels := int64(i.Width) * int64(i.Height); rule.MaxPixels > 0 && pixels > rule.MaxPixels {
		add(Violation{
			Rule: RulePixels, Limit: fmt.Sprintf("%d pixels", rule.MaxPixels), Actual: fmt.Sprintf("%d pixels", pixels),
			Message: fmt.Sprintf("%d×%d is %d pixels: %d allowed", i.Width, i.Height, pixels, rule.MaxPixels),
			Fix:     "scale it down",
		})
	}
	if i.Fault != "" {
		add(Violation{
			Rule: RuleCorrupt, Limit: "a whole file", Actual: i.Fault,
			Message: fmt.Sprintf("%s is not whole: %s", i.Format, i.Fault), Fix: "export or download it again",
		})
	}
	return found
}

// takes reports whether a rule takes a format for a kind.
func (r Rule) takes(k Kind, f Format) bool {
	if len(r.Formats) == 0 {
		return f.family() == k.family() && f.judged()
	}
	return slices.Contains(r.Formats, f)
}

// formats lists what a rule takes.
func (r Rule) formats(k Kind) string {
	if len(r.Formats) == 0 {
		return k.family().String()
	}
	names := make([]string, len(r.Formats))
	for i, f := range r.Formats {
		names[i] = f.String()
	}
	return strings.Join(names, ", ")
}

// compare marks what today's platform would take.
func (r Rules) compare(k Kind, i Info, found []Violation) {
	today := RulesFor(wechat.Current, r.Use)
	today.Strict = r.Strict
	if today.For(k).IsZero() {
		return
	}
	left := today.Check(k, i)
	for n := range found {
		v := &found[n]
		if slices.ContainsFunc(left, func(o Violation) bool { return o.Rule == v.Rule }) {
			continue
		}
		v.CurrentPasses = true
		v.Fix = join(v.Fix, "today's platform takes it: wechat.WithRules(wechat.Current)")
	}
}

// Warn gives what is no reason to refuse the file but worth a look: a playing time that is not known where
// the rule limits it, wide-band AMR, bytes after a picture's end, and whatever else the parser noted.
func (r Rules) Warn(k Kind, i Info) []Violation {
	rule := r.For(k)
	var found []Violation
	if rule.MaxDuration > 0 && !i.Duration.Known() && i.Bytes > 0 && rule.takes(k, i.Format) && i.Fault == "" {
		found = append(found, Violation{
			Rule: RuleDuration, Limit: secondsText(rule.MaxDuration), Actual: "unknown", Source: rule.Source,
			Message: fmt.Sprintf("its playing time is not known: %s allowed", secondsText(rule.MaxDuration)),
			Fix:     "convert it again, so that its header states the time",
		})
	}
	if i.Codec == "amr-wb" {
		found = append(found, Violation{
			Rule: RuleFormat, Limit: "AMR", Actual: "AMR-WB", Source: rule.Source,
			Message: "content is wide-band AMR: the rules say only AMR, and older players know narrow band alone",
			Fix:     "convert it to 8 kHz",
		})
	}
	for _, note := range i.Notes {
		found = append(found, Violation{Rule: RuleFormat, Actual: note, Message: note})
	}
	return found
}

// join puts two hints together.
func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
