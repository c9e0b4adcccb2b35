package wechattest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

func TestGeneratedCredentialsAreValid(t *testing.T) {
	p := wechattest.New()
	a, b := p.AddAccount(wechattest.Account{}), p.AddAccount(wechattest.Account{})
	for _, acct := range []*wechattest.Console{a, b} {
		for value, shape := range map[string]string{
			acct.AppID(): `^wx[0-9a-f]{16}$`, acct.Secret(): `^[0-9a-f]{32}$`, acct.OriginalID(): `^gh_[0-9a-f]{12}$`,
		} {
			if !regexp.MustCompile(shape).MatchString(value) {
				t.Errorf("%q does not look like %s", value, shape)
			}
		}
	}
	if a.AppID() == b.AppID() {
		t.Error("two accounts have one AppID")
	}
	if again := wechattest.New().AddAccount(wechattest.Account{}); again.AppID() != a.AppID() {
		t.Error("the same seed gave another AppID")
	}
	if other := wechattest.New(wechattest.WithSeed(2)).AddAccount(wechattest.Account{}); other.AppID() == a.AppID() {
		t.Error("another seed gave the same AppID")
	}
}

func TestAccountsPrintAsWhatTheyAre(t *testing.T) {
	p := wechattest.New()
	for kind, name := range map[wechattest.Type]string{wechattest.Service: "service", wechattest.Subscription: "subscription"} {
		a := p.AddAccount(wechattest.Account{Type: kind})
		if got, want := fmt.Sprint(a), name+" account "+a.AppID(); got != want {
			t.Errorf("account prints as %q, want %q", got, want)
		}
	}
	if got, want := fmt.Sprint(p), "fake platform with 2 accounts"; got != want {
		t.Errorf("platform prints as %q, want %q", got, want)
	}
}

func TestMistakesInATestPanic(t *testing.T) {
	c := newCaller(t, verifiedService)
	c.acct.AddTag("vip")
	for what, mistake := range map[string]func(){
		"a path that does not exist":      func() { c.acct.SetQuota("/cgi-bin/nonsense", 1) },
		"a tag twice":                     func() { c.acct.AddTag("vip") },
		"a broadcast that does not exist": func() { c.acct.SetBroadcastStatus(1, "DELETE") },
		"a whitelist of stars":            func() { c.acct.SetWhitelist("172.0.0.*") },
		"a whitelist with a port":         func() { c.acct.SetWhitelist("172.0.0.1:80") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", what)
				}
			}()
			mistake()
		}()
	}
}

func TestAddAccountKeepsWhatIsGiven(t *testing.T) {
	p := wechattest.New()
	given := wechattest.Account{AppID: "wx0123456789abcdef", Secret: strings.Repeat("ab", 16), OriginalID: "gh_0123456789ab"}
	a := p.AddAccount(given)
	if a.AppID() != given.AppID || a.Secret() != given.Secret || a.OriginalID() != given.OriginalID {
		t.Errorf("account is %s, %s, want the given one", a.AppID(), a.OriginalID())
	}
	defer func() {
		if recover() == nil {
			t.Error("the same AppID was taken twice")
		}
	}()
	p.AddAccount(given)
}

func TestFormattingLeaksNothing(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	token := c.stable(false).AccessToken
	account := wechattest.Account{AppID: c.acct.AppID(), Secret: c.acct.Secret()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		for _, v := range []any{c.p, c.acct, account, &account, struct{ A any }{c.acct}} {
			s := fmt.Sprintf(verb, v)
			if strings.Contains(s, c.acct.Secret()) || strings.Contains(s, token) {
				t.Errorf("%s of %T shows a secret: %s", verb, v, s)
			}
		}
	}
}

// permissionOf asks for a call in the wrong way, which is refused after the permission was checked.
func permissionOf(c caller, method, path string) int { return c.call(method, path, "").code(c.tb) }

