package wechattest_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

func TestStableTokenStaysTheSameUntilItsLastFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		first := c.stable(false)
		if len(first.AccessToken) > 512 || first.ExpiresIn != 7200 {
			t.Fatalf("first token: %d characters for %d s", len(first.AccessToken), first.ExpiresIn)
		}
		time.Sleep(7200*time.Second - 301*time.Second)
		again := c.stable(false)
		if again.AccessToken != first.AccessToken || again.ExpiresIn != 301 {
			t.Errorf("301 s before the end: the same token %t, %d s left", again.AccessToken == first.AccessToken, again.ExpiresIn)
		}
		time.Sleep(time.Second)
		next := c.stable(false)
		if next.AccessToken == first.AccessToken || next.ExpiresIn != 7200 {
			t.Errorf("300 s before the end: the same token %t, %d s left", next.AccessToken == first.AccessToken, next.ExpiresIn)
		}
		want(t, "old token in the overlap", c.probe(first.AccessToken), 0)
		want(t, "new token in the overlap", c.probe(next.AccessToken), 0)
		time.Sleep(5*time.Minute - time.Second)
		want(t, "old token at the end of the overlap", c.probe(first.AccessToken), 0)
		time.Sleep(time.Second)
		want(t, "old token after the overlap", c.probe(first.AccessToken), 42001)
		want(t, "new token after the overlap", c.probe(next.AccessToken), 0)
		if n := c.acct.TokenFetches(); n != 3 {
			t.Errorf("TokenFetches() = %d, want 3", n)
		}
	})
}

func TestForcedRefreshKillsTheOldTokenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		old := c.stable(false).AccessToken
		forced := c.stable(true).AccessToken
		if forced == old {
			t.Fatal("a forced refresh gave the old token")
		}
		want(t, "old token", c.probe(old), 40001)
		time.Sleep(29 * time.Second)
		if c.stable(true).AccessToken != forced {
			t.Error("a forced refresh within 30 s refreshed")
		}
		time.Sleep(time.Second)
		if c.stable(true).AccessToken == forced {
			t.Error("a forced refresh after 30 s did not refresh")
		}
	})
}

func TestForcedRefreshIsLimitedToTwentyADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		for range 20 {
			want(t, "forced refresh", c.stable(true).ErrCode, 0)
			time.Sleep(30 * time.Second)
		}
		want(t, "21st forced refresh", c.stable(true).ErrCode, 45009)
		want(t, "normal mode", c.stable(false).ErrCode, 0)
		sleepUntilMidnight()
		want(t, "forced refresh on the next day", c.stable(true).ErrCode, 0)
	})
}

func TestClassicTokenIsSupersededByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		first, second := c.classic().AccessToken, c.classic().AccessToken
		if first == second {
			t.Fatal("two calls gave one token")
		}
		time.Sleep(5*time.Minute - time.Second)
		want(t, "old token in the overlap", c.probe(first), 0)
		time.Sleep(time.Second)
		want(t, "old token after the overlap", c.probe(first), 40001)
		want(t, "new token", c.probe(second), 0)
		time.Sleep(2 * time.Hour)
		want(t, "new token after its life", c.probe(second), 42001)
	})
}

func TestTokenFamiliesDoNotTouchEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		stable, classic := c.stable(false).AccessToken, c.classic().AccessToken
		time.Sleep(time.Minute)
		c.stable(true)
		c.classic()
		time.Sleep(time.Minute)
		want(t, "classic token after a forced stable refresh", c.probe(classic), 0)
		want(t, "stable token that was forced out", c.probe(stable), 40001)
	})
}

