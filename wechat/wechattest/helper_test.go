package wechattest_test

import (
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// origin is the host that in-process requests go to.
const origin = "https://api.weixin.qq.com"

// caller calls one account of a platform with raw net/http.
type caller struct {
	tb   testing.TB
	http *http.Client
	base string
	p    *wechattest.Platform
	acct *wechattest.Console
}

// newCaller opens an account on a new platform and calls it in process.
func newCaller(tb testing.TB, a wechattest.Account, opts ...wechattest.Option) caller {
	tb.Helper()
	p := wechattest.New(opts...)
	return caller{tb, p.Client(), origin, p, p.AddAccount(a)}
}

// verifiedService is the account that may do most.
var verifiedService = wechattest.Account{Type: wechattest.Service, Verified: true}

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

// answer is what most answers say.
type answer struct {
	ErrCode     int    `json:"errcode"`
	ErrMsg      string `json:"errmsg"`
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
	MediaID     string `json:"media_id"`
	MsgID       int64  `json:"msg_id"`
	MsgDataID   int64  `json:"msg_data_id"`
	MsgStatus   string `json:"msg_status"`
}

// do sends a request as it is.
func (c caller) do(r *http.Request) reply {
	c.tb.Helper()
	resp, err := c.http.Do(r)
	if err != nil {
		c.tb.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(b), err}
}

// call sends a request with the account's token. Query values come in pairs.
func (c caller) call(method, path, body string, query ...string) reply {
	c.tb.Helper()
	return c.callWith(c.acct.Token(), method, path, body, query...)
}

// callWith sends a request with a token of its own.
func (c caller) callWith(token, method, path, body string, query ...string) reply {
	c.tb.Helper()
	q := url.Values{}
	if token != "" {
		q.Set("access_token", token)
	}
	for i := 0; i < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	r, err := http.NewRequestWithContext(c.tb.Context(), method, c.base+path+"?"+q.Encode(), strings.NewReader(body))
	if err != nil {
		c.tb.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return c.do(r)
}

func (c caller) get(path string, query ...string) reply {
	c.tb.Helper()
	return c.call(http.MethodGet, path, "", query...)
}

func (c caller) post(path, body string) reply {
	c.tb.Helper()
	return c.call(http.MethodPost, path, body)
}

// stable fetches a stable token.
func (c caller) stable(force bool) answer {
	c.tb.Helper()
	return c.callWith("", http.MethodPost, "/cgi-bin/stable_token", c.login(force)).decode(c.tb)
}

// classic fetches a classic token.
func (c caller) classic() answer {
	c.tb.Helper()
	return c.callWith("", http.MethodGet, "/cgi-bin/token", "",
		"grant_type", "client_credential", "appid", c.acct.AppID(), "secret", c.acct.Secret()).decode(c.tb)
}

// login is the body of a call for a stable token.
func (c caller) login(force bool) string {
	return jsonText(c.tb, map[string]any{
		"grant_type": "client_credential", "appid": c.acct.AppID(), "secret": c.acct.Secret(), "force_refresh": force,
	})
}

// probe makes a harmless call with a token and returns the errcode.
func (c caller) probe(token string) int {
	c.tb.Helper()
	return c.callWith(token, http.MethodGet, "/cgi-bin/getcallbackip", "").decode(c.tb).ErrCode
}

// upload sends a file.
func (c caller) upload(path, kind, name, content string) reply {
	c.tb.Helper()
	return c.do(c.uploadRequest(path, kind, "media", name, strings.NewReader(content)))
}

func (c caller) uploadRequest(path, kind, field, name string, content *strings.Reader) *http.Request {
	c.tb.Helper()
	var form strings.Builder
	w := multipart.NewWriter(&form)
	head := textproto.MIMEHeader{}
	head.Set("Content-Disposition", `form-data; name="`+field+`"; filename="`+name+`"`)
	part, err := w.CreatePart(head)
	if err != nil {
		c.tb.Fatal(err)
	}
	_, _ = content.WriteTo(part)
	_ = w.Close()
	q := url.Values{"access_token": {c.acct.Token()}, "type": {kind}}
	r, err := http.NewRequestWithContext(c.tb.Context(), http.MethodPost, c.base+path+"?"+q.Encode(), strings.NewReader(form.String()))
	if err != nil {
		c.tb.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// decode reads what most answers say.
func (r reply) decode(tb testing.TB) answer {
	tb.Helper()
	var a answer
	r.into(tb, &a)
	return a
}

// into decodes an answer that has to be JSON.
func (r reply) into(tb testing.TB, v any) {
	tb.Helper()
	if err := json.Unmarshal([]byte(r.body), v); err != nil {
		tb.Fatalf("answer %q: %v", r.body, err)
	}
}

// code is the errcode of an answer; it must end with a rid where it refuses.
func (r reply) code(tb testing.TB) int {
	tb.Helper()
	a := r.decode(tb)
	if a.ErrCode != 0 && !ridTail.MatchString(a.ErrMsg) {
		tb.Errorf("errmsg %q ends without a rid", a.ErrMsg)
	}
	return a.ErrCode
}

var ridTail = regexp.MustCompile(` rid: ([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})$`)

// withoutRID cuts the rid off an answer, so that it can be compared.
func withoutRID(s string) string {
	return regexp.MustCompile(` rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}`).ReplaceAllString(s, "")
}

func jsonText(tb testing.TB, v any) string {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// want fails unless a call gave the errcode.
func want(tb testing.TB, what string, got, want int) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: errcode %d, want %d", what, got, want)
	}
}
