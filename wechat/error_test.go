package wechat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// failing gives the error of a call that is answered with body.
func failing(tb testing.TB, body string) *wechat.Error {
	tb.Helper()
	c := scripted(tb, func(r *http.Request) (*http.Response, error) { return answer(r, 200, body), nil })
	return details(tb, c.Call(tb.Context(), wechat.Request{Method: http.MethodPost, Path: "/cgi-bin/x"}, nil))
}

var kinds = []error{
	wechat.ErrCredentials, wechat.ErrTokenRejected, wechat.ErrIPNotAllowed, wechat.ErrRateLimited, wechat.ErrQuota, wechat.ErrForbidden,
	wechat.ErrNotFound, wechat.ErrBusy, wechat.ErrOutcomeUnknown, wechat.ErrBadResponse, wechat.ErrResponseTooLarge,
	wechat.ErrUnexpectedRedirect, wechat.ErrSourceChanged, wechat.ErrClosed, wechat.ErrInput,
}

// kindsOf lists the kinds that an error is of.
func kindsOf(err error) string {
	var names []string
	for _, k := range kinds {
		if errors.Is(err, k) {
			names = append(names, k.Error())
		}
	}
	return strings.Join(names, ", ")
}

func TestKindsOfTheImportantCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a refused token is tried again after a pause
		for code, want := range map[int]string{
			-1:    "platform busy, outcome unknown",
			40001: "access token rejected",
			40014: "access token rejected",
			42001: "access token rejected",
			40013: "credentials refused",
			40125: "credentials refused",
			40243: "credentials refused",
			50004: "credentials refused",
			40164: "IP address not allowed",
			61004: "IP address not allowed",
			89503: "IP address not allowed",
			89506: "IP address not allowed",
			89507: "IP address not allowed",
			45009: "quota exhausted",
			45028: "quota exhausted",
			48006: "quota exhausted",
			45011: "rate limited",
			45066: "rate limited",
			42010: "rate limited",
			48001: "forbidden",
			48004: "forbidden",
			50002: "forbidden",
			65319: "forbidden",
			40007: "not found",
			40152: "not found",
			46003: "not found",
			46004: "not found",
			76001: "not found",
			40003: "",
			40097: "",
			45065: "",
			45067: "",
			47001: "",
			65316: "",
		} {
			e := failing(t, fmt.Sprintf(`{"errcode":%d,"errmsg":"some words"}`, code))
			if got := kindsOf(e); got != want || e.Code != code {
				t.Errorf("errcode %d: kinds %q, want %q", code, got, want)
			}
			if e.Hint() == "" {
				t.Errorf("errcode %d has no hint", code)
			}
		}
	})
}

func TestUnknownCodesSurviveUntouched(t *testing.T) {
	for _, code := range []int{1, 99999, -2, -99, 2147483647, -2147483648} {
		body := fmt.Sprintf(`{"errcode":%d,"errmsg":"something new rid: 61725984-6126f6f9-040f19c4","extra":{"a":1}}`, code)
		e := failing(t, body)
		want := fmt.Sprintf("POST /cgi-bin/x: errcode %d: something new [rid 61725984-6126f6f9-040f19c4]", code)
		if e.Error() != want || e.Code != code || e.Hint() != "" || !e.RetryAt().IsZero() || kindsOf(e) != "" || string(e.Answer) != body {
			t.Errorf("errcode %d: %v, kinds %q, hint %q, answer %q", code, e, kindsOf(e), e.Hint(), e.Answer)
		}
	}
}

func TestErrorReadsAsAPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The bubble's clock begins at 2000-01-01 00:00 UTC.
		for body, want := range map[string]string{
			`{"errcode":40164,"errmsg":"invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 61725984-6126f6f9-040f19c4"}`: "POST /cgi-bin/x: errcode 40164: " +
				"invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist; caller IP is not on the account's IP allow-list; the account's administrator can mend it in the console; " +
				"add 1.2.3.4 to the IP whitelist and allow it some ten minutes; try again at 2000-01-01 08:01:00 +08:00 [rid 61725984-6126f6f9-040f19c4]",
			`{"errcode":45009,"errmsg":"reach max api daily quota limit"}`: "POST /cgi-bin/x: errcode 45009: reach max api daily quota limit; " +
				"daily call quota of this API is used up (see clear_quota); try again at 2000-01-02 00:00:00 +08:00",
			`{"errcode":-1,"errmsg":"system error"}`: "POST /cgi-bin/x: errcode -1: system error: outcome unknown; server is busy or failed internally; retry later; it is up to the platform",
			`{"errcode":40007}`:                      "POST /cgi-bin/x: errcode 40007; media_id does not exist, expired, or is not usable here",
			`{"errcode":43004,"errmsg":7}`:           "POST /cgi-bin/x: errcode 43004; recipient must follow the account; it is up to the follower",
			`{}`:                                     "POST /cgi-bin/x: bad response: outcome unknown: no errcode in the answer",
			`null`:                                   "POST /cgi-bin/x: bad response: outcome unknown: answer is no JSON object",
		} {
			if got := failing(t, body).Error(); got != want {
				t.Errorf("%s\ngives %s\nwant  %s", body, got, want)
			}
		}
	})
}

func TestRetryAtOfTheImportantCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zone := time.FixedZone("", 8*60*60)
		time.Sleep(90 * time.Second)
		now := time.Now()
		for code, want := range map[int]time.Time{
			45009: time.Date(2000, 1, 2, 0, 0, 0, 0, zone),
			45011: time.Date(2000, 1, 1, 0, 2, 0, 0, time.UTC),
			45066: time.Date(2000, 1, 1, 0, 2, 0, 0, time.UTC),
			40164: now.Add(time.Minute),
			61004: now.Add(time.Minute),
			40243: now.Add(10 * time.Minute),
			89506: now.Add(24 * time.Hour),
			89507: now.Add(time.Hour),
			48006: time.Date(2000, 2, 1, 0, 0, 0, 0, zone),
			45028: {}, // only a ledger knows which allowance
			48001: {}, -1: {}, 89503: {}, 40007: {}, 12345: {},
		} {
			if got := failing(t, fmt.Sprintf(`{"errcode":%d,"errmsg":"x"}`, code)).RetryAt(); !got.Equal(want) {
				t.Errorf("errcode %d: try again at %v, want %v", code, got, want)
			}
		}
	})
}

func TestAddressOfARefusedCaller(t *testing.T) {
	for errmsg, want := range map[string]string{
		"invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 61725984-6126f6f9-040f19c4": "203.0.113.9",
		"invalid ip ::ffff:203.0.113.9, not in whitelist":                                                  "203.0.113.9",
		"invalid ip 2408:4000::7f ipv6 2408:4000::7f, not in whitelist":                                    "2408:4000::7f",
		"access clientip is not registered requestIP: 203.0.113.9":                                         "203.0.113.9",
		"not in whitelist": "",
	} {
		for _, code := range []int{40164, 61004} {
			e := failing(t, fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, code, errmsg))
			got := ""
			if e.IP().IsValid() {
				got = e.IP().String()
			}
			if got != want {
				t.Errorf("errcode %d, %q: address %q, want %q", code, errmsg, got, want)
			}
			if hint := e.Hint(); strings.Contains(hint, "to the IP whitelist") != (want != "") || !strings.Contains(hint, want) {
				t.Errorf("errcode %d, %q: hint %q", code, errmsg, hint)
			}
		}
	}
	if e := failing(t, `{"errcode":40003,"errmsg":"invalid ip 203.0.113.9"}`); e.IP().IsValid() {
		t.Errorf("errcode 40003 gives address %v", e.IP())
	}
}

func TestErrorsAreFoundThroughAnyWrapping(t *testing.T) {
	e := failing(t, `{"errcode":45009,"errmsg":"x"}`)
	wrapped := fmt.Errorf("broadcast: %w", errors.Join(io.EOF, fmt.Errorf("preflight: %w", e)))
	wantKind(t, wrapped, wechat.ErrQuota, io.EOF)
	if errors.Is(wrapped, wechat.ErrBusy) {
		t.Error("a kind too many")
	}
	if got := details(t, wrapped); got != e {
		t.Errorf("errors.AsType gives %v", got)
	}
}

func TestMessageIsPrintableAndShort(t *testing.T) {
	quoted, err := json.Marshal(strings.Repeat("坏\x1b[31m\u202e\n", 4000) + " rid: 61725984-6126f6f9-040f19c4")
	if err != nil {
		t.Fatal(err)
	}
	e := failing(t, `{"errcode":40003,"errmsg":`+string(quoted)+`}`)
	if len(e.Message) > 512 || len(e.Error()) > 1024 || strings.ContainsAny(e.Error(), "\x1b\u202e\n") || e.RID != "61725984-6126f6f9-040f19c4" {
		t.Errorf("message of %d bytes in an error of %d, rid %q: %q", len(e.Message), len(e.Error()), e.RID, e.Message)
	}
}

func TestDecodingErrorsAreBounded(t *testing.T) {
	c := scripted(t, func(r *http.Request) (*http.Response, error) {
		return answer(r, 200, `{"count":`+strings.Repeat("9", 100_000)+`}`), nil
	})
	var out struct {
		Count int64 `json:"count"`
	}
	e := details(t, c.Call(t.Context(), wechat.Request{Path: "/x"}, &out))
	wantKind(t, e, wechat.ErrBadResponse, wechat.ErrOutcomeUnknown)
	if len(e.Error()) > 1024 {
		t.Errorf("an error of %d bytes", len(e.Error()))
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](e); !ok {
		t.Errorf("the decoder's error is out of reach: %v", e)
	}
}

func TestAnswerIsKeptBoundedAndWithoutSecrets(t *testing.T) {
	const token = "a-static-token"
	page := `<html><a href="/cgi-bin/x?access_token=` + token + `&b=c">x</a></html>`
	for body, want := range map[string]string{
		`{"errcode":40003,"errmsg":"x","detail":[1,2]}`:           `{"errcode":40003,"errmsg":"x","detail":[1,2]}`,
		`{"errcode":40003,"errmsg":"token ` + token + ` is bad"}`: `{"errcode":40003,"errmsg":"token [redacted] is bad"}`,
		page: `<html><a href="/cgi-bin/x?access_token=[redacted]&b=c">x</a></html>`,
		"":   "",
		`{"errcode":40003,"refresh_token":"other-token","ticket":"t1"}`:      `{"errcode":40003,"refresh_token":"[redacted]","ticket":"[redacted]"}`,
		`{"errcode":40003,"log":"{\"access_token\":\"other\",\"n\":1}"}`:     `{"errcode":40003,"log":"{\"access_token\":\"[redacted]\",\"n\":1}"}`,
		strings.Repeat("x", 64<<10-4) + token + strings.Repeat("y", 300<<10): strings.Repeat("x", 64<<10-4),
	} {
		if got := string(failing(t, body).Answer); got != want {
			t.Errorf("the answer of %d bytes %.80q is kept as %d bytes that end in %q", len(body), body, len(got), got[max(0, len(got)-80):])
		}
	}
	kept := failing(t, `{"errcode":40003,"errmsg":"x"}`)
	again := failing(t, `{"errcode":40004,"errmsg":"another"}`)
	if string(kept.Answer) != `{"errcode":40003,"errmsg":"x"}` || len(again.Answer) == 0 {
		t.Errorf("a later call changed a kept answer: %s", kept.Answer)
	}
}