func TestTokenCallsAreRefused(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	other := strings.Repeat("0", 32)
	login := func(grant, appid, secret string) string {
		return jsonText(t, map[string]any{"grant_type": grant, "appid": appid, "secret": secret})
	}
	const cc = "client_credential"
	for _, tc := range []struct {
		name                 string
		grant, appid, secret string
		stable, classic      int
	}{
		{"no appid", cc, "", c.acct.Secret(), 41002, 41002},
		{"no secret", cc, c.acct.AppID(), "", 41004, 41004},
		{"other grant", "password", c.acct.AppID(), c.acct.Secret(), 40002, 40002},
		{"unknown appid", cc, "wx0000000000000000", c.acct.Secret(), 40013, 40013},
		{"appid in capitals", cc, strings.ToUpper(c.acct.AppID()), c.acct.Secret(), 40013, 40013},
		{"secret that is none", cc, c.acct.AppID(), "secret", 40125, 40125},
		{"wrong secret", cc, c.acct.AppID(), other, 40125, 40001},
	} {
		got := c.callWith("", http.MethodPost, "/cgi-bin/stable_token", login(tc.grant, tc.appid, tc.secret)).code(t)
		want(t, "stable: "+tc.name, got, tc.stable)
		got = c.callWith("", http.MethodGet, "/cgi-bin/token", "",
			"grant_type", tc.grant, "appid", tc.appid, "secret", tc.secret).code(t)
		want(t, "classic: "+tc.name, got, tc.classic)
	}
	want(t, "GET on stable_token", c.callWith("", http.MethodGet, "/cgi-bin/stable_token", "").code(t), 43002)
	want(t, "POST on token", c.callWith("", http.MethodPost, "/cgi-bin/token", "{}").code(t), 43001)
	want(t, "no body", c.callWith("", http.MethodPost, "/cgi-bin/stable_token", "").code(t), 44002)
	want(t, "no JSON", c.callWith("", http.MethodPost, "/cgi-bin/stable_token", "{").code(t), 47001)
	if n := c.acct.TokenFetches(); n != 0 {
		t.Errorf("TokenFetches() = %d after refusals only", n)
	}
}

func TestExpiredTokensStayKnown(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	first := c.stable(false).AccessToken
	for range 63 {
		c.acct.ExpireTokens()
		c.stable(false)
	}
	want(t, "one of the last 64 tokens", c.probe(first), 42001)
	c.acct.ExpireTokens()
	c.stable(false)
	want(t, "one that is forgotten", c.probe(first), 40001)
}

func TestAccessTokensAreRefused(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	wellFormed := "99_" + strings.Repeat("x", 133)
	want(t, "no token", c.probe(""), 41001)
	want(t, "malformed token", c.probe("t"), 40014)
	want(t, "unknown token", c.probe(wellFormed), 40001)

	c.acct.RevokeTokens()
	stable, classic := c.stable(false).AccessToken, c.classic().AccessToken
	want(t, "good token", c.probe(stable), 0)
	c.acct.RevokeTokens()
	want(t, "revoked stable token", c.probe(stable), 40001)
	want(t, "revoked classic token", c.probe(classic), 40001)

	stable, classic = c.stable(false).AccessToken, c.classic().AccessToken
	want(t, "token after a revocation", c.probe(stable), 0)
	c.acct.ExpireTokens()
	want(t, "expired stable token", c.probe(stable), 42001)
	want(t, "expired classic token", c.probe(classic), 42001)
	want(t, "token after the expiry", c.probe(c.stable(false).AccessToken), 0)
}

func TestSecretCanBeFrozenAndReset(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	token := c.stable(false).AccessToken
	c.acct.FreezeSecret()
	want(t, "stable, frozen", c.stable(false).ErrCode, 40243)
	want(t, "classic, frozen", c.classic().ErrCode, 40243)
	want(t, "token while the secret is frozen", c.probe(token), 0)
	c.acct.UnfreezeSecret()
	want(t, "stable, unfrozen", c.stable(false).ErrCode, 0)

	old := c.login(false)
	c.acct.ResetSecret(strings.Repeat("a", 32))
	want(t, "old secret", c.callWith("", http.MethodPost, "/cgi-bin/stable_token", old).code(t), 40125)
	want(t, "new secret", c.stable(false).ErrCode, 0)
	want(t, "token of the old secret", c.probe(token), 0)
}

