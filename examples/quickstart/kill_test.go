package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-a9908ced/wechat-go/account"
	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// The environment of a child: where its platform, account and store are.
const (
	childURL    = "QUICKSTART_CHILD_URL"
	childAppID  = "QUICKSTART_CHILD_APPID"
	childSecret = "QUICKSTART_CHILD_SECRET"
	childStore  = "QUICKSTART_CHILD_STORE"
)

const key = "2026-12-01/launch"

func TestMain(m *testing.M) {
	if os.Getenv(childURL) != "" {
		if err := child(context.Background(), os.Getenv); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// child does what the demo's send does, as a program of its own.
func child(ctx context.Context, getenv func(string) string) error {
	db, err := sqlitestore.Open(ctx, getenv(childStore))
	if err != nil {
		return err
	}
	defer db.Close()
	acct, err := open(&shifted{Store: db}, getenv(childURL), getenv(childAppID), getenv(childSecret))
	if err != nil {
		return err
	}
	defer acct.Close()
	fmt.Println("sending")
	_, err = acct.Broadcast.Send(ctx, message())
	fmt.Println("sent")
	return err
}

func open(st *shifted, url, appID, secret string) (*account.Account, error) {
	return account.New(account.Config{
		DisplayName: "Acme", Type: account.Service, AppID: wechat.AppID(appID), AppSecret: wechat.NewSecret(secret),
	}, wechat.WithBaseURL(url), wechat.WithStore(st))
}

func message() broadcast.Message {
	return broadcast.Message{Key: key, To: broadcast.ToTag(100), Content: broadcast.Text{Content: "新品上市"}}
}

// The process that sends is killed at a random moment, 200 times over: the broadcast is never carried out
// twice, and whoever comes next can always take it to its end.
func TestKilledSendIsCarriedOutOnce(t *testing.T) {
	rounds := 200
	if testing.Short() || race {
		rounds = 20
	}
	p := wechattest.New()
	url, stop := p.Listen()
	defer stop()
	states := make(map[broadcast.State]int)
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	whole := time.Duration(0)
	for round := range rounds {
		console := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
		console.AddTag("all", console.AddFollowers(3)...)
		path := filepath.Join(t.TempDir(), "wechat.db")
		if round%20 != 19 { // elsewhere the kill may leave the token's lease behind, which lasts ten seconds
			if err := warm(t.Context(), url, console, path); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childURL+"="+url, childAppID+"="+console.AppID(), childSecret+"="+console.Secret(), childStore+"="+path)
		began, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(began)
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatalf("the child did not begin: %v", err)
		}
		if round < 3 { // how long does it take when nobody kills it?
			started := time.Now()
			if _, err := lines.ReadString('\n'); err != nil {
				t.Fatalf("the child alone: %v", err)
			}
			whole = max(whole, time.Since(started))
			if err := cmd.Wait(); err != nil {
				t.Fatalf("the child alone: %v", err)
			}
		} else {
			timer := time.AfterFunc(time.Duration(rng.Int64N(int64(whole))), func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait()
			timer.Stop()
		}
		state, err := finish(t, p, console, url, path)
		states[state]++
		if n := len(p.Broadcasts(console.AppID())); n != 1 || err != nil {
			t.Fatalf("seed %d, round %d: killed in state %q, then %v; the platform carried out %d, want 1", seed, round, state, err, n)
		}
	}
	t.Logf("killed in these states: %v", states)
}

// warm has a token in the store before the child starts.
func warm(ctx context.Context, url string, console *wechattest.Console, path string) error {
	db, err := sqlitestore.Open(ctx, path)
	if err != nil {
		return err
	}
	defer db.Close()
	acct, err := open(&shifted{Store: db}, url, console.AppID(), console.Secret())
	if err != nil {
		return err
	}
	defer acct.Close()
	return acct.Client().Verify(ctx)
}

// finish goes on where the child was killed, as a process that comes 66 seconds later, and reports where
// that was.
func finish(t *testing.T, p *wechattest.Platform, console *wechattest.Console, url, path string) (broadcast.State, error) {
	t.Helper()
	ctx := t.Context()
	db, err := sqlitestore.Open(ctx, path)
	if err != nil {
		return "", err
	}
	defer db.Close()
	st := &shifted{Store: db}
	st.advance(66 * time.Second)
	p.Advance(66 * time.Second)
	acct, err := open(st, url, console.AppID(), console.Secret())
	if err != nil {
		return "", err
	}
	defer acct.Close()
	before, err := acct.Broadcast.Get(ctx, key)
	if err != nil && !errors.Is(err, broadcast.ErrNoJob) {
		return "", err
	}
	job, err := acct.Broadcast.Send(ctx, message())
	if err == nil && job.State != broadcast.Accepted {
		err = fmt.Errorf("state %q", job.State)
	}
	if err != nil {
		return before.State, err
	}
	left, err := acct.Quota.Remaining(ctx)
	if err == nil && left.Balances[0].Used != 1 {
		err = fmt.Errorf("%d units used, want 1", left.Balances[0].Used)
	}
	return before.State, err
}
