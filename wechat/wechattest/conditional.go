package wechattest

import (
	"net/url"
	"strconv"
)

// maxDomains is how many outside domains all personalised menus together may lead to.
const maxDomains = 3

// conditionalMenu is a personalised menu.
type conditionalMenu struct {
	Button []button  `json:"button"`
	Rule   matchRule `json:"matchrule"`
	MenuID int64     `json:"menuid"`
}

// matchRule says to whom a personalised menu is shown.
type matchRule struct {
	TagID    string `json:"tag_id,omitempty"`
	Platform string `json:"client_platform_type,omitempty"`
}

// addConditionalMenu is api_addconditionalmenu. The newest menu comes first.
func addConditionalMenu(c *call) (any, error) {
	var in struct {
		Button []button `json:"button"`
		Rule   struct {
			matchRule
			Sex      any `json:"sex"`
			Country  any `json:"country"`
			Province any `json:"province"`
			City     any `json:"city"`
			Language any `json:"language"`
		} `json:"matchrule"`
	}
	if err := c.decodeMenu(&in); err != nil {
		return nil, err
	}
	m, r := &c.acct.menu, in.Rule
	if err := c.checkButtons(in.Button); err != nil {
		return nil, err
	}
	switch {
	case m.buttons == nil:
		return nil, refuse(65303)
	case r.Sex != nil || r.Country != nil || r.Province != nil || r.City != nil || r.Language != nil:
		return nil, refuse(65320)
	case r.matchRule == matchRule{}:
		return nil, refuse(65304)
	}
	cm := conditionalMenu{in.Button, r.matchRule, c.p.nextID()}
	all := append([]conditionalMenu{cm}, m.conditional...)
	if domains(all) > maxDomains {
		return nil, refuse(65316)
	}
	m.conditional = all
	return struct {
		MenuID string `json:"menuid"`
	}{strconv.FormatInt(cm.MenuID, 10)}, nil
}

// deleteConditionalMenu is api_deleteconditionalmenu.
func deleteConditionalMenu(c *call) (any, error) {
	var in struct {
		MenuID number `json:"menuid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	m := &c.acct.menu
	for i, cm := range m.conditional {
		if cm.MenuID == int64(in.MenuID) {
			m.conditional = append(m.conditional[:i:i], m.conditional[i+1:]...)
			return success, nil
		}
	}
	return nil, refuse(65301)
}

// domains counts the domains to which menus lead.
func domains(menus []conditionalMenu) int {
	seen := map[string]bool{}
	for _, m := range menus {
		for _, b := range m.Button {
			for _, leaf := range append([]button{b}, b.Sub...) {
				if u, err := url.Parse(leaf.URL); err == nil && u.Host != "" {
					seen[u.Hostname()] = true
				}
			}
		}
	}
	return len(seen)
}
