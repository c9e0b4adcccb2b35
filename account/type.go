package account

import (
	"fmt"
	"strings"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Type is what kind of account it is. The zero value is none and does not validate.
type Type uint8

const (
	// Service is a service account (服务号).
	Service Type = iota + 1
	// Subscription is a subscription account (订阅号, named 公众号 since 2025).
	Subscription
)

// String names the type: "service" or "subscription".
func (t Type) String() string {
	switch t {
	case Service:
		return "service"
	case Subscription:
		return "subscription"
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// ParseType reads a type as people write it: "service", "Service Account", "服务号", "subscription",
// "订阅号", "公众号" … The error of anything else is a [*wechat.InputError].
func ParseType(s string) (Type, error) {
	word := strings.ToLower(strings.TrimSpace(s))
	word = strings.TrimSpace(strings.TrimSuffix(word, "account"))
	p := wechat.Problem{Field: "type", Rule: "choice", Fix: `say "service" (服务号) or "subscription" (订阅号, today 公众号)`}
	switch word {
	case "service", "服务号":
		return Service, nil
	case "subscription", "订阅号", "公众号":
		return Subscription, nil
	case "":
		p.Rule, p.Message = "required", "the account type is missing"
	case "enterprise", "企业号", "企业微信", "work", "wecom", "corp":
		p.Rule, p.Message = "product", "enterprise accounts belong to WeCom (企业微信), another product"
	default:
		p.Message = fmt.Sprintf("%.40q is no account type", s)
	}
	return 0, wechat.Refuse("account", []wechat.Problem{p})
}

// MarshalText writes the type's name.
func (t Type) MarshalText() ([]byte, error) {
	if t != Service && t != Subscription {
		return nil, fmt.Errorf("account: no type: %v", t)
	}
	return []byte(t.String()), nil
}

// UnmarshalText reads what ParseType reads.
func (t *Type) UnmarshalText(b []byte) error {
	parsed, err := ParseType(string(b))
	*t = parsed
	return err
}

// policy is what an account of the type may broadcast.
func (t Type) policy(rules wechat.RuleSet) quota.Policy {
	if t == Service {
		return quota.ServicePolicy(rules)
	}
	return quota.SubscriptionPolicy(rules)
}
