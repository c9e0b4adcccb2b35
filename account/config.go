package account

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Config is what has to be known of an account. It is data only.
type Config struct {
	// DisplayName is what people call the account here. Changing it does not touch WeChat.
	DisplayName string
	// Type is Service or Subscription.
	Type Type
	// AppID and AppSecret are what the console's developer settings show. They are taken as people paste
	// them: trimmed, without invisible characters.
	AppID     wechat.AppID
	AppSecret wechat.Secret
	// OriginalID ("gh_…", 原始ID) is needed for callbacks only, and may be empty.
	OriginalID wechat.OriginalID
}

// maxName is the longest display name in characters.
const maxName = 64

// Validate reports every problem at once, in the order of the fields, as a [*wechat.InputError]. No
// message repeats anything of the AppSecret.
func (c Config) Validate() error {
	_, err := c.tidy()
	return err
}

// tidy gives the configuration as it is meant, or everything that is wrong with it.
func (c Config) tidy() (Config, error) {
	var ps []wechat.Problem
	c.DisplayName = strings.Join(strings.Fields(c.DisplayName), " ")
	if p := nameProblem(c.DisplayName); p != nil {
		ps = append(ps, *p)
	}
	if c.Type != Service && c.Type != Subscription {
		ps = append(ps, wechat.Problem{
			Field: "type", Rule: "required", Message: "the account type is missing",
			Fix: "say account.Service (服务号) or account.Subscription (订阅号, today 公众号)",
		})
	}
	credentials, err := wechat.ParseCredentials(string(c.AppID), c.AppSecret.Reveal())
	ps = append(ps, problemsOf(err)...)
	if c.OriginalID != "" {
		id, err := wechat.ParseOriginalID(string(c.OriginalID))
		ps = append(ps, problemsOf(err)...)
		c.OriginalID = id
	}
	c.AppID, c.AppSecret = credentials.AppID, credentials.AppSecret
	return c, wechat.Refuse("account", ps)
}

func nameProblem(name string) *wechat.Problem {
	p := &wechat.Problem{Field: "display_name"}
	switch n := utf8.RuneCountInString(name); {
	case name == "":
		p.Rule, p.Message = "required", "the display name is empty"
	case !utf8.ValidString(name):
		p.Rule, p.Message = "text", "the display name is not valid UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		p.Rule, p.Message = "text", "the display name holds a control character"
	case n > maxName:
		p.Rule, p.Message = "length", fmt.Sprintf("the display name has %d characters, at most %d", n, maxName)
	default:
		return nil
	}
	return p
}

func problemsOf(err error) []wechat.Problem {
	if e, ok := errors.AsType[*wechat.InputError](err); ok {
		return e.Problems
	}
	return nil
}
