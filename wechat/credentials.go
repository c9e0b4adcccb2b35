package wechat

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Credentials are what the platform knows an account's developer by.
type Credentials struct {
	AppID     AppID
	AppSecret Secret
}

var (
	appIDForm    = regexp.MustCompile(`^wx[0-9a-f]{16}$`)
	originalForm = regexp.MustCompile(`^gh_[0-9a-f]{12}$`)
	looseForm    = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)
	hex32        = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)
)

// ParseCredentials reads an AppID and an AppSecret as people paste them. It reports the problems of both
// at once, as an [*InputError], and recognises the two swapped.
func ParseCredentials(appID, appSecret string) (Credentials, error) {
	if id := tidy(appSecret); hex32.MatchString(tidy(appID)) && appIDForm.MatchString(id) {
		return Credentials{}, Refuse("credentials", []Problem{{
			Field: "app_id", Rule: "swapped",
			Message: "the AppID and the AppSecret are in each other's place", Fix: "swap the two fields",
		}})
	}
	id, p := checkAppID(appID)
	problems := p
	if p := checkSecret(appSecret, id); p != nil {
		problems = append(problems, *p)
	}
	if err := Refuse("credentials", problems); err != nil {
		return Credentials{}, err
	}
	return Credentials{AppID: id, AppSecret: NewSecret(tidy(appSecret))}, nil
}

// ParseAppID reads an AppID as people paste it: it trims, drops invisible characters and folds full-width
// letters. Anything else that is not "wx" and 16 lower-case hexadecimal digits is an [*InputError] that
// says what it looks like. Text that could be an AppSecret is never repeated.
func ParseAppID(s string) (AppID, error) {
	id, problems := checkAppID(s)
	return id, Refuse("credentials", problems)
}

// ParseSecret reads an AppSecret as people paste it: 32 hexadecimal digits. The error of anything else
// repeats none of its characters.
func ParseSecret(s string) (Secret, error) {
	if p := checkSecret(s, ""); p != nil {
		return Secret{}, Refuse("credentials", []Problem{*p})
	}
	return NewSecret(tidy(s)), nil
}

// ParseOriginalID reads an original id (原始ID): "gh_" and 12 hexadecimal digits.
func ParseOriginalID(s string) (OriginalID, error) {
	t := tidy(s)
	if originalForm.MatchString(t) {
		return OriginalID(t), nil
	}
	return "", Refuse("credentials", []Problem{{
		Field: "original_id", Rule: "format", Message: `an original id is "gh_" and 12 hexadecimal digits`,
		Fix: "copy it from the account's settings page",
	}})
}

func checkAppID(s string) (AppID, []Problem) {
	t := tidy(s)
	lower, runes := strings.ToLower(t), utf8.RuneCountInString(t)
	squeezed := strings.ToLower(squeeze(t))
	p := Problem{Field: "app_id", Rule: "format", Fix: "copy the AppID from the console's developer settings"}
	switch {
	case appIDForm.MatchString(t):
		return AppID(t), nil
	case t == "":
		p.Rule, p.Message = "required", "the AppID is missing"
	case originalForm.MatchString(lower):
		p.Rule, p.Message = "original_id", fmt.Sprintf("%q is the original id (原始ID), not the AppID", t)
	case hex32.MatchString(t):
		p.Rule, p.Message = "secret", "this looks like an AppSecret"
	case strings.ContainsAny(t, masks):
		p.Rule, p.Message = "masked", "this is a masked copy"
		p.Fix = "copy the whole AppID, from the tooltip's original text"
	case appIDForm.MatchString(lower):
		p.Rule, p.Message = "upper_case", "an AppID is in lower case"
		p.Fix = fmt.Sprintf("did you mean %q?", lower)
	case appIDForm.MatchString(squeezed):
		p.Rule, p.Message = "space", "there is a space inside the AppID"
		p.Fix = fmt.Sprintf("did you mean %q?", squeezed)
	case strings.HasPrefix(lower, "ww") || strings.HasPrefix(lower, "wm"):
		p.Rule, p.Message = "product", `an id that begins with "ww" or "wm" belongs to WeCom (企业微信), another product`
	case strings.HasPrefix(lower, "wx") && runes == 18:
		p.Message = `an AppID is "wx" and 16 digits of 0-9 and a-f: this has other characters`
	case strings.HasPrefix(lower, "wx"):
		p.Rule = "length"
		p.Message = fmt.Sprintf(`an AppID is "wx" and 16 hexadecimal digits: this has %d characters behind "wx"`, runes-2)
	default:
		p.Message = `an AppID is "wx" and 16 hexadecimal digits`
	}
	return "", []Problem{p}
}

func checkSecret(s string, id AppID) *Problem {
	t := tidy(s)
	runes := utf8.RuneCountInString(t)
	p := &Problem{Field: "app_secret", Rule: "format", Fix: "the administrator resets it in the console where it was lost"}
	switch {
	case t == "":
		p.Rule, p.Message = "required", "the AppSecret is missing"
	case strings.ContainsAny(t, masks):
		p.Rule, p.Message = "masked", "this is a masked copy: the console shows the AppSecret once only"
	case appIDForm.MatchString(strings.ToLower(t)) || (id != "" && strings.EqualFold(t, string(id[2:]))):
		p.Rule, p.Message, p.Fix = "swapped", "this is the AppID, not the AppSecret", "paste the AppSecret"
	case hex32.MatchString(t):
		return nil
	case hex32.MatchString(squeeze(t)):
		p.Rule, p.Message, p.Fix = "space", "there is a space inside the AppSecret", "paste it without"
	case runes < 32:
		p.Rule, p.Message = "length", fmt.Sprintf("incomplete: got %d of 32 characters", runes)
		p.Fix = "paste the complete AppSecret"
	case runes > 32:
		p.Rule, p.Message = "length", fmt.Sprintf("extra characters: got %d of 32", runes)
		p.Fix = "paste the AppSecret alone"
	default:
		p.Message = "an AppSecret is 32 hexadecimal digits: this has other characters"
	}
	return p
}

// checkLoose asks only for what a client cannot do without.
func checkLoose(c Credentials, needSecret bool) error {
	var problems []Problem
	if !looseForm.MatchString(string(c.AppID)) {
		problems = append(problems, Problem{
			Field: "app_id", Rule: "format",
			Message: "an AppID names the account in the store: 1 to 64 letters, digits, dots, dashes and underscores",
		})
	}
	if needSecret && c.AppSecret.IsZero() {
		problems = append(problems, Problem{Field: "app_secret", Rule: "required", Message: "the AppSecret is missing"})
	}
	return Refuse("credentials", problems)
}

// masks are what consoles and password fields show in place of characters.
const masks = "*•●"

// tidy drops what a paste brings along (spaces at the ends, no-break spaces, zero-width characters, byte
// order marks) and folds full-width letters and digits to ASCII.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u00a0' || r == '\u202f' || unicode.In(r, unicode.Cf, unicode.Variation_Selector):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// squeeze drops all spaces.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }
