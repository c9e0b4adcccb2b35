package wechat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// The canaries: unlike anything else, so that any trace of one is a leak.
const (
	canarySecret = "ca9a57ec4e7beefca9a57ec4e7beef42"
	canaryToken  = "84_CanaryT0kenAlpha-zQx7vB2nM9kL4jH6gF1dS8aP3oI5uY0tR_%d"
	canaryUser   = "84_CanaryUserT0ken-pL0oK9iJ8uH7yG6tF5rD4eS3wA2q"
)

// parrot is a platform at its worst: whatever it answers, it repeats the URL, the headers and the body of the
// request, and whatever fails, fails with them.
type parrot struct {
	mu     sync.Mutex
	issued []string // tokens
	mute   bool     // gives no token, but fails there as well
	say    saying
}

func (p *parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	echo := r.URL.String() + " " + url.QueryEscape(r.URL.String())
	if r.Body != nil {
		defer r.Body.Close()
		b, err := io.ReadAll(io.LimitReader(r.Body, 4096))
		if err != nil {
			return nil, fmt.Errorf("body of %s: %w", echo, err)
		}
		echo += " " + string(b)
	}
	if r.URL.Path == tokenPath && !p.mute {
		p.mu.Lock()
		defer p.mu.Unlock()
		token := fmt.Sprintf(canaryToken, len(p.issued))
		p.issued = append(p.issued, token)
		return answer(r, 200, `{"access_token":"`+token+`","expires_in":7200}`), nil
	}
	return p.say(r, echo)
}

// saying is what a parrot answers to a request that sounded like echo.
type saying func(r *http.Request, echo string) (*http.Response, error)

// faults are ways to fail with what was sent.
func faults() map[string]saying {
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	all := map[string]saying{
		"url.Error": func(r *http.Request, echo string) (*http.Response, error) {
			return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: errors.New(echo)}
		},
		"wrapped": func(r *http.Request, echo string) (*http.Response, error) {
			return nil, fmt.Errorf("%q: %w", echo, io.EOF)
		},
		"reset":   func(*http.Request, string) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"page":    func(r *http.Request, echo string) (*http.Response, error) { return answer(r, 200, "<html>"+echo), nil },
		"gateway": func(r *http.Request, echo string) (*http.Response, error) { return answer(r, 502, echo), nil },
		"limited": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 429, echo, "Retry-After", "1"), nil
		},
		"redirect": func(r *http.Request, _ string) (*http.Response, error) {
			return answer(r, 307, "", "Location", "https://evil.example"+r.URL.String()), nil
		},
		"location": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 302, "", "Location", "http://[::1/"+echo), nil
		},
		"cut": func(r *http.Request, echo string) (*http.Response, error) {
			return cut(r, `{"errcode":0,"x":`+quoted(echo)+`}`, 18+len(echo)/2), nil
		},
		"null": func(r *http.Request, _ string) (*http.Response, error) { return answer(r, 200, "null"), nil },
		"wrong types": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 200, `{"errcode":0,"quota":`+quoted(echo)+`,"request":`+quoted(echo)+`,"ip_list":[`+quoted(echo)+`],"dns":`+quoted(echo)+`,"access_token":"`+canaryUser+`","expires_in":`+quoted(echo)+`,"count":`+quoted(echo)+`}`), nil
		},
		"code twice": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 200, `{"errcode":1,"errcode":2,"errmsg":`+quoted(echo)+`}`), nil
		},
		"own tokens": func(r *http.Request, _ string) (*http.Response, error) {
			return answer(r, 200, `{"errcode":40029,"access_token":"`+canaryUser+`","refresh_token": "`+canaryUser+`"}`), nil
		},
		"in a string": func(r *http.Request, _ string) (*http.Response, error) {
			return answer(r, 200, `{"errcode":40029,"log":"{\"access_token\":\"`+canaryUser+`\"}"}`), nil
		},
		"too large": func(r *http.Request, echo string) (*http.Response, error) {
			resp := answer(r, 200, "")
			resp.Body = io.NopCloser(io.LimitReader(endless{piece: []byte(`{"a":"` + echo), ctx: r.Context(), read: new(int64)}, 2<<20))
			return resp, nil
		},
		"long": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 500, strings.Repeat("x", 64<<10-len(echo)/2)+echo), nil
		},
	}
	for _, code := range []int{
		-1, 40001, 40003, 40007, 40013, 40014, 40125, 40164, 40243, 42001, 43004, 44002, 45009, 45011, 45028, 45065, 45066, 46003, 47001, 48001, 48004, 50002, 61004,
		76001, 89503, 99999,
	} {
		all[fmt.Sprint(code)] = func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 200, fmt.Sprintf(`{"errcode":%d,"errmsg":%s,"more":%s}`, code, quoted("invalid ip 1.2.3.4 "+echo+" rid: 61725984-6126f6f9-040f19c4"), quoted(echo))), nil
		}
	}
	return all
}