// TestTransportErrorsShowNoSecret makes the transport fail in the ways in which net/http, httpmock and others
// print the URL, over real connections where they need them.
func TestTransportErrorsShowNoSecret(t *testing.T) {
	const token = "84_Pl4ntedT0ken-zQx7_vB2nM9kL4jH6gF1dS8aP3oI5uY0tR"
	location := func(w http.ResponseWriter, loc string) {
		w.Header()["Location"] = []string{loc}
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/location":
			location(w, "http://[::1/x?access_token="+r.URL.Query().Get("access_token"))
		case "/redirect":
			location(w, "https://elsewhere.example"+r.URL.String())
		case "/echo":
			http.Error(w, r.URL.String()+" "+url.QueryEscape(r.URL.String()), http.StatusBadGateway)
		case "/echo/json":
			fmt.Fprintf(w, `{"errcode":40003,"errmsg":%q}`, r.URL.String())
		case "/hang":
			_, _ = io.Copy(io.Discard, r.Body) // only then does the server see that the client is gone
			<-r.Context().Done()
		case "/cut":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"errcode":0`)
		default:
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				fmt.Fprintf(conn, "HTTP/1.1 2x0 %s\r\n\r\n", r.URL)
				conn.Close()
			}
		}
	}))
	defer server.Close()
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	defer secure.Close()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()

	mock := httpmock.NewMockTransport()
	odd := func(err error) wechat.Option {
		return wechat.WithTransport(script(func(r *http.Request) (*http.Response, error) {
			if err == nil {
				err = fmt.Errorf("round trip of %v with %v", r.URL, r.Header)
			}
			return nil, err
		}))
	}
	for name, c := range map[string]struct {
		option wechat.Option
		base   string
		path   string
		want   error
	}{
		"no responder":         {wechat.WithTransport(mock), "", "/x", nil},
		"refused":              {nil, "http://" + nobody.Addr().String(), "/x", syscall.ECONNREFUSED},
		"unknown host":         {nil, "https://host.invalid", "/x", nil},
		"TLS, unknown issuer":  {nil, secure.URL, "/x", nil},
		"plain instead of TLS": {nil, "https://" + strings.TrimPrefix(server.URL, "http://"), "/x", nil},
		"bad Location":         {nil, server.URL, "/location", nil},
		"redirect":             {nil, server.URL, "/redirect", wechat.ErrUnexpectedRedirect},
		"echo":                 {nil, server.URL, "/echo", wechat.ErrBusy},
		"echo in the errmsg":   {nil, server.URL, "/echo/json", nil},
		"malformed status":     {nil, server.URL, "/malformed", nil},
		"cut":                  {nil, server.URL, "/cut", wechat.ErrBadResponse},
		"deadline":             {nil, server.URL, "/hang", context.DeadlineExceeded},
		"client timeout":       {wechat.WithHTTPClient(&http.Client{Timeout: 20 * time.Millisecond}), server.URL, "/hang", context.DeadlineExceeded},
		"transport's text":     {odd(nil), "", "/x", nil},
		"url.Error":            {odd(&url.Error{Op: "Get", URL: "https://h/?access_token=" + token, Err: io.EOF}), "", "/x", io.EOF},
		"url.Error inside":     {odd(fmt.Errorf("x: %w", &url.Error{Op: "Get", URL: "https://h/?access_token=" + token, Err: context.Canceled})), "", "/x", context.Canceled},
		"url.Error of nothing": {odd(&url.Error{Op: "Get", URL: "https://h/?access_token=" + token, Err: nil}), "", "/x", nil},
	} {
		t.Run(name, func(t *testing.T) {
			opts := []wechat.Option{wechat.WithTokens(wechat.StaticToken(token))}
			if c.base != "" {
				opts = append(opts, wechat.WithBaseURL(c.base))
			}
			if c.option != nil {
				opts = append(opts, c.option)
			}
			client, err := wechat.New(wechat.Credentials{AppID: goodID, AppSecret: wechat.NewSecret(plantedSecret)}, opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			patience := 10 * time.Second
			if name == "deadline" {
				patience = 50 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			e := details(t, client.Call(ctx, wechat.Request{
				Path: c.path, Query: url.Values{"openid": {"oPlanted-0penID"}}, Body: map[string]string{"k": "body-canary"}, Class: wechat.ClassScarce, // one attempt
			}, nil))
			if c.want != nil && !errors.Is(e, c.want) {
				t.Errorf("error %v, want one that is %v", e, c.want)
			}
			if _, found := errors.AsType[*url.Error](e); found {
				t.Error("a *url.Error is in the chain")
			}
			text := dump(e)
			wantNoLeak(t, "the error", text, token, plantedSecret)
			if name != "echo" && name != "echo in the errmsg" && strings.Contains(text, "oPlanted-0penID") {
				t.Errorf("the error shows the query: %s", text)
			}
			if strings.Contains(e.Error(), "body-canary") {
				t.Errorf("the error shows the body: %v", e)
			}
		})
	}
}

// dump is everything that a curious program can print of an error.
func dump(err error) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%x"} {
		fmt.Fprintf(&b, verb+"\n", err)
		fmt.Fprintf(&b, verb+"\n", fmt.Errorf("wrapped: %w", err))
	}
	j, jerr := json.Marshal(err)
	fmt.Fprintf(&b, "%s %v\n", j, jerr)
	walk(&b, err)
	return b.String()
}

func walk(b *bytes.Buffer, err error) {
	if err == nil {
		return
	}
	fmt.Fprintf(b, "%T %v %#v\n", err, err, err)
	if e, ok := err.(*wechat.Error); ok { //nolint:errorlint // the chain is walked by hand
		fmt.Fprintf(b, "%s %q %v %x %s %v %v\n", e.Answer, e.Answer, e.Answer, e.Answer, e.Hint(), e.RetryAt(), e.IP())
	}
	switch e := err.(type) { //nolint:errorlint // the chain is walked by hand
	case interface{ Unwrap() error }:
		walk(b, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			walk(b, one)
		}
	}
}

func TestErrorsOfTheTokenSourceAreCleaned(t *testing.T) {
	source := tokenFunc(func(context.Context, string) (string, error) {
		return "", &url.Error{Op: "Get", URL: "https://tokens.internal/?key=" + plantedSecret, Err: io.EOF}
	})
	c := scripted(t, nil, wechat.WithTokens(source))
	e := details(t, c.Call(t.Context(), wechat.Request{Path: "/x"}, nil))
	if !errors.Is(e, io.EOF) || errors.Is(e, wechat.ErrOutcomeUnknown) {
		t.Errorf("error %v", e)
	}
	wantNoLeak(t, "the error", dump(e), plantedSecret)
}

type tokenFunc func(context.Context, string) (string, error)

func (f tokenFunc) Token(ctx context.Context, refused string) (string, error) { return f(ctx, refused) }

func TestInputErrorListsAndUnwraps(t *testing.T) {
	if err := wechat.Refuse("menu", nil); err != nil {
		t.Errorf("no problems give %v", err)
	}
	err := wechat.Refuse("menu", []wechat.Problem{
		{Field: "buttons[2].name", Rule: "length", Message: "17 bytes, at most 16", Fix: "shorten it"}, {Message: "no buttons"},
	})
	if want := "menu: buttons[2].name: 17 bytes, at most 16 (shorten it); no buttons"; err.Error() != want || !errors.Is(err, wechat.ErrInput) {
		t.Errorf("error %q, want %q", err, want)
	}
	if err := wechat.Refuse("", []wechat.Problem{{Message: "x"}}); err.Error() != "x" {
		t.Errorf("without an operation: %q", err)
	}
	j, jerr := json.Marshal(wechat.Problem{Field: "f", Rule: "r", Message: "m"})
	if diff := cmp.Diff(`{"field":"f","rule":"r","message":"m"}`, string(j)); diff != "" || jerr != nil {
		t.Error(diff, jerr)
	}
}

// TestCallsWithoutATokenTakeAUsersOwn: web authorisation has tokens of its own, in the same parameter. The
// account's is not fetched for them, and they are not shown either.
func TestCallsWithoutATokenTakeAUsersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked string
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			asked = r.URL.RequestURI()
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: fmt.Errorf("at %s: %w", r.URL.RequestURI(), io.EOF)}
		}, wechat.WithTokens(tokenFunc(func(context.Context, string) (string, error) { t.Error("a token was fetched"); return "", io.EOF })))
		_, err := wechat.Get[struct{ OpenID string }](t.Context(), c, "/sns/userinfo", url.Values{"access_token": {plantedSecret}, "openid": {"o1"}})
		if e := details(t, err); asked != "/sns/userinfo?access_token="+plantedSecret+"&openid=o1" || e.Code != 0 {
			t.Errorf("asked %s: %v", asked, err)
		}
		wantNoLeak(t, "the error", dump(err), plantedSecret)
		if err := c.Call(t.Context(), wechat.Request{Path: "/cgi-bin/menu/get", Query: url.Values{"access_token": {"x"}}}, nil); !errors.Is(err, wechat.ErrInput) {
			t.Errorf("the account's own token can be given: %v", err)
		}
	})
}
