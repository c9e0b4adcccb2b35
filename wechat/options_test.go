package wechat_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

var good = wechat.Credentials{AppID: goodID, AppSecret: wechat.NewSecret(goodSecret)}

func TestNewReportsEveryMistakeAtOnce(t *testing.T) {
	_, err := wechat.New(wechat.Credentials{AppID: "gh_0123456789ab", AppSecret: wechat.NewSecret("short")},
		wechat.WithHTTPClient(nil), wechat.WithTransport(nil), wechat.WithStore(nil), wechat.WithTokens(nil), wechat.WithRules(7),
		wechat.WithLogger(nil), wechat.WithHook(nil), wechat.WithBaseURL("ftp://host"), wechat.WithUserAgent(""),
		wechat.WithRateLimit("cgi-bin", 1, 1), wechat.WithRateLimit("/cgi-bin", 0, 1), wechat.WithRateLimit("/cgi-bin", 1, 0), nil,
	)
	if err == nil {
		t.Fatal("New succeeds")
	}
	for _, want := range []string{
		"nil HTTP client", "nil transport", "nil store", "nil token source", "no such rule set", "nil logger", "nil hook",
		"base URL: the scheme must be https", "user agent", "rate limit: a prefix of a path", "0 a minute with a burst of 1", "1 a minute with a burst of 0",
		"original id", "got 5 of 32", "nil option",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if !errors.Is(err, wechat.ErrInput) {
		t.Errorf("error %v is not of kind ErrInput", err)
	}
	if got := problems(t, err); len(got) != 2 {
		t.Errorf("the credentials' problems are %q", got)
	}
}

func TestBaseURL(t *testing.T) {
	for base, want := range map[string]string{
		"https://api.weixin.qq.com":        "https://api.weixin.qq.com/cgi-bin/x",
		"HTTPS://sh.api.weixin.qq.com/":    "https://sh.api.weixin.qq.com/cgi-bin/x",
		"https://gateway.example:8443/wx/": "https://gateway.example:8443/wx/cgi-bin/x",
		"https://192.0.2.7":                "https://192.0.2.7/cgi-bin/x",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080/cgi-bin/x",
		"http://127.9.9.9":                 "http://127.9.9.9/cgi-bin/x",
		"http://[::1]:8080":                "http://[::1]:8080/cgi-bin/x",
		"http://localhost:8080":            "http://localhost:8080/cgi-bin/x",
		"http://LocalHost":                 "http://LocalHost/cgi-bin/x",
	} {
		var got string
		c, err := wechat.New(good, wechat.WithTokens(wechat.StaticToken("tttt")), wechat.WithBaseURL(base), wechat.WithTransport(script(func(r *http.Request) (*http.Response, error) {
			if r.Host != r.URL.Host {
				t.Errorf("%s: Host is %q", base, r.Host)
			}
			got = r.URL.Scheme + "://" + r.URL.Host + r.URL.EscapedPath()
			return answer(r, 200, `{"errcode":0}`), nil
		})))
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		if err := c.Call(t.Context(), wechat.Request{Path: "/cgi-bin/x"}, nil); err != nil || got != want {
			t.Errorf("%s: the request goes to %q (%v), want %q", base, got, err, want)
		}
		_ = c.Close()
	}
}

func TestBadBaseURLIsRefusedAndNeverRepeated(t *testing.T) {
	for base, want := range map[string]string{
		"":                              "not of the form https://host",
		"api.weixin.qq.com":             "not of the form https://host",
		"https://":                      "not of the form https://host",
		"https://:443":                  "not of the form https://host",
		"https:api.weixin.qq.com":       "not of the form https://host",
		"https://host:port":             "not of the form https://host",
		"https://ho st/":                "not of the form https://host",
		"https://%zz/":                  "not of the form https://host",
		"\x7fhttps://host":              "not of the form https://host",
		"https://user:hunter2@host":     "user, query and fragment are not allowed",
		"https://host?hunter2=1":        "user, query and fragment are not allowed",
		"https://host?":                 "user, query and fragment are not allowed",
		"https://host#hunter2":          "user, query and fragment are not allowed",
		"http://api.weixin.qq.com":      "use https, or WithPlainHTTP",
		"http://192.168.0.1":            "use https, or WithPlainHTTP",
		"http://127.0.0.1.evil.example": "use https, or WithPlainHTTP",
		"http://localhost.evil.example": "use https, or WithPlainHTTP",
		"http://0.0.0.0":                "use https, or WithPlainHTTP",
		"http://2130706433":             "use https, or WithPlainHTTP",
		"ftp://hunter2.example":         "the scheme must be https",
		"unix:///var/run/hunter2":       "not of the form https://host",
		"ws://hunter2.example":          "the scheme must be https",
	} {
		_, err := wechat.New(good, wechat.WithBaseURL(base))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("WithBaseURL(%q): error %v, want one that says %q", base, err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("WithBaseURL(%q): the error repeats what was given: %v", base, err)
		}
	}
}

func TestPlainHTTPHasToBeAskedFor(t *testing.T) {
	c, err := wechat.New(good, wechat.WithBaseURL("http://gateway.internal"), wechat.WithPlainHTTP())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := wechat.New(good, wechat.WithBaseURL("ftp://gateway.internal"), wechat.WithPlainHTTP()); err == nil {
		t.Error("WithPlainHTTP allows ftp")
	}
}

func TestOptionErrorsNeverRepeatWhatWasGiven(t *testing.T) {
	_, err := wechat.New(good,
		wechat.WithBaseURL("http://"+plantedSecret+".example/?"+plantedSecret), wechat.WithUserAgent(plantedSecret+"\r\nX: y"),
		wechat.WithRateLimit(plantedSecret, 1, 1), wechat.WithRateLimit("/x?access_token="+plantedSecret, 0, 0),
	)
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("error %v, want four", err)
	}
	wantNoLeak(t, "the error", err.Error(), plantedSecret)
}