// canaryCalls are the calls of every kind; each is told a number to be unlike the others.
func canaryCalls() map[string]func(ctx context.Context, c *wechat.Client, n int) error {
	call := func(class wechat.Class, out any) func(ctx context.Context, c *wechat.Client, n int) error {
		return func(ctx context.Context, c *wechat.Client, n int) error {
			return c.Call(ctx, wechat.Request{Path: fmt.Sprintf("/cgi-bin/canary/%d", n), Query: url.Values{"n": {fmt.Sprint(n)}}, Body: map[string]int{"n": n}, Class: class}, out)
		}
	}
	return map[string]func(ctx context.Context, c *wechat.Client, n int) error{
		"once":    call(wechat.ClassOnce, nil),
		"read":    call(wechat.ClassRead, new(struct{ Count int })),
		"replace": call(wechat.ClassReplace, nil),
		"keyed":   call(wechat.ClassKeyed, new(sent)),
		"scarce":  call(wechat.ClassScarce, nil),
		"upload": func(ctx context.Context, c *wechat.Client, n int) error {
			u := (&source{data: "data"}).upload()
			u.Path = fmt.Sprintf("/cgi-bin/canary/%d", n)
			return c.Upload(ctx, u, nil)
		},
		"download": func(ctx context.Context, c *wechat.Client, n int) error {
			_, err := c.Download(ctx, wechat.Request{Path: fmt.Sprintf("/cgi-bin/canary/%d", n), Class: wechat.ClassRead}, io.Discard)
			return err
		},
		"quota": func(ctx context.Context, c *wechat.Client, n int) error {
			_, err := c.APIQuota(ctx, fmt.Sprint("/", n))
			return err
		},
		"clear":    func(ctx context.Context, c *wechat.Client, _ int) error { return c.ClearQuota(ctx) },
		"clear v2": func(ctx context.Context, c *wechat.Client, _ int) error { return c.ClearQuotaBySecret(ctx) },
		"clear one": func(ctx context.Context, c *wechat.Client, n int) error {
			return c.ClearAPIQuota(ctx, fmt.Sprint("/", n))
		},
		"rid": func(ctx context.Context, c *wechat.Client, n int) error {
			_, err := c.RequestInfo(ctx, fmt.Sprint(n))
			return err
		},
		"IPs":      func(ctx context.Context, c *wechat.Client, _ int) error { _, err := c.APIIPs(ctx); return err },
		"callback": func(ctx context.Context, c *wechat.Client, _ int) error { _, err := c.CheckCallback(ctx); return err },
		"renew":    func(ctx context.Context, c *wechat.Client, _ int) error { return c.RenewToken(ctx) },
		"oauth": func(ctx context.Context, c *wechat.Client, n int) error {
			return c.Call(ctx, wechat.Request{Method: http.MethodGet, Path: "/sns/oauth2/access_token", Query: url.Values{"secret": {canarySecret}, "n": {fmt.Sprint(n)}, "code": {"c"}}}, new(struct{ Count int }))
		},
	}
}

