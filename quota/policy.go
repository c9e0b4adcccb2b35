package quota

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Reach is whom a broadcast is addressed to, which decides the limits it spends. The values are bits, so
// that a limit can count several; a [Spend] has one. The zero value is invalid.
type Reach uint8

const (
	// Everyone: all followers (sendall with is_to_all). What is sent from the console counts as this too.
	Everyone Reach = 1 << iota
	// Tag: the followers with a tag (sendall).
	Tag
	// OpenIDs: a list of followers (send). The platform lets only service accounts do it.
	OpenIDs

	// Anyone is every reach, for limits that count all broadcasts.
	Anyone = Everyone | Tag | OpenIDs
)

// reachNames are how ledgers and texts spell a reach.
var reachNames = map[Reach]string{Everyone: "everyone", Tag: "tag", OpenIDs: "openids"}

// String names the reach: "everyone", "tag", "openids", or several joined by "+".
func (r Reach) String() string {
	if r == 0 || r&^Anyone != 0 {
		return "invalid"
	}
	var names []string
	for _, one := range []Reach{Everyone, Tag, OpenIDs} {
		if r&one != 0 {
			names = append(names, reachNames[one])
		}
	}
	return strings.Join(names, "+")
}

// single reports whether r is exactly one reach.
func (r Reach) single() bool { return bits.OnesCount8(uint8(r)) == 1 && r&^Anyone == 0 }

// MarshalText spells the reach as String does.
func (r Reach) MarshalText() ([]byte, error) {
	if !r.single() {
		return nil, fmt.Errorf("quota: reach %d has no name", uint8(r))
	}
	return []byte(reachNames[r]), nil
}

// UnmarshalText reads the name of one reach.
func (r *Reach) UnmarshalText(text []byte) error {
	for reach, name := range reachNames {
		if name == string(text) {
			*r = reach
			return nil
		}
	}
	return fmt.Errorf("quota: unknown reach %q", text)
}

// Limit is one allowance of the platform: at most Max broadcasts of the reaches in Counts in each window.
type Limit struct {
	// Name says what is limited, as texts show it: "broadcasts a month".
	Name string
	// Max is how many the platform takes in one window.
	Max int
	// Period is the length of a window.
	Period Period
	// Counts are the reaches that spend a unit.
	Counts Reach
	// Source is the page that states the limit.
	Source string
	// Rules is the edition of the platform's rules that the limit belongs to.
	Rules wechat.RuleSet
}

// Policy is what an account may do, as data. [ServicePolicy] and [SubscriptionPolicy] know the platform's
// numbers; a program that knows better changes its copy, limit by limit, before it gives it to [New].
//
// A ledger records what happened and not what a policy made of it, so that another policy (the account
// changed its type, the platform its rules) applies to the same records.
type Policy struct {
	// Account are the limits on the account's broadcasts. A broadcast must fit every one that counts its
	// reach, and is free if none does.
	Account []Limit
}

// Where the limits are stated.
const (
	sourceRules        = "https://developers.weixin.qq.com/community/develop/doc/000c8c659b87a084cc799cccc51409"
	sourceService      = "https://developers.weixin.qq.com/doc/service/guide/product/message/Batch_Sends.html"
	sourceSubscription = "https://developers.weixin.qq.com/doc/subscription/guide/product/message/Batch_Sends.html"
)

// SubscriptionPolicy is the policy of subscription accounts (订阅号, today 公众号), verified or not: one
// broadcast a day, to whomever it goes. Both rule sets agree.
func SubscriptionPolicy(rules wechat.RuleSet) Policy {
	source := sourceRules
	if rules == wechat.Current {
		source = sourceSubscription
	}
	return Policy{Account: []Limit{
		{Name: "broadcasts a day", Max: 1, Period: Day, Counts: Anyone, Source: source, Rules: rules},
	}}
}

// ServicePolicy is the policy of service accounts (服务号), verified or not. [wechat.Documented]: four
// broadcasts a calendar month, to whomever they go. [wechat.Current]: four broadcasts to everyone a
// calendar month and one a day; those to a tag or to OpenIDs spend nothing of the account's, only what
// each follower may receive.
func ServicePolicy(rules wechat.RuleSet) Policy {
	if rules == wechat.Current {
		return Policy{Account: []Limit{
			{Name: "broadcasts to everyone a month", Max: 4, Period: Month, Counts: Everyone, Source: sourceService, Rules: rules},
			{Name: "broadcasts to everyone a day", Max: 1, Period: Day, Counts: Everyone, Source: sourceService, Rules: rules},
		}}
	}
	return Policy{Account: []Limit{
		{Name: "broadcasts a month", Max: 4, Period: Month, Counts: Anyone, Source: sourceRules, Rules: rules},
	}}
}

// Validate reports everything that is wrong with a policy someone changed, as a [*wechat.InputError].
func (p Policy) Validate() error {
	var problems []wechat.Problem
	for i, l := range p.Account {
		refuse := func(field, rule, message string) {
			problems = append(problems, wechat.Problem{Field: fmt.Sprintf("account[%d].%s", i, field), Rule: rule, Message: message})
		}
		if l.Name == "" {
			refuse("name", "required", "a limit needs a name for errors")
		}
		if l.Max < 0 {
			refuse("max", "range", fmt.Sprintf("%d, at least 0", l.Max))
		}
		if l.Period != Day && l.Period != Month {
			refuse("period", "required", "neither Day nor Month")
		}
		if l.Counts == 0 || l.Counts&^Anyone != 0 {
			refuse("counts", "required", "counts none of Everyone, Tag and OpenIDs")
		}
	}
	return wechat.Refuse("quota: policy", problems)
}
