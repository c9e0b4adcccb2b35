package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// A call that meets one thing after the other, as a hook sees it.
func TestAHookSeesEveryAttemptInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New()
		var seen attempts
		c, _ := connect(t, p, wechat.WithHook(seen.hook))
		for _, f := range []wechattest.Fault{
			{Kind: wechattest.Errcode, Code: -1, Latency: 30 * time.Millisecond},
			{Kind: wechattest.Errcode, Code: 40001},
			{Kind: wechattest.Answer, Status: 503, Header: http.Header{"Retry-After": {"2"}}, Body: "<html>"},
		} {
			f.Path, f.Times = readPath, 1
			p.Fault(f)
		}
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		got := seen.of("GET " + readPath)
		if len(got) != 4 {
			t.Fatalf("%d attempts, want 4: %+v", len(got), got)
		}
		if w := got[0].Wait; w <= 0 || w > 200*time.Millisecond {
			t.Errorf("first pause %v, want up to 200 ms", w)
		}
		got[0].Wait = 0
		want := []wechat.Attempt{
			{N: 1, Status: 200, Code: -1, Again: true, Duration: 30 * time.Millisecond},
			{N: 2, Status: 200, Code: 40001, Again: true},
			{N: 3, Status: 503, Again: true, Wait: 2 * time.Second, Received: 6},
			{N: 4, Status: 200},
		}
		for i := range want {
			want[i].Op, want[i].Class = "GET "+readPath, wechat.ClassRead
			if want[i].Received == 0 {
				want[i].Received = got[i].Received
			}
			if got[i].Received == 0 {
				t.Errorf("attempt %d received nothing", i+1)
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(wechat.Attempt{}, "Err")); diff != "" {
			t.Errorf("attempts differ (-want +got):\n%s", diff)
		}
		for i, kind := range []error{wechat.ErrBusy, wechat.ErrTokenRejected, wechat.ErrBusy, nil} {
			if !errors.Is(got[i].Err, kind) {
				t.Errorf("attempt %d: error %v, want one of kind %v", i+1, got[i].Err, kind)
			}
		}
		tokens := seen.of("POST " + tokenPath)
		if len(tokens) != 2 || tokens[0].Sent == 0 || tokens[0].Class != wechat.ClassRead {
			t.Errorf("token calls %+v, want 2", tokens)
		}
	})
}

// What is not sent is no attempt.
func TestAHookSeesNothingOfWhatIsNotSent(t *testing.T) {
	p := wechattest.New()
	var seen attempts
	c, _ := connect(t, p, wechat.WithHook(seen.hook))
	_ = read(t.Context(), c.Guard(func(context.Context, string) error { return errNo }))
	_ = c.Call(t.Context(), wechat.Request{Path: "no path"}, nil)
	if n := len(seen.all); n != 0 {
		t.Errorf("%d attempts, want 0", n)
	}
}

// Neither hooks nor logs show anything secret, whatever goes wrong.
func TestHooksAndLogsShowNothingSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, o := range operations {
			for _, fault := range wechattest.EveryFault("") {
				if fault.Kind == wechattest.HugeBody || fault.Kind == wechattest.GzipBomb {
					continue
				}
				p := wechattest.New()
				var out transcript
				c, acct := connect(t, p,
					wechat.WithLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					wechat.WithHook(func(_ context.Context, a wechat.Attempt) { fmt.Fprintf(&out, "%v %+v %#v\n", a, a, a) }))
				follower := acct.AddFollowers(1)[0]
				token := acct.Token()
				injected := p.Fault(fault)
				fmt.Fprintf(&out, "%+v\n", o.call(contextOf(t, time.Second), c, follower))
				injected.Remove()
				fault.Path = o.path
				p.Fault(fault)
				fmt.Fprintf(&out, "%+v\n", o.call(contextOf(t, time.Second), c, follower))
				synctest.Wait()
				for _, secret := range []string{acct.Secret(), token, "access_token="} {
					if strings.Contains(out.String(), secret) {
						t.Fatalf("%s, %s: the output shows %.12s…:\n%s", o.path, fault, secret, out.String())
					}
				}
				if !strings.Contains(out.String(), o.path) {
					t.Fatalf("%s, %s: the output does not name the call:\n%s", o.path, fault, out.String())
				}
			}
		}
	})
}

func ExampleWithHook() {
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{})
	p.Fault(wechattest.Fault{Path: "/cgi-bin/getcallbackip", Kind: wechattest.BadGateway, Times: 1})
	client, err := wechat.New(wechat.Credentials{AppID: wechat.AppID(acct.AppID()), AppSecret: wechat.NewSecret(acct.Secret())},
		wechat.WithTransport(p.Transport()),
		wechat.WithHook(func(_ context.Context, a wechat.Attempt) { fmt.Println(a.Op, a.Class, a.N, a.Status, a.Again) }))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	addresses, err := client.CallbackIPs(context.Background())
	fmt.Println(len(addresses), err)
	// Output:
	// POST /cgi-bin/stable_token read 1 200 false
	// GET /cgi-bin/getcallbackip read 1 502 true
	// GET /cgi-bin/getcallbackip read 2 200 false
	// 2 <nil>
}