// TestNoSecretInAnyOutput is the promise S1: over every call, every fault and every state of the token, nothing
// that comes out of the client (errors in all their spellings, kept answers, logs, hooks, panics, the client
// itself) shows the AppSecret or a token, raw, escaped, in base64 or in hex.
func TestNoSecretInAnyOutput(t *testing.T) {
	var out bytes.Buffer
	var mu sync.Mutex
	emit := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&out, format+"\n", args...)
	}
	handlers := []slog.Handler{
		slog.NewTextHandler(lockedWriter{&mu, &out}, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}),
		slog.NewJSONHandler(lockedWriter{&mu, &out}, &slog.HandlerOptions{Level: slog.LevelDebug}),
	}
	distinct := map[string]bool{}
	traces := map[string]string{} // shape → whose
	for _, secret := range []string{canarySecret, canaryUser, fmt.Sprintf(canaryToken, 0), fmt.Sprintf(canaryToken, 1)} {
		for name, shape := range shapes(secret) {
			traces[shape] = secret[:9] + "… " + name
		}
	}
	total := 0
	search := func() {
		mu.Lock()
		defer mu.Unlock()
		total += out.Len()
		text := out.String()
		out.Reset()
		for shape, whose := range traces {
			if i := strings.Index(text, shape); i >= 0 {
				t.Fatalf("the outputs show a secret (%s):\n…%s…", whose, text[max(0, i-300):min(len(text), i+300)])
			}
		}
	}
	numbered := map[string]bool{"once": true, "read": true, "replace": true, "keyed": true, "scarce": true, "upload": true, "download": true}
	n := 0
	for fault, say := range faults() {
		for name, call := range canaryCalls() {
			rounds := pick(1, 9, 20)
			switch {
			case fault == "long" && name != "once" && name != "upload":
				continue // its dumps are long as well
			case fault == "long" || fault == "too large" || !numbered[name]:
				rounds = 1
			}
			for round := range 2 * rounds {
				n++
				synctest.Test(t, func(t *testing.T) {
					p := &parrot{say: say}
					c, err := wechat.New(wechat.Credentials{AppID: goodID, AppSecret: wechat.NewSecret(canarySecret)}, wechat.WithTransport(p),
						wechat.WithLogger(slog.New(handlers[n%2])),
						wechat.WithHook(func(_ context.Context, a wechat.Attempt) {
							j, err := json.Marshal(a)
							emit("%v %+v %#v %s %v %v", a, a, a, j, err, a.Err)
						}))
					if err != nil {
						t.Fatal(err)
					}
					defer c.Close()
					if round%2 > 0 { // with a token in hand, and good ones to be had
						if err := c.RenewToken(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					p.mute = round%2 == 0 || name == "renew"
					err = call(t.Context(), c, n)
					if len(p.issued) > 2 {
						t.Errorf("%s with %s took %d tokens", name, fault, len(p.issued))
					}
					if err == nil {
						if fault != "wrong types" && name != "download" { // where nothing is decoded, types do not matter
							t.Errorf("%s with %s succeeds", name, fault)
						}
						return
					}
					distinct[err.Error()] = true
					if round > 1 { // the same with another number
						emit("%v %+v %q %s", err, err, err, details(t, err).Answer)
						return
					}
					emit("%s\n%s\n%v %+v %#v %#v", dump(err), panicText(err), c, c, c, *c)
				})
				search()
			}
		}
	}
	t.Logf("%d calls, %d distinct errors, %d bytes of output", n, len(distinct), total)
	if want := pick(1_000, 5_000, 5_000); len(distinct) < want {
		t.Errorf("%d distinct errors, want %d", len(distinct), want)
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// TestSecretIsNeverInAURL: the AppSecret is sent in bodies only, and neither it nor a token is in a header.
func TestSecretIsNeverInAURL(t *testing.T) {
	for name, call := range canaryCalls() {
		if name == "oauth" {
			continue // there the platform demands it, and the caller wrote it
		}
		var seen strings.Builder
		c, err := wechat.New(wechat.Credentials{AppID: goodID, AppSecret: wechat.NewSecret(canarySecret)}, wechat.WithTransport(script(func(r *http.Request) (*http.Response, error) {
			fmt.Fprintf(&seen, "%s %v\n", r.URL, r.Header)
			if strings.Contains(fmt.Sprint(r.Header), "CanaryT0ken") {
				t.Errorf("%s: a token is in a header: %v", name, r.Header)
			}
			for h := range r.Header {
				if h == "Idempotency-Key" || h == "X-Idempotency-Key" || h == "Referer" || h == "Cookie" {
					t.Errorf("%s: header %s", name, h)
				}
			}
			return answer(r, 200, fmt.Sprintf(`{"errcode":0,"expires_in":7200,"access_token":"`+canaryToken+`","quota":{},"request":{},"ip_list":["1.2.3.4"],"msg_id":1}`, 1)), nil
		})))
		if err != nil {
			t.Fatal(err)
		}
		if err := call(t.Context(), c, 1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = c.Close()
		wantNoLeak(t, name, seen.String(), canarySecret)
	}
}

// TestTheTestsThemselvesPrintNoSecret runs this package's other tests in another process, whose whole output
// must not show one either.
func TestTheTestsThemselvesPrintNoSecret(t *testing.T) {
	if testing.Short() || os.Getenv("WECHAT_CANARY") != "" {
		t.Skip("the other process does not start another")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.short", "-test.run=Secret|Error|Answer|Upload|Download|Source|Option|Credential|AppID|Transport|Bodies|FuzzAPI|FuzzRedact|Request",
		"-test.skip=TestTheTestsThemselves|TestNoSecretInAnyOutput")
	cmd.Env = append(os.Environ(), "WECHAT_CANARY=1")
	output, _ := cmd.CombinedOutput() // a test that fails there fails here as well
	passed := regexp.MustCompile(`(?m)^\s*--- PASS`).FindAllString(string(output), -1)
	if len(passed) < 50 {
		t.Errorf("only %d tests ran:\n%s", len(passed), output)
	}
	wantNoLeak(t, "the output", string(output), plantedSecret, goodSecret, canarySecret, canaryUser, strings.TrimSuffix(canaryToken, "_%d"), "a-static-token", "84_Pl4ntedT0ken-zQx7_vB2nM9kL4jH6gF1dS8aP3oI5uY0tR")
}