func TestPermissionsByTypeAndVerification(t *testing.T) {
	const no = 48001
	accounts := []wechattest.Account{
		{Type: wechattest.Subscription},
		{Type: wechattest.Subscription, Verified: true},
		{Type: wechattest.Service},
		{Type: wechattest.Service, Verified: true},
	}
	type columns [4]bool // unverified subscription, verified subscription, unverified service, verified service
	for _, tc := range []struct {
		method, path string
		allowed      columns
	}{
		{http.MethodGet, "/cgi-bin/getcallbackip", columns{true, true, true, true}},
		{http.MethodPost, quotaGet, columns{true, true, true, true}},
		{http.MethodGet, "/cgi-bin/get_current_selfmenu_info", columns{true, true, true, true}},
		{http.MethodPost, "/cgi-bin/media/upload", columns{true, true, true, true}},
		{http.MethodGet, "/cgi-bin/media/get", columns{true, true, true, true}},
		{http.MethodPost, menuCreate, columns{false, true, true, true}},
		{http.MethodGet, menuGet, columns{false, true, true, true}},
		{http.MethodPost, "/cgi-bin/menu/addconditional", columns{false, true, false, true}},
		{http.MethodPost, "/cgi-bin/message/mass/sendall", columns{false, true, false, true}},
		{http.MethodPost, "/cgi-bin/message/mass/send", columns{false, false, false, true}},
		{http.MethodPost, "/cgi-bin/message/mass/get", columns{false, true, false, true}},
		{http.MethodGet, "/cgi-bin/user/get", columns{false, true, false, true}},
		{http.MethodPost, "/cgi-bin/tags/create", columns{false, true, false, true}},
	} {
		for i, a := range accounts {
			c := newCaller(t, a)
			if allowed := permissionOf(c, tc.method, tc.path) != no; allowed != tc.allowed[i] {
				t.Errorf("%s for a %s account, verified %t: allowed %t, want %t", tc.path, a.Type, a.Verified, allowed, tc.allowed[i])
			}
		}
	}
}

func TestVerificationOpensCalls(t *testing.T) {
	c := newCaller(t, wechattest.Account{Type: wechattest.Subscription})
	want(t, "before", c.get(menuGet).code(t), 48001)
	c.acct.SetVerified(true)
	want(t, "after", c.get(menuGet).code(t), 46003)
}

func TestMethodsAndPathsAreChecked(t *testing.T) {
	c := newCaller(t, verifiedService)
	want(t, "POST on a GET call", c.post(menuGet, "{}").code(t), 43001)
	want(t, "GET on a POST call", c.get(menuCreate).code(t), 43002)
	want(t, "PUT on a POST call", c.call(http.MethodPut, menuCreate, "{}").code(t), 43002)
	want(t, "unknown path", c.get("/cgi-bin/nonsense").code(t), 40066)
	want(t, "no token", c.callWith("", http.MethodGet, menuGet, "").code(t), 41001)
}

func TestAccountsAreApart(t *testing.T) {
	a := newCaller(t, verifiedService)
	b := a
	b.acct = a.p.AddAccount(verifiedService)
	a.post(menuCreate, `{"button":[{"type":"click","name":"A","key":"k"}]}`)
	want(t, "menu of the other account", b.get(menuGet).code(t), 46003)
	id := a.upload("/cgi-bin/media/upload", "image", "a.jpg", jpeg).decode(t).MediaID
	want(t, "media of the other account", b.get("/cgi-bin/media/get", "media_id", id).code(t), 40007)
	if n := b.acct.Requests(menuCreate); n != 0 {
		t.Errorf("the other account has %d requests to menu/create", n)
	}
}

func TestRequestsAndExecutionsAreCountedApart(t *testing.T) {
	c := newCaller(t, verifiedService)
	good := `{"button":[{"type":"click","name":"A","key":"k"}]}`
	c.post(menuCreate, good)
	c.post(menuCreate, `{"button":[]}`)
	c.callWith("bad", http.MethodPost, menuCreate, good)
	if got := c.p.Requests(menuCreate); got != 3 {
		t.Errorf("Requests = %d, want 3", got)
	}
	if got := c.p.Executions(menuCreate); got != 1 {
		t.Errorf("Executions = %d, want 1", got)
	}
	if got := c.acct.Requests(menuCreate); got != 2 {
		t.Errorf("account's Requests = %d, want 2: the platform could not tell whose the third was", got)
	}
	if got := c.acct.Executions(menuCreate); got != 1 {
		t.Errorf("account's Executions = %d, want 1", got)
	}
}
