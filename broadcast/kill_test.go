package broadcast_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// childArg makes the test binary a program that sends broadcasts until it is killed.
const childArg = "broadcast-child"

// Exit codes of the child.
const (
	exitFailed    = 1
	exitExhausted = 3 // the day's quota is used up, and nothing is in doubt
	exitDoubt     = 4 // something is in doubt that cannot be resolved yet
)

// orders are what a child is told.
type orders struct {
	Path, URL, AppID, Token string
	Ahead                   time.Duration // of the store's clock
	Tag                     wechat.TagID
	Send                    bool // or only go on with what is there
}

// daily is how many broadcasts the children may send a day.
const daily = 60

var dailyPolicy = quota.Policy{Account: []quota.Limit{{Name: "broadcasts a day", Max: daily, Period: quota.Day, Counts: quota.Anyone}}}

// child is the program: it goes on with every job that it finds, and sends one broadcast after the other.
func child(args []string) int {
	ctx := context.Background()
	var o orders
	if err := json.Unmarshal([]byte(args[0]), &o); err != nil {
		return complain(err)
	}
	db, err := sqlitestore.Open(ctx, o.Path)
	if err != nil {
		return complain(err)
	}
	defer db.Close()
	b, err := clientOf(db, o)
	if err != nil {
		return complain(err)
	}
	fmt.Println("ready")
	keys, doubt := 0, false
	for job, err := range b.Jobs(ctx) {
		if err != nil {
			return complain(err)
		}
		keys++
		if job, err = b.Resume(ctx, job.Key); errors.Is(err, wechat.ErrOutcomeUnknown) {
			doubt = true
		} else if err != nil && job.State != broadcast.Released {
			return complain(err)
		}
	}
	for exhausted := false; o.Send && !exhausted; keys++ {
		_, err := b.Send(ctx, broadcast.Message{Key: fmt.Sprint(keys), To: broadcast.ToTag(o.Tag), Content: broadcast.Text{Content: fmt.Sprintf("<b> & %d", keys)}})
		if exhausted = errors.Is(err, quota.ErrExhausted); err != nil && !exhausted {
			return complain(err)
		}
	}
	switch {
	case doubt:
		return exitDoubt
	case o.Send:
		return exitExhausted
	}
	return 0
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return exitFailed
}

func clientOf(db store.Store, o orders) (*broadcast.Client, error) {
	k := &kit{Store: db}
	k.advance(o.Ahead)
	c, err := wechat.New(
		wechat.Credentials{AppID: wechat.AppID(o.AppID), AppSecret: wechat.NewSecret("0123456789abcdef0123456789abcdef")},
		wechat.WithBaseURL(o.URL), wechat.WithStore(k), wechat.WithTokens(wechat.StaticToken(o.Token)),
		wechat.WithRateLimit("/cgi-bin/message/mass/", 1_000_000, 1_000_000),
	)
	if err != nil {
		return nil, err
	}
	return broadcast.New(c, broadcast.WithLedger(quota.New(k, c.AppID(), dailyPolicy))), nil
}

// B1, Q1, Q3: a program is killed at random moments and started again, a minute later by all clocks. No
// broadcast is sent twice, none is lost, and no day has more than it may.
func TestKilledProgramSendsOnce(t *testing.T) {
	rounds := rounds(20, 200, 10_000)
	batch := min(rounds, 100)
	p := wechattest.New()
	url, stop := p.Listen()
	defer stop()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	h := &hunt{t: t, p: p, rng: rng, orders: orders{Path: filepath.Join(t.TempDir(), "wechat.db"), URL: url}}
	for done := 0; done < rounds; done += batch {
		h.batch(batch)
	}
	repeats := 0
	for _, e := range p.Log() {
		if e.ErrCode == 45065 {
			repeats++
		}
	}
	t.Logf("%d kills, %d of them in the middle of a broadcast, %d broadcasts; 45065 was answered %d times", h.kills, h.doubts, h.sent, repeats)
	if h.kills < rounds/2 || h.doubts < rounds/20 {
		t.Errorf("%d kills and %d doubts in %d rounds: too weak", h.kills, h.doubts, rounds)
	}
}

