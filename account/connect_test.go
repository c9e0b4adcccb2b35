package account_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/account"
	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const menuPath = "/cgi-bin/get_current_selfmenu_info"

// setup opens a verified account on a fake platform and here.
func setup(t *testing.T, kind account.Type, opts ...wechat.Option) (*wechattest.Platform, *wechattest.Console, *account.Account) {
	t.Helper()
	p := wechattest.New()
	fake := wechattest.Service
	if kind == account.Subscription {
		fake = wechattest.Subscription
	}
	console := p.AddAccount(wechattest.Account{Type: fake, Verified: true})
	acct, err := account.New(account.Config{
		DisplayName: "Acme", Type: kind, AppID: wechat.AppID(console.AppID()), AppSecret: wechat.NewSecret(console.Secret()),
	}, append([]wechat.Option{wechat.WithTransport(p.Transport())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := acct.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, console, acct
}

func states(r account.Report) map[string]account.StepState {
	out := make(map[string]account.StepState)
	for _, s := range r.Steps {
		out[s.Name] = s.State
	}
	return out
}

func TestConnectFindsEverythingInOrder(t *testing.T) {
	_, console, acct := setup(t, account.Service)
	console.SetCallback("https://brand.example.com/wechat")
	console.SetConsoleMenu(wechattest.ConsoleButton{Name: "Hours", Type: "text", Text: "10 to 22"})
	report, err := acct.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]account.StepState{"credentials": account.Done, "ip whitelist": account.Done, "callback": account.Done, "menu": account.Done}
	if diff := cmp.Diff(want, states(report)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if !report.Connected() || !report.Complete() {
		t.Errorf("Connected, Complete = %v, %v, want true, true", report.Connected(), report.Complete())
	}
	if report.Menu == nil || len(report.Menu.Lossy) != 1 {
		t.Errorf("Menu = %+v, want one button that the API cannot make", report.Menu)
	}
	if s := report.String(); !strings.HasPrefix(s, "Acme: connected, nothing left to do\n") || strings.Count(s, "✓") != 4 {
		t.Errorf("String() =\n%s", s)
	}
}

// credentials that the platform refuses do not look connected, and each refusal says what to mend.
func TestConnectExplainsWhatIsRefused(t *testing.T) {
	for _, test := range []struct {
		name     string
		spoil    func(*wechattest.Platform, *wechattest.Console)
		kind     error
		want     map[string]account.StepState
		evidence string
	}{
		{
			"secret was reset", func(_ *wechattest.Platform, c *wechattest.Console) { c.ResetSecret("ffeeddccbbaa99887766554433221100") },
			wechat.ErrCredentials,
			map[string]account.StepState{"credentials": account.Open, "ip whitelist": account.Blocked, "callback": account.Blocked, "menu": account.Blocked},
			"the platform refuses this AppSecret",
		},
		{
			"secret is frozen", func(_ *wechattest.Platform, c *wechattest.Console) { c.FreezeSecret() },
			wechat.ErrCredentials,
			map[string]account.StepState{"credentials": account.Open, "ip whitelist": account.Blocked, "callback": account.Blocked, "menu": account.Blocked},
			"the AppSecret is frozen",
		},
		{
			"address is not on the whitelist", func(p *wechattest.Platform, c *wechattest.Console) {
				p.SetCallerIP(netip.MustParseAddr("203.0.113.7"))
				c.SetWhitelist("198.51.100.0/24")
			},
			wechat.ErrIPNotAllowed,
			map[string]account.StepState{"credentials": account.Blocked, "ip whitelist": account.Open, "callback": account.Blocked, "menu": account.Blocked},
			"the platform sees this machine as 203.0.113.7, which is not on the list",
		},
		{
			"administrator is asked", func(_ *wechattest.Platform, c *wechattest.Console) { c.AskAdministrator(true) },
			wechat.ErrIPNotAllowed,
			map[string]account.StepState{"credentials": account.Blocked, "ip whitelist": account.Open, "callback": account.Blocked, "menu": account.Blocked},
			"the platform has asked the administrator about this address",
		},
		{
			"token calls are used up", func(_ *wechattest.Platform, c *wechattest.Console) { c.SetQuota("/cgi-bin/stable_token", 0) },
			wechat.ErrQuota,
			map[string]account.StepState{"credentials": account.Open, "ip whitelist": account.Blocked, "callback": account.Blocked, "menu": account.Blocked},
			"the day's token calls are used up",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, console, acct := setup(t, account.Service)
			test.spoil(p, console)
			report, err := acct.Connect(t.Context())
			if !errors.Is(err, test.kind) {
				t.Errorf("Connect error = %v, want %v", err, test.kind)
			}
			if report.Connected() {
				t.Error("Connected() = true")
			}
			if diff := cmp.Diff(test.want, states(report)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if s := report.String(); !strings.Contains(s, test.evidence) || !strings.Contains(s, "→") {
				t.Errorf("String() =\n%s\nwant %q and what to do", s, test.evidence)
			}
		})
	}
}

func TestConnectNoticesAWrongSecretAlthoughATokenIsKept(t *testing.T) {
	_, console, acct := setup(t, account.Service)
	if _, err := acct.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	console.ResetSecret("ffeeddccbbaa99887766554433221100")
	if _, err := acct.Client().APIIPs(t.Context()); err != nil {
		t.Errorf("a call with the token that is kept: %v", err)
	}
	if _, err := acct.Connect(t.Context()); !errors.Is(err, wechat.ErrCredentials) {
		t.Errorf("Connect = %v, want ErrCredentials", err)
	}
}

// what cannot be imported does not undo the connection; no menu is no error.
func TestMenuDoesNotUndoConnect(t *testing.T) {
	p, _, acct := setup(t, account.Service)
	report, err := acct.Connect(t.Context())
	if err != nil || states(report)["menu"] != account.Done || len(report.Menu.Menu.Buttons) != 0 {
		t.Errorf("without a menu: %v, %v", states(report), err)
	}
	p.Fault(wechattest.Fault{Path: menuPath, Kind: wechattest.CaptivePortal})
	report, err = acct.Connect(t.Context())
	if err != nil || !report.Connected() || report.Complete() {
		t.Errorf("with an unreadable menu: connected %v, complete %v, %v", report.Connected(), report.Complete(), err)
	}
	if states(report)["menu"] != account.Open || report.Menu != nil {
		t.Errorf("menu step = %v, menu = %v, want open and nil", states(report)["menu"], report.Menu)
	}
}

func TestMissingCallbackIsOptional(t *testing.T) {
	_, _, acct := setup(t, account.Service)
	report, err := acct.Connect(t.Context())
	if err != nil || !report.Connected() || report.Complete() || states(report)["callback"] != account.Open {
		t.Errorf("Connect = %v, %v", states(report), err)
	}
	if s := report.String(); !strings.Contains(s, "no callback address is configured") {
		t.Errorf("String() =\n%s", s)
	}
}

func TestConnectKeepsTheTokenItFetched(t *testing.T) {
	_, console, acct := setup(t, account.Service)
	if _, err := acct.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := console.TokenFetches(); n != 1 {
		t.Errorf("Connect fetched %d tokens, want 1", n)
	}
}

// The type decides the quota: one broadcast a day, or four a month. The bubble's clock begins at eight in the
// morning of the platform's, far from the end of a window.
func TestTypeDecidesTheQuota(t *testing.T) {
	for kind, allowed := range map[account.Type]int{account.Service: 4, account.Subscription: 1} {
		synctest.Test(t, func(t *testing.T) {
			p, console, acct := setup(t, kind)
			console.AddTag("all", console.AddFollowers(3)...)
			sent := 0
			for i := range 6 {
				_, err := acct.Broadcast.Send(t.Context(), broadcast.Message{
					Key: fmt.Sprintf("broadcast %d", i), To: broadcast.ToTag(100), Content: broadcast.Text{Content: "hello"},
				})
				switch {
				case err == nil:
					sent++
				case !errors.Is(err, quota.ErrExhausted) || !errors.Is(err, wechat.ErrQuota):
					t.Errorf("%v: Send = %v, want ErrExhausted", kind, err)
				}
			}
			if sent != allowed {
				t.Errorf("a %v account sent %d, want %d", kind, sent, allowed)
			}
			if n := p.Executions("/cgi-bin/message/mass/sendall"); n != sent {
				t.Errorf("%v: the platform carried out %d, want %d", kind, n, sent)
			}
		})
	}
}
