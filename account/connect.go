package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Codes that tell the steps apart.
const (
	codeNoCallback = 40201
	codeWrongAppID = 40013
	codeFrozen     = 40243
	codeConfirm    = 89503
)

// Connect finds out whether the account works, by asking the platform: it has the credentials checked, sees
// whether this machine's address is on the whitelist, has the platform try the callback address, and
// imports the menu. Each step says what its state follows from, who has to do something, and what.
//
// The error is nil where the account works; an open callback or an unread menu does not undo that, and is
// in the report. Connect changes nothing on the platform and may be called at any time.
func (a *Account) Connect(ctx context.Context) (Report, error) {
	r := Report{Account: a.config.DisplayName}
	err := a.client.Verify(ctx)
	r.Steps = append(r.Steps, credentials(err), whitelist(err))
	if err == nil {
		// The token call and the others may be judged by different lists: one call of each kind.
		if _, apiErr := a.client.APIIPs(ctx); apiErr != nil {
			err = apiErr
			r.Steps[1] = whitelist(apiErr)
		}
	}
	if err != nil {
		r.Steps = append(r.Steps, blocked("callback", true), blocked("menu", true))
		return r, fmt.Errorf("account %q: connect: %w", a.config.DisplayName, err)
	}
	r.Steps = append(r.Steps, a.callback(ctx), a.importMenu(ctx, &r))
	return r, nil
}

func blocked(name string, optional bool) Step {
	return Step{Name: name, State: Blocked, Evidence: "waits for the steps before it", Optional: optional}
}

// credentials judges the first step by what the platform said to the AppSecret.
func credentials(err error) Step {
	s := Step{Name: "credentials", State: Open, Who: admin, Err: err}
	e, _ := errors.AsType[*wechat.Error](err)
	switch {
	case err == nil:
		return Step{Name: s.Name, State: Done, Evidence: "the platform gave an access token for this AppID and AppSecret"}
	case errors.Is(err, wechat.ErrIPNotAllowed):
		return Step{Name: s.Name, State: Blocked, Evidence: "the platform looks at the address first", Err: err}
	case e != nil && e.Code == codeWrongAppID:
		s.Evidence, s.Todo = "the platform does not know this AppID", "copy the AppID from the console's developer settings"
	case e != nil && e.Code == codeFrozen:
		s.Evidence, s.Todo = "the AppSecret is frozen", "unfreeze it in the console; that takes some ten minutes"
	case errors.Is(err, wechat.ErrCredentials):
		s.Evidence, s.Todo = "the platform refuses this AppSecret", "paste the complete AppSecret; one that is lost can only be reset"
	case errors.Is(err, wechat.ErrQuota):
		s.Evidence, s.Todo = "the day's token calls are used up", "wait until midnight, UTC+8, or clear the quota"
	default:
		s.Evidence, s.Who, s.Todo = err.Error(), "you", "try again"
	}
	return s
}

// whitelist judges the second step. Only the administrator, or a member with the developer role, can change
// the list.
func whitelist(err error) Step {
	s := Step{Name: "ip whitelist", State: Open, Who: developer, Err: err}
	e, _ := errors.AsType[*wechat.Error](err)
	switch {
	case err == nil:
		return Step{Name: s.Name, State: Done, Evidence: "the platform takes calls from this machine's address"}
	case e != nil && e.Code == codeConfirm:
		s.Evidence, s.Who, s.Todo = "the platform has asked the administrator about this address", admin, "confirm it in WeChat"
	case errors.Is(err, wechat.ErrIPNotAllowed) && e.IP().IsValid():
		s.Evidence = fmt.Sprintf("the platform sees this machine as %s, which is not on the list", e.IP())
		s.Todo = fmt.Sprintf("add %s in the console, and allow it some ten minutes", e.IP())
	case errors.Is(err, wechat.ErrIPNotAllowed):
		s.Evidence, s.Todo = "the platform does not take calls from this machine's address", "add it in the console"
	default:
		return blocked(s.Name, false)
	}
	return s
}

// callback judges the third step by having the platform try the configured address.
func (a *Account) callback(ctx context.Context) Step {
	s := Step{Name: "callback", State: Open, Who: developer, Optional: true}
	check, err := a.client.CheckCallback(ctx)
	e, _ := errors.AsType[*wechat.Error](err)
	s.Err = err
	switch {
	case e != nil && e.Code == codeNoCallback:
		s.Evidence, s.Todo = "no callback address is configured", "enter URL, Token and EncodingAESKey in the console to hear from followers"
	case err != nil:
		s.Evidence, s.Who, s.Todo = err.Error(), "you", "try again"
	case len(check.DNS) == 0:
		s.Evidence, s.Todo = "the platform cannot resolve the callback's host", "check its name in the console and in the DNS"
	default:
		for _, p := range check.Ping {
			if p.Loss == "0%" {
				return Step{Name: s.Name, State: Done, Optional: true, Evidence: "the platform reaches the callback's host at " + p.IP}
			}
		}
		s.Evidence, s.Todo = fmt.Sprintf("the callback's host (%s) does not answer the platform", check.DNS[0].IP), "open it to the platform's addresses"
	}
	return s
}

// importMenu judges the last step by reading the menu that followers see.
func (a *Account) importMenu(ctx context.Context, r *Report) Step {
	s := Step{Name: "menu", State: Done, Optional: true}
	imported, err := a.Menu.Import(ctx)
	if err != nil {
		s.State, s.Err, s.Evidence, s.Who, s.Todo = Open, err, err.Error(), "you", "import it later; everything else works"
		return s
	}
	r.Menu = &imported
	switch n := len(imported.Menu.Buttons); {
	case n == 0:
		s.Evidence = "imported: there is no menu"
	case len(imported.Lossy) > 0:
		s.Evidence = fmt.Sprintf("imported: %d buttons; %d of all were made in the console and cannot be made through the API", n, len(imported.Lossy))
	default:
		s.Evidence = fmt.Sprintf("imported: %d buttons", n)
	}
	return s
}