// hunt kills children.
type hunt struct {
	t   *testing.T
	p   *wechattest.Platform
	rng *rand.Rand
	orders
	acct                *wechattest.Console
	kills, doubts, sent int
}

// batch has one account's children killed, lets the last one settle everything, and compares the books.
func (h *hunt) batch(rounds int) {
	h.acct = h.p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
	h.acct.SetQuota(sendAll, 1_000_000)
	h.AppID, h.Tag, h.Send = h.acct.AppID(), wechat.TagID(h.acct.AddTag("friends", h.acct.AddFollowers(3)...)), true
	for range rounds {
		if h.run(true) == exitExhausted {
			h.later(24 * time.Hour)
		}
	}
	h.Send = false
	for h.run(false) == exitDoubt {
		h.later(40 * time.Minute)
	}
	h.compare()
}

// later moves all clocks.
func (h *hunt) later(d time.Duration) {
	h.p.Advance(d)
	h.Ahead += d
}

// run starts a child, kills it after a few milliseconds of work, and gives its exit code, -1 if it was
// killed.
func (h *hunt) run(kill bool) int {
	h.t.Helper()
	h.later(66 * time.Second)
	h.Token = h.acct.Token()
	arg, err := json.Marshal(h.orders)
	must(h.t, err)
	cmd := exec.CommandContext(h.t.Context(), os.Args[0], childArg, string(arg))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(h.t, err)
	must(h.t, cmd.Start())
	_, _ = bufio.NewReader(out).ReadString('\n') // it is ready
	if kill {
		defer time.AfterFunc(time.Duration(h.rng.Int64N(int64(40*time.Millisecond))), func() { _ = cmd.Process.Kill() }).Stop()
	}
	_ = cmd.Wait()
	code := cmd.ProcessState.ExitCode()
	if code == exitFailed || code == 2 {
		h.t.Fatalf("the child failed with %d", code)
	}
	if code == -1 {
		h.kills++
		if !h.quiet() {
			h.doubts++
		}
	}
	return code
}

// quiet reports whether no job is being sent.
func (h *hunt) quiet() bool {
	h.t.Helper()
	quiet := true
	h.each(func(job broadcast.Job) { quiet = quiet && job.State != broadcast.Sending })
	return quiet
}

func (h *hunt) each(f func(broadcast.Job)) {
	h.t.Helper()
	db, err := sqlitestore.Open(h.t.Context(), h.Path)
	must(h.t, err)
	defer db.Close()
	b, err := clientOf(db, h.orders)
	must(h.t, err)
	for job, err := range b.Jobs(h.t.Context()) {
		must(h.t, err)
		f(job)
	}
}

// compare holds the journal against what the platform has carried out.
func (h *hunt) compare() {
	h.t.Helper()
	days, truth := map[string]int{}, map[string]wechattest.Broadcast{}
	for _, b := range h.p.Broadcasts(h.AppID) {
		if _, twice := truth[b.ClientMsgID]; twice {
			h.t.Errorf("%s was carried out twice", b.ClientMsgID)
		}
		truth[b.ClientMsgID] = b
		day := b.At.In(time.FixedZone("", 8*60*60)).Format(time.DateOnly)
		if days[day]++; days[day] > daily {
			h.t.Errorf("%s: more than %d were carried out", day, daily)
		}
	}
	h.sent += len(truth)
	keys := map[string]bool{}
	h.each(func(job broadcast.Job) {
		keys[job.Key] = true
		b, sent := truth[job.ClientMsgID]
		delete(truth, job.ClientMsgID)
		switch {
		case job.State == broadcast.Accepted && sent && job.MsgID == b.MsgID:
		case job.State == broadcast.Released && !sent:
		default:
			h.t.Errorf("%q is %s with msg_id %d; carried out %t as %d", job.Key, job.State, job.MsgID, sent, b.MsgID)
		}
	})
	for id := range truth {
		h.t.Errorf("%s was carried out and has no job", id)
	}
	for i := range len(keys) {
		if !keys[fmt.Sprint(i)] {
			h.t.Errorf("job %d was lost", i)
		}
	}
}
