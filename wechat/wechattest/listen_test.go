package wechattest_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// The same requests to two platforms of one seed, one in process and one on a port.
func TestInProcessAndPortAnswerAlike(t *testing.T) {
	inProcess := newCaller(t, verifiedService)
	port := newCaller(t, verifiedService).listening(t)
	type step func(c caller) reply
	call := func(method, path, body string, query ...string) step {
		return func(c caller) reply { return c.call(method, path, body, query...) }
	}
	post := func(path, body string) step { return call(http.MethodPost, path, body) }
	for i, do := range []step{
		func(c caller) reply {
			return c.callWith("", http.MethodPost, "/cgi-bin/stable_token", c.login(false))
		},
		func(c caller) reply { return c.callWith("", http.MethodPost, "/cgi-bin/stable_token", c.login(true)) },
		func(c caller) reply { return c.callWith("", http.MethodGet, "/cgi-bin/stable_token", "") },
		func(c caller) reply { return c.callWith("", http.MethodGet, menuGet, "") },
		func(c caller) reply { return c.callWith("t", http.MethodGet, menuGet, "") },
		call(http.MethodGet, menuGet, ""),
		post(menuCreate, `{"button":[{"type":"click","name":"今日","key":"k"}]}`),
		post(menuCreate, `{"button":[]}`),
		post(menuCreate, ""),
		call(http.MethodGet, menuGet, ""),
		call(http.MethodGet, selfMenuInfo, ""),
		func(c caller) reply { return c.upload(mediaUpload, "image", "a.jpg", jpeg) },
		func(c caller) reply { return c.upload(mediaUpload, "image", "a.txt", jpeg) },
		func(c caller) reply {
			id := c.upload(mediaUpload, "voice", "a.amr", amr).decode(c.tb).MediaID
			return c.get(mediaGet, "media_id", id)
		},
		call(http.MethodGet, mediaGet, "", "media_id", "x"),
		post(massAll, `{"filter":{"is_to_all":true},"msgtype":"text","text":{"content":"x"}}`),
		post(massAll, `{"filter":{"is_to_all":true},"msgtype":"text","text":{"content":"y"}}`),
		post("/cgi-bin/tags/create", `{"tag":{"name":"t"}}`),
		call(http.MethodGet, "/cgi-bin/user/get", ""),
		post(quotaGet, `{"cgi_path":"/cgi-bin/menu/get"}`),
		call(http.MethodGet, "/cgi-bin/nonsense", ""),
		post("/cgi-bin/nonsense", strings.Repeat("x", 1<<20)),
	} {
		a, b := do(inProcess), do(port)
		for _, r := range []*reply{&a, &b} {
			r.body = withoutRID(r.body)
			r.header.Del("Date")
			r.body = createdAt.ReplaceAllString(r.body, "")
		}
		if diff := cmp.Diff(a, b, cmp.AllowUnexported(reply{})); diff != "" {
			t.Errorf("step %d (-in process +port):\n%s", i, diff)
		}
	}
	if diff := cmp.Diff(paths(inProcess.p.Log()), paths(port.p.Log())); diff != "" {
		t.Errorf("logs (-in process +port):\n%s", diff)
	}
}

// paths are the entries of a log without what depends on time and place.
func paths(log []wechattest.Entry) []wechattest.Entry {
	for i := range log {
		log[i].Time, log[i].Host, log[i].RID = time.Time{}, "", ""
	}
	return log
}

func TestStopEndsWhatIsBeingServed(t *testing.T) {
	c := newCaller(t, verifiedService)
	base, stop := c.p.Listen()
	c.base, c.http = base, &http.Client{Transport: &http.Transport{}}
	c.p.Fault(wechattest.Fault{Path: menuGet, Kind: wechattest.Hang})
	c.p.Fault(wechattest.Fault{Path: selfMenuInfo, Latency: time.Hour})
	var wg sync.WaitGroup
	for _, path := range []string{menuGet, selfMenuInfo} {
		wg.Go(func() {
			resp, err := c.http.Get(base + path)
			if err == nil {
				_ = resp.Body.Close()
				t.Errorf("%s was answered", path)
			}
		})
	}
	for c.p.Requests(menuGet) == 0 || c.p.Requests(selfMenuInfo) == 0 {
		time.Sleep(time.Millisecond)
	}
	stop()
	stop()
	wg.Wait()
	if _, err := c.http.Get(base); err == nil { //nolint:bodyclose // there is none
		t.Error("the port is still open")
	}
}

func TestPortsShareTheState(t *testing.T) {
	c := newCaller(t, verifiedService)
	a, b := c.listening(t), c.listening(t)
	a.post(menuCreate, `{"button":[{"type":"click","name":"A","key":"k"}]}`)
	for _, other := range []caller{b, c} {
		want(t, other.base, other.get(menuGet).code(t), 0)
	}
}

func TestMountedInAServer(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	mux := http.NewServeMux()
	mux.Handle("/fake/", http.StripPrefix("/fake", c.p))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/fake/cgi-bin/stable_token", strings.NewReader(c.login(false))))
	if got := (reply{body: w.Body.String()}).decode(t); got.AccessToken != c.acct.Token() {
		t.Errorf("answer %s", w.Body)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/fake/cgi-bin/menu/get", nil)
	r.Body = nil
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	want(t, "without a body", reply{body: w.Body.String()}.code(t), 41001)

	// A recorder has no connection to take over, so the request is aborted.
	c.p.Fault(wechattest.Fault{Kind: wechattest.Close})
	defer func() {
		if got, ok := recover().(error); !ok || !errors.Is(got, http.ErrAbortHandler) {
			t.Errorf("panic %v, want http.ErrAbortHandler", got)
		}
	}()
	mux.ServeHTTP(w, r)
}

func TestClientThatGoesAwayWhileSendingIsNotServed(t *testing.T) {
	c := newCaller(t, verifiedService).listening(t)
	pipe, feed := io.Pipe()
	go func() {
		_, _ = feed.Write([]byte(`{"button":`))
		_ = feed.CloseWithError(io.ErrUnexpectedEOF)
	}()
	r := newRequest(t, t.Context(), c.base+menuCreate+"?access_token="+c.acct.Token(), pipe)
	r.ContentLength = 1000
	if _, err := c.http.Do(r); err == nil { //nolint:bodyclose // there is none
		t.Error("no error")
	}
	if n := c.p.Executions(menuCreate); n != 0 {
		t.Errorf("%d executions", n)
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	c := newCaller(t, verifiedService)
	port := c.listening(t)
	tag := c.acct.AddTag("vip", c.acct.AddFollowers(10)...)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c := []caller{c, port}[i%2]
			for range 20 {
				c.stable(false)
				c.toTag(tag, "x", "one-key")
				c.upload(mediaUpload, "image", "a.jpg", jpeg)
				c.get(menuGet)
				c.p.Log()
				c.p.Broadcasts(c.acct.AppID())
			}
		})
	}
	wg.Wait()
	if n := len(c.p.Broadcasts(c.acct.AppID())); n != 1 {
		t.Errorf("%d broadcasts with one key, want 1", n)
	}
	if n := c.p.Requests("/cgi-bin/stable_token"); n != 160 {
		t.Errorf("%d requests for a token, want 160", n)
	}
}
