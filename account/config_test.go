package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/account"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const (
	appID  = "wx0123456789abcdef"
	secret = "00112233445566778899aabbccddeeff"
)

func good() account.Config {
	return account.Config{DisplayName: "Acme", Type: account.Service, AppID: appID, AppSecret: wechat.NewSecret(secret)}
}

// rulesOf lists field and rule of every problem, in order.
func rulesOf(t *testing.T, err error) []string {
	t.Helper()
	e, ok := errors.AsType[*wechat.InputError](err)
	if !ok {
		t.Fatalf("got %T %v, want a *wechat.InputError", err, err)
	}
	var out []string
	for _, p := range e.Problems {
		out = append(out, p.Field+" "+p.Rule)
	}
	return out
}

// every problem at once, in the order of the fields.
func TestNewReportsEveryProblemAtOnceInFieldOrder(t *testing.T) {
	_, err := account.New(account.Config{
		DisplayName: " \t ", AppID: "gh_0123456789ab", AppSecret: wechat.NewSecret("0011"), OriginalID: "wx",
	})
	want := []string{"display_name required", "type required", "app_id original_id", "app_secret length", "original_id format"}
	if diff := cmp.Diff(want, rulesOf(t, err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if !errors.Is(err, wechat.ErrInput) {
		t.Errorf("errors.Is(%v, ErrInput) = false", err)
	}
}

func TestConfigProblems(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*account.Config)
		want   []string
	}{
		{"good", func(*account.Config) {}, nil},
		{"name of 64 Chinese characters", func(c *account.Config) { c.DisplayName = strings.Repeat("名", 64) }, nil},
		{"name of 65", func(c *account.Config) { c.DisplayName = strings.Repeat("名", 65) }, []string{"display_name length"}},
		{"name with a control character", func(c *account.Config) { c.DisplayName = "a\x00b" }, []string{"display_name text"}},
		{"name in invalid UTF-8", func(c *account.Config) { c.DisplayName = "a\xff" }, []string{"display_name text"}},
		{"unknown type", func(c *account.Config) { c.Type = 7 }, []string{"type required"}},
		{"upper case", func(c *account.Config) { c.AppID = "WX0123456789ABCDEF" }, []string{"app_id upper_case"}},
		{"swapped", func(c *account.Config) { c.AppID, c.AppSecret = secret, wechat.NewSecret(appID) }, []string{"app_id swapped"}},
		{"masked secret", func(c *account.Config) { c.AppSecret = wechat.NewSecret("0011****ff") }, []string{"app_secret masked"}},
		{"no secret", func(c *account.Config) { c.AppSecret = wechat.Secret{} }, []string{"app_secret required"}},
		{"original id", func(c *account.Config) { c.OriginalID = "gh_0123456789ab" }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := good()
			test.change(&c)
			err := c.Validate()
			if test.want == nil {
				if err != nil {
					t.Fatalf("Validate() = %v, want nil", err)
				}
				return
			}
			if diff := cmp.Diff(test.want, rulesOf(t, err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPastedValuesAreTidied(t *testing.T) {
	p := wechattest.New()
	acct, err := account.New(account.Config{
		DisplayName: "  Acme \n Shop ", Type: account.Subscription,
		AppID: "\ufeff ｗx0123456789abcdef\u200b", AppSecret: wechat.NewSecret(" " + secret + "\n"),
	}, wechat.WithTransport(p.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	defer acct.Close()
	got := acct.Config()
	if got.DisplayName != "Acme Shop" || got.AppID != appID || got.AppSecret.Reveal() != secret {
		t.Errorf("Config() = %q %q, want tidied values", got.DisplayName, got.AppID)
	}
	if acct.Name() != "Acme Shop" || acct.Type() != account.Subscription || acct.Client().AppID() != appID {
		t.Errorf("Name, Type, AppID = %q, %v, %q", acct.Name(), acct.Type(), acct.Client().AppID())
	}
}

func TestNewSendsNothing(t *testing.T) {
	p := wechattest.New()
	acct, err := account.New(good(), wechat.WithTransport(p.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	if err := acct.Close(); err != nil {
		t.Error(err)
	}
	if n := len(p.Log()); n != 0 {
		t.Errorf("New made %d requests, want 0", n)
	}
}

func TestConfigNeverPrintsTheSecret(t *testing.T) {
	c := good()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if s := fmt.Sprintf(verb, c); strings.Contains(s, secret) {
			t.Errorf("%s of a Config shows the secret: %s", verb, s)
		}
		if s := fmt.Sprintf(verb, &c); strings.Contains(s, secret) {
			t.Errorf("%s of a *Config shows the secret: %s", verb, s)
		}
	}
	if diff := cmp.Diff(c, account.Config{}, cmp.AllowUnexported(wechat.Secret{})); strings.Contains(diff, secret) {
		t.Errorf("a diff shows the secret:\n%s", diff)
	}
}
