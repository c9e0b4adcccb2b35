package wechattest_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func mustParse(tb testing.TB, s string) *url.URL {
	tb.Helper()
	u, err := url.Parse(s)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// bodyPaths are the calls that read a body.
var bodyPaths = []string{
	"/cgi-bin/stable_token", "/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2", quotaGet, quotaClear,
	"/cgi-bin/openapi/rid/get", "/cgi-bin/callback/check", menuCreate, "/cgi-bin/menu/addconditional",
	"/cgi-bin/menu/delconditional", mediaUpload, uploadImg, "/cgi-bin/media/uploadvideo", massAll, massList,
	massPreview, massGet, massDelete, "/cgi-bin/message/mass/speed/set", "/cgi-bin/user/info/batchget",
	"/cgi-bin/tags/create", "/cgi-bin/tags/update", "/cgi-bin/tags/delete", "/cgi-bin/tags/members/batchtagging",
	"/cgi-bin/tags/members/batchuntagging", "/cgi-bin/tags/getidlist", "/cgi-bin/user/tag/get", "/cgi-bin/nonsense",
}

// Whatever is sent, the platform answers, and says so in JSON if it says 200.
func FuzzRequestBody(f *testing.F) {
	const form = "multipart/form-data; boundary=b"
	seed := func(kind string, bodies ...string) {
		for i := range bodyPaths {
			f.Add(uint8(i), kind, []byte(bodies[i%len(bodies)]))
		}
	}
	seed("application/json",
		`{"grant_type":"client_credential","appid":"wx0","secret":"x","force_refresh":"yes"}`,
		`{"button":[{"name":"A","sub_button":[{"type":"click","name":"\\u0041","key":"k"}]}],"matchrule":{"tag_id":"2"}}`,
		`{"filter":{"is_to_all":true},"msgtype":"text","text":{"content":"x"},"clientmsgid":"k","touser":["a","b"]}`,
		`{"msg_id":"99999999999999999999","speed":-1,"cgi_path":"/","rid":"0","action":"all"}`,
		`{"tag":{"id":"100","name":"x"},"tagid":1e400,"openid_list":[null],"user_list":[{}]}`,
		`null`, `[]`, `"`, ``, "\xff\xfe", `{"tag":null}`, strings.Repeat("[", 10_000))
	seed(form,
		"--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.jpg\"\r\n\r\n"+jpeg+"\r\n--b--\r\n",
		"--b\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\n--b--",
		"--b\r\n\r\n\r\n--b\r\n", "--b", "")
	seed("multipart/form-data", "--b--")
	seed("multipart/mixed; boundary=\"", "--b--")
	f.Fuzz(func(t *testing.T, path uint8, contentType string, body []byte) {
		c := newCaller(t, verifiedService)
		r := newRequest(t, t.Context(), origin+bodyPaths[int(path)%len(bodyPaths)]+"?type=image&access_token="+c.acct.Token(), strings.NewReader(string(body)))
		r.Header.Set("Content-Type", contentType)
		got := c.do(r)
		if got.err != nil || got.status == http.StatusOK && !json.Valid([]byte(got.body)) {
			t.Errorf("answer %d %q, %v", got.status, got.body, got.err)
		}
		if n := c.p.Executions(r.URL.Path); n > 1 {
			t.Errorf("%d executions", n)
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, path := range []string{"/cgi-bin/token", menuGet, mediaGet, "/cgi-bin/user/get", "/cgi-bin/user/info", "/wechattest/video", "", "/"} {
		f.Add(path, "grant_type=client_credential&appid=wx&secret=x&media_id=%00&openid=o&next_openid=%ff")
		f.Add(path, "access_token=1&access_token=2;x=%zz")
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		c := newCaller(t, verifiedService)
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "h", Path: path, RawQuery: query}}
		resp, err := c.http.Transport.RoundTrip(r.WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode == http.StatusOK && !json.Valid(b) {
			t.Errorf("answer %d %q, %v", resp.StatusCode, b, err)
		}
	})
}

func TestOnlyTheStandardLibraryIsImported(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") || first == "testing" || path == "net/http/httptest" {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