func TestAdministratorHasToConfirm(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	c.acct.AskAdministrator(true)
	want(t, "asking", c.stable(false).ErrCode, 89503)
	c.acct.AskAdministrator(false)
	want(t, "confirmed", c.stable(false).ErrCode, 0)
}

func TestWhitelistRefusesWithTheCallersAddress(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	token := c.stable(false).AccessToken
	c.acct.SetWhitelist("192.0.2.1", "198.51.100.0/24")
	for _, tc := range []struct{ ip, msg string }{
		{"203.0.113.7", "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"},
		{"::ffff:203.0.113.9", "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist"},
		{"2001:db8::1", "invalid ip 2001:db8::1 ipv6 2001:db8::1, not in whitelist"},
	} {
		c.p.SetCallerIP(netip.MustParseAddr(tc.ip))
		for what, r := range map[string]reply{
			"stable_token": c.callWith("", http.MethodPost, "/cgi-bin/stable_token", c.login(false)),
			"another call": c.callWith(token, http.MethodGet, "/cgi-bin/getcallbackip", ""),
		} {
			want(t, what, r.code(t), 40164)
			if got := withoutRID(r.decode(t).ErrMsg); got != tc.msg {
				t.Errorf("%s from %s: errmsg %q, want %q", what, tc.ip, got, tc.msg)
			}
		}
	}
	for _, ip := range []string{"192.0.2.1", "198.51.100.77", "::ffff:192.0.2.1"} {
		c.p.SetCallerIP(netip.MustParseAddr(ip))
		want(t, "from "+ip, c.probe(token), 0)
	}
	c.acct.SetWhitelist()
	want(t, "empty whitelist", c.probe(token), 40164)
}

func TestFlappingRefusesValidTokensAtItsRate(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	token := c.stable(false).AccessToken
	flaps := func() (pattern string, n int) {
		c.acct.FlapTokens(0.45, 7)
		for range 1000 {
			switch code := c.probe(token); code {
			case 0:
				pattern += "."
			case 40001:
				pattern += "x"
				n++
			default:
				t.Fatalf("errcode %d", code)
			}
		}
		return pattern, n
	}
	pattern, n := flaps()
	if n < 400 || n > 500 {
		t.Errorf("%d of 1000 calls were refused, want about 450", n)
	}
	if again, _ := flaps(); again != pattern {
		t.Error("the same seed gave another pattern")
	}
	if c.stable(false).AccessToken != token {
		t.Error("the token itself changed")
	}
	c.acct.FlapTokens(0, 0)
	want(t, "flapping switched off", c.probe(token), 0)
}

func TestTokenLifeCanBeSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		c.acct.SetTokenLife(time.Minute)
		first := c.stable(false)
		if first.ExpiresIn != 60 {
			t.Errorf("expires_in %d, want 60", first.ExpiresIn)
		}
		time.Sleep(29 * time.Second)
		if got := c.stable(false); got.AccessToken != first.AccessToken || got.ExpiresIn != 31 {
			t.Errorf("at 29 s: the same token %t, %d s left", got.AccessToken == first.AccessToken, got.ExpiresIn)
		}
		time.Sleep(time.Second)
		if c.stable(false).AccessToken == first.AccessToken {
			t.Error("at half of its life the token was not succeeded")
		}
	})
}

// A fleet that asks every minute renews the token each time it enters its last minutes.
func TestTokensOfAWeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		generations, last := 0, ""
		const minutes = 7 * 24 * 60
		for range minutes {
			if token := c.stable(false).AccessToken; token != last {
				generations, last = generations+1, token
			}
			time.Sleep(time.Minute)
		}
		// A token is used for 115 minutes: 7200 s less its last five minutes.
		if want := minutes/115 + 1; generations != want {
			t.Errorf("%d generations in a week, want %d", generations, want)
		}
	})
}

// sleepUntilMidnight sleeps to the beginning of the next day at UTC+8.
func sleepUntilMidnight() {
	now := time.Now().In(time.FixedZone("", 8*3600))
	time.Sleep(time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, now.Location()).Sub(now))
}
