package quota_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

func TestPoliciesAreThePlatformsNumbers(t *testing.T) {
	type rule struct {
		max    int
		period quota.Period
		counts quota.Reach
	}
	for _, test := range []struct {
		name   string
		policy quota.Policy
		want   []rule
	}{
		{"R-69 subscription, documented", quota.SubscriptionPolicy(wechat.Documented), []rule{{1, quota.Day, quota.Anyone}}},
		{"R-69 subscription, current", quota.SubscriptionPolicy(wechat.Current), []rule{{1, quota.Day, quota.Anyone}}},
		{"R-71 service, documented", quota.ServicePolicy(wechat.Documented), []rule{{4, quota.Month, quota.Anyone}}},
		{
			"service, current", quota.ServicePolicy(wechat.Current),
			[]rule{{4, quota.Month, quota.Everyone}, {1, quota.Day, quota.Everyone}},
		},
	} {
		var got []rule
		for _, l := range test.policy.Account {
			got = append(got, rule{l.Max, l.Period, l.Counts})
			if !strings.HasPrefix(l.Source, "https://developers.weixin.qq.com/") || l.Name == "" {
				t.Errorf("%s: limit %q has source %q", test.name, l.Name, l.Source)
			}
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(rule{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		must(t, test.policy.Validate())
	}
}

func TestPolicyCanBeCopiedAndOverridden(t *testing.T) {
	ours := quota.ServicePolicy(wechat.Documented)
	ours.Account[0].Max = 2
	if got := quota.ServicePolicy(wechat.Documented).Account[0].Max; got != 4 {
		t.Fatalf("the package's own policy now allows %d", got)
	}
	k := newKit().at("2026-12-10 12:00")
	l := quota.New(k, appID, ours)
	ours.Account[0].Max = 100 // the ledger has its copy
	reserve(t, l, toAll("a"))
	reserve(t, l, toAll("b"))
	_, err := l.Reserve(t.Context(), toAll("c"))
	wantIs(t, err, quota.ErrExhausted)
}

func TestInvalidPolicyIsRefusedByEveryCall(t *testing.T) {
	bad := quota.Policy{Account: []quota.Limit{{Max: -1, Counts: 128}, service.Account[0]}}
	input, ok := errors.AsType[*wechat.InputError](bad.Validate())
	if !ok {
		t.Fatalf("Validate() = %v, want an *InputError", bad.Validate())
	}
	var fields []string
	for _, p := range input.Problems {
		fields = append(fields, p.Field)
	}
	want := []string{"account[0].name", "account[0].max", "account[0].period", "account[0].counts"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	k := newKit()
	l := quota.New(k, appID, bad)
	ctx := t.Context()
	_, reserved := l.Reserve(ctx, toAll("a"))
	_, remaining := l.Remaining(ctx)
	for _, err := range []error{
		reserved, remaining, l.Check(ctx, toAll("a")), l.Doubt(ctx, "a"), l.Commit(ctx, "a"),
		l.Release(ctx, "a"), l.Exhausted(ctx, toAll("a")), l.RecordExternal(ctx, moment("2026-12-01"), 1, ""),
	} {
		wantIs(t, err, wechat.ErrInput)
	}
	if k.ops() > 0 {
		t.Errorf("%d store operations, want none", k.ops())
	}
}

func TestAccountTypeChangesThePolicyNeverTheLedger(t *testing.T) {
	k := newKit().at("2026-12-10 12:00")
	current := quota.New(k, appID, quota.ServicePolicy(wechat.Current))
	for _, id := range []string{"a", "b"} {
		reserve(t, current, quota.Spend{ID: id, Reach: quota.Tag})
		must(t, current.Commit(t.Context(), id))
	}
	wantCount(t, current, counted{Left: 4})
	wantCount(t, quota.New(k, appID, service), counted{Used: 2, Left: 2})
	wantCount(t, quota.New(k, appID, daily), counted{Used: 2, Left: 0})
}

func TestReachNames(t *testing.T) {
	for r, want := range map[quota.Reach]string{
		0: "invalid", quota.Everyone: "everyone", quota.Tag: "tag", quota.OpenIDs: "openids",
		quota.Anyone: "everyone+tag+openids", quota.Everyone | quota.OpenIDs: "everyone+openids", 8: "invalid", 9: "invalid",
	} {
		if got := r.String(); got != want {
			t.Errorf("Reach(%d) = %q, want %q", uint8(r), got, want)
		}
		text, err := r.MarshalText()
		var back quota.Reach
		if single := r == quota.Everyone || r == quota.Tag || r == quota.OpenIDs; single != (err == nil) {
			t.Errorf("Reach(%d).MarshalText() = %q, %v", uint8(r), text, err)
		} else if single && (back.UnmarshalText(text) != nil || back != r) {
			t.Errorf("UnmarshalText(%q) = %v, want %v", text, back, r)
		}
	}
	var r quota.Reach
	if r.UnmarshalText([]byte("all")) == nil {
		t.Error("UnmarshalText took an unknown name")
	}
}

func TestStateNames(t *testing.T) {
	for s, want := range map[quota.State]string{
		0: "invalid", quota.Held: "held", quota.Doubtful: "doubt",
		quota.Committed: "committed", quota.Released: "released", quota.Lapsed: "lapsed", 200: "invalid",
	} {
		text, err := s.MarshalText()
		var back quota.State
		if s.String() != want || (err == nil) != (want != "invalid") {
			t.Errorf("State(%d) = %q, MarshalText %q, %v; want %q", uint8(s), s, text, err, want)
		}
		if err == nil && (back.UnmarshalText(text) != nil || back != s) {
			t.Errorf("UnmarshalText(%q) = %v, want %v", text, back, s)
		}
	}
	var s quota.State
	if s.UnmarshalText([]byte("")) == nil || s.UnmarshalText([]byte("gone")) == nil {
		t.Error("UnmarshalText took an unknown name")
	}
}

func TestCertaintyNames(t *testing.T) {
	for c, want := range map[quota.Certainty]string{
		0: "invalid", quota.Certain: "certain", quota.Inferred: "inferred",
		quota.Range: "range", 9: "invalid",
	} {
		if c.String() != want {
			t.Errorf("Certainty(%d) = %q, want %q", uint8(c), c, want)
		}
	}
}