func TestUserAgent(t *testing.T) {
	for _, ua := range []string{"", "a\r\nb", "a\nb", "a\x00b", "a\x7fb"} {
		if _, err := wechat.New(good, wechat.WithUserAgent(ua)); err == nil {
			t.Errorf("WithUserAgent(%q) is accepted", ua)
		}
	}
	for want, opts := range map[string][]wechat.Option{"wechat-go": nil, "acme/1.0 (汉)": {wechat.WithUserAgent("acme/1.0 (汉)")}} {
		var got []string
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			got = r.Header["User-Agent"]
			return answer(r, 200, `{"errcode":0}`), nil
		}, opts...)
		if err := c.Call(t.Context(), wechat.Request{Path: "/x"}, nil); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("User-Agent %q (%v), want %q", got, err, want)
		}
	}
}

// TestGivenHTTPClientIsCopied also covers a client without a transport and with a redirect policy of its own.
func TestGivenHTTPClientIsCopied(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	requests := 0
	transport := script(func(r *http.Request) (*http.Response, error) {
		requests++
		return answer(r, http.StatusFound, "", "Location", "https://elsewhere.example/"), nil
	})
	given := &http.Client{Transport: transport, Timeout: time.Hour, Jar: jar}
	c, err := wechat.New(good, wechat.WithHTTPClient(given), wechat.WithTokens(wechat.StaticToken("tttt")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, still := given.Transport.(script); !still || given.CheckRedirect != nil || given.Timeout != time.Hour || given.Jar != jar {
		t.Errorf("the given client was changed: %+v", given)
	}
	err = c.Call(t.Context(), wechat.Request{Path: "/x"}, nil)
	wantKind(t, err, wechat.ErrUnexpectedRedirect)
	if requests != 1 {
		t.Errorf("%d requests, want 1", requests)
	}
	given.Transport = nil // too late to matter
	if err := c.Call(t.Context(), wechat.Request{Path: "/x"}, nil); !errors.Is(err, wechat.ErrUnexpectedRedirect) || requests != 2 {
		t.Errorf("the client follows what happens to the given one: %v", err)
	}
}

func TestTransportReplacesAnEarlierHTTPClient(t *testing.T) {
	used := false
	c := scripted(t, nil, wechat.WithHTTPClient(&http.Client{}), wechat.WithTransport(script(func(r *http.Request) (*http.Response, error) {
		used = true
		return answer(r, 200, `{"errcode":0}`), nil
	})))
	if err := c.Call(t.Context(), wechat.Request{Path: "/x"}, nil); err != nil || !used {
		t.Errorf("the last transport was not used: %v", err)
	}
}

func TestSettingsComeBack(t *testing.T) {
	st := store.NewMemory()
	log := slog.New(slog.DiscardHandler)
	c, err := wechat.New(good, wechat.WithStore(st), wechat.WithRules(wechat.Current), wechat.WithLogger(log))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.AppID() != goodID || c.Store() != store.Store(st) || c.Rules() != wechat.Current || c.Logger() != log {
		t.Error("the client does not give back what it was made with")
	}
	plain, err := wechat.New(good)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if plain.Store() == nil || plain.Rules() != wechat.Documented || plain.Logger() == nil {
		t.Error("a client without options lacks something")
	}
}

func TestHooksAddUpInOrder(t *testing.T) {
	var order []int
	hook := func(n int) wechat.Option {
		return wechat.WithHook(func(context.Context, wechat.Attempt) { order = append(order, n) })
	}
	c := scripted(t, func(r *http.Request) (*http.Response, error) { return answer(r, 200, `{"errcode":0}`), nil }, hook(1), hook(2), hook(3))
	if err := c.Call(t.Context(), wechat.Request{Path: "/x"}, nil); err != nil || len(order) != 3 || order[0] != 1 || order[2] != 3 {
		t.Errorf("hooks were called in order %v (%v)", order, err)
	}
}

func TestRateLimitOptionIsTaken(t *testing.T) {
	c := scripted(t, func(r *http.Request) (*http.Response, error) { return answer(r, 200, `{"errcode":0}`), nil }, wechat.WithRateLimit("/x", 1, 1))
	if err := c.Call(t.Context(), wechat.Request{Path: "/x/y"}, nil); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	wantKind(t, c.Call(ctx, wechat.Request{Path: "/x/z"}, nil), wechat.ErrRateLimited)
	if err := c.Call(ctx, wechat.Request{Path: "/other"}, nil); err != nil {
		t.Error(err)
	}
}
