package account_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/account"
)

// service or subscription and nothing else, under every name that people use.
func TestParseType(t *testing.T) {
	for in, want := range map[string]account.Type{
		"service": account.Service, "Service Account": account.Service, " SERVICE ": account.Service, "服务号": account.Service,
		"subscription": account.Subscription, "Subscription account": account.Subscription, "订阅号": account.Subscription, "公众号": account.Subscription,
	} {
		got, err := account.ParseType(in)
		if got != want || err != nil {
			t.Errorf("ParseType(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for in, rule := range map[string]string{
		"": "required", "account": "required", "enterprise": "product", "企业号": "product", "Work": "product", "wecom": "product",
		"mini program": "choice", "svc": "choice",
	} {
		got, err := account.ParseType(in)
		if got != 0 || err == nil {
			t.Errorf("ParseType(%q) = %v, %v, want a refusal", in, got, err)
			continue
		}
		if diff := cmp.Diff([]string{"type " + rule}, rulesOf(t, err)); diff != "" {
			t.Errorf("ParseType(%q) (-want +got):\n%s", in, diff)
		}
	}
}

func TestTypeRoundTripsThroughJSON(t *testing.T) {
	for _, want := range []account.Type{account.Service, account.Subscription} {
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got account.Type
		if err := json.Unmarshal(b, &got); err != nil || got != want {
			t.Errorf("%s became %v, %v", b, got, err)
		}
	}
	if b, err := json.Marshal(account.Type(0)); err == nil {
		t.Errorf("the zero type became %s, want an error", b)
	}
}

func FuzzParseType(f *testing.F) {
	for _, s := range []string{"service", "服务号", "公众号", "", "enterprise account", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := account.ParseType(s)
		if (err == nil) != (got == account.Service || got == account.Subscription) {
			t.Fatalf("ParseType(%q) = %v, %v", s, got, err)
		}
		if err == nil {
			if again, err := account.ParseType(got.String()); again != got || err != nil {
				t.Fatalf("ParseType(%q) = %v, %v, want %v", got.String(), again, err, got)
			}
		}
	})
}
