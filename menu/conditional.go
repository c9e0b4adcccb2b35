package menu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

const (
	pathAddConditional    = "/cgi-bin/menu/addconditional"
	pathDeleteConditional = "/cgi-bin/menu/delconditional"
	pathTryMatch          = "/cgi-bin/menu/trymatch"
)

// Validate tells whether the platform can take all menus together: each by [Menu.Validate], a rule for
// each conditional menu, and at most three outside domains over all conditional menus. The error is a
// [*wechat.InputError] with every problem under its path: "conditional[1].match.tag_id".
func (s Set) Validate() error { return wechat.Refuse("menu", PlatformLimits().CheckSet(s)) }

// CheckSet lists what [Set.Validate] refuses, by these limits.
func (l Limits) CheckSet(s Set) []wechat.Problem {
	out := below("default", l.Check(s.Default))
	menus := make([]Menu, len(s.Conditional))
	for i, c := range s.Conditional {
		out = append(out, below(fmt.Sprintf("conditional[%d]", i), l.checkConditional(c))...)
		menus[i] = c.Menu
	}
	return append(out, l.checkDomains("conditional", menus...)...)
}

func (l Limits) checkConditional(c Conditional) []wechat.Problem {
	return append(l.Check(c.Menu), c.Match.check("match")...)
}

// checkDomains refuses menus that surely lead to too many outside domains. How the platform counts hosts
// below one domain is not known, so they count as one.
func (l Limits) checkDomains(path string, menus ...Menu) []wechat.Problem {
	domains := OutsideDomains(menus...)
	if len(domains) <= l.Domains.Max {
		return nil
	}
	return []wechat.Problem{{
		Field: path, Rule: "domains", Source: l.Domains.Source,
		Message: fmt.Sprintf("conditional menus lead to %d outside domains (%s), at most %d over all of them",
			len(domains), strings.Join(domains, ", "), l.Domains.Max),
	}}
}

// below puts a path before those of problems.
func below(path string, problems []wechat.Problem) []wechat.Problem {
	for i := range problems {
		problems[i].Field = join(path, problems[i].Field)
	}
	return problems
}

// AddConditional validates the menu and its rule and adds it to those that are there; the newest that fits
// a follower is the one shown. The platform wants a default menu first (65303) and has no call to change
// a conditional menu: delete it and add another. [Client.Get] lists them.
//
// Adding twice makes two menus, so a lost answer is not repeated and gives [wechat.ErrOutcomeUnknown].
// Only verified accounts may use it.
//
// Page: /doc/service/api/custommenu/api_addconditionalmenu.
func (c *Client) AddConditional(ctx context.Context, m Conditional) (ID, error) {
	problems := append(c.limits.checkConditional(m), c.limits.checkDomains("buttons", m.Menu)...)
	if err := wechat.Refuse("menu", problems); err != nil {
		return "", err
	}
	body, err := m.toJSON()
	if err != nil {
		return "", err
	}
	body.ID = ""
	a, err := wechat.Post[addedAnswer](ctx, c.api, pathAddConditional, wechat.ClassOnce, body)
	if err != nil {
		return "", fmt.Errorf("menu: add conditional: %w", err)
	}
	return a.id, nil
}

// addedAnswer is an answer of menu/addconditional.
type addedAnswer struct{ id ID }

// UnmarshalJSON reads the id as text or number.
func (a *addedAnswer) UnmarshalJSON(raw []byte) error {
	d := decoder{}
	body, _ := d.object("", raw)
	a.id = ID(d.scalar("menuid", body["menuid"]))
	return d.err()
}

// Check makes an answer without an id a bad response.
func (a *addedAnswer) Check() error {
	if a.id == "" {
		return errors.New("no menuid in the answer")
	}
	return nil
}

// DeleteConditional removes one conditional menu. The platform answers 65301 where there is none of that
// id. Only verified accounts may use it.
//
// Page: /doc/service/api/custommenu/api_deleteconditionalmenu.
func (c *Client) DeleteConditional(ctx context.Context, id ID) error {
	if id == "" {
		return wechat.Refuse("menu", []wechat.Problem{{Field: "id", Rule: "required", Message: "missing"}})
	}
	err := c.api.Call(ctx, wechat.Request{
		Method: http.MethodPost, Path: pathDeleteConditional, Class: wechat.ClassReplace,
		Body: map[string]ID{"menuid": id},
	}, nil)
	if err != nil {
		return fmt.Errorf("menu: delete conditional: %w", err)
	}
	return nil
}

// TryMatch tells which menu a follower sees. The user is an OpenID or a WeChat id; the platform answers
// 65302 when it knows neither, and 46003 when the account has no menu. Only verified accounts may use it.
//
// Page: /doc/service/api/custommenu/api_trymatchmenu.
func (c *Client) TryMatch(ctx context.Context, user string) (Menu, error) {
	if strings.TrimSpace(user) == "" {
		return Menu{}, wechat.Refuse("menu", []wechat.Problem{{Field: "user", Rule: "required", Message: "missing"}})
	}
	a, err := wechat.Post[matchAnswer](ctx, c.api, pathTryMatch, wechat.ClassRead, map[string]string{"user_id": user})
	if err != nil {
		return Menu{}, fmt.Errorf("menu: try match: %w", err)
	}
	return a.menu, nil
}

// matchAnswer is an answer of menu/trymatch: {"button":[…]} by the page, {"menu":{"button":[…]}} by what
// another SDK reads.
type matchAnswer struct{ menu Menu }

// UnmarshalJSON reads both shapes.
func (a *matchAnswer) UnmarshalJSON(raw []byte) error {
	d := decoder{}
	body, ok := d.object("", raw)
	if !ok {
		return d.err()
	}
	menu := json.RawMessage(raw)
	if !isNull(body["menu"]) {
		menu = body["menu"]
	} else if isNull(body["button"]) {
		return errors.New("no menu in the answer")
	}
	var err error
	a.menu, err = readMenu(menu)
	return err
}
