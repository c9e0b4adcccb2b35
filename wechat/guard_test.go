package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

var errNo = errors.New("the operator may not do this")

func TestAGuardIsAskedBeforeTokenAndNetwork(t *testing.T) {
	p := wechattest.New()
	c, acct := connect(t, p)
	guarded := c.Guard(func(_ context.Context, path string) error {
		if path == massPath || path == "/cgi-bin/media/upload" {
			return errNo
		}
		return nil
	})
	for _, err := range []error{send(t.Context(), guarded, "key"), upload(t.Context(), guarded, picture), guarded.Permit(t.Context(), massPath)} {
		wantKind(t, err, wechat.ErrForbidden, errNo)
		if errors.Is(err, wechat.ErrOutcomeUnknown) {
			t.Errorf("error %v leaves doubt", err)
		}
	}
	if n := len(p.Log()); n != 0 {
		t.Errorf("%d requests, want 0", n)
	}
	if err := guarded.Permit(t.Context(), readPath); err != nil || len(p.Log()) != 0 {
		t.Errorf("Permit of what is allowed: %v, %d requests", err, len(p.Log()))
	}
	// The guard is not asked for the token that an allowed call needs, and the base client not at all.
	if err := read(t.Context(), guarded); err != nil {
		t.Error(err)
	}
	acct.AddFollowers(2)
	if err := send(t.Context(), c, "key"); err != nil {
		t.Errorf("the base client: %v", err)
	}
	if n := acct.TokenFetches(); n != 1 {
		t.Errorf("%d token fetches, want 1: clients share their tokens", n)
	}
}

func TestGuardsAddUpOldestFirst(t *testing.T) {
	var asked []string
	guard := func(name string, err error) func(context.Context, string) error {
		return func(context.Context, string) error {
			asked = append(asked, name)
			return err
		}
	}
	p := wechattest.New()
	c, _ := connect(t, p)
	a := c.Guard(guard("a", nil))
	ab, ac := a.Guard(guard("b", errNo)), a.Guard(guard("c", nil)) // siblings do not see each other
	abd := ab.Guard(guard("d", nil))
	for _, tt := range []struct {
		client *wechat.Client
		want   []string
		allows bool
	}{{c, nil, true}, {a, []string{"a"}, true}, {ab, []string{"a", "b"}, false}, {ac, []string{"a", "c"}, true}, {abd, []string{"a", "b"}, false}} {
		asked = nil
		if err := read(t.Context(), tt.client); (err == nil) != tt.allows || !slices.Equal(asked, tt.want) {
			t.Errorf("asked %v and got %v, want %v; allowed: %v", asked, err, tt.want, tt.allows)
		}
	}
}

// A guard sees the operation of every call that goes out for somebody, the explicit token calls included.
func TestAGuardSeesEveryCall(t *testing.T) {
	p := wechattest.New()
	c, acct := connect(t, p)
	follower := acct.AddFollowers(1)[0]
	var asked []string
	guarded := c.Guard(func(_ context.Context, path string) error {
		asked = append(asked, path)
		return errNo
	})
	for _, o := range operations {
		asked = nil
		if err := o.call(t.Context(), guarded, follower); !errors.Is(err, errNo) || fmt.Sprint(asked) != fmt.Sprint([]string{o.path}) {
			t.Errorf("%s: asked %v, got %v", o.path, asked, err)
		}
	}
	for name, call := range map[string]func(context.Context) error{"Verify": guarded.Verify, "RenewToken": guarded.RenewToken} {
		asked = nil
		if err := call(t.Context()); !errors.Is(err, errNo) || fmt.Sprint(asked) != "["+tokenPath+"]" {
			t.Errorf("%s: asked %v, got %v", name, asked, err)
		}
	}
	if n := len(p.Log()); n != 0 {
		t.Errorf("%d requests, want 0", n)
	}
}

func ExampleClient_Guard() {
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{})
	client, err := wechat.New(wechat.Credentials{AppID: wechat.AppID(acct.AppID()), AppSecret: wechat.NewSecret(acct.Secret())},
		wechat.WithTransport(p.Transport()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	readers := client.Guard(func(_ context.Context, path string) error {
		if path == "/cgi-bin/menu/create" {
			return errors.New("readers do not change the menu")
		}
		return nil
	})
	err = readers.Permit(context.Background(), "/cgi-bin/menu/create")
	fmt.Println(err)
	fmt.Println(errors.Is(err, wechat.ErrForbidden), p.Requests("/cgi-bin/menu/create"))
	// Output:
	// /cgi-bin/menu/create: forbidden: readers do not change the menu
	// true 0
}
