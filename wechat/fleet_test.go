package wechat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// The tests here start this binary again, so that processes share a store and nothing else. A process is
// told by its environment what to be, obeys on its standard input, and reports on its standard output.
const (
	roleVariable  = "WECHAT_TEST_ROLE"
	placeVariable = "WECHAT_TEST_PLACE"
)

// place is where a process works.
type place struct {
	URL, Store, AppID, Secret string
	Times                     wechat.TokenTimes
}

// beProcess is the main function of a process.
func beProcess(role string) int {
	var at place
	if err := json.Unmarshal([]byte(os.Getenv(placeVariable)), &at); err != nil {
		fmt.Println("place:", err)
		return 1
	}
	ctx := context.Background()
	st, err := sqlitestore.Open(ctx, at.Store)
	if err != nil {
		fmt.Println("store:", err)
		return 1
	}
	defer st.Close()
	c, err := wechat.New(wechat.Credentials{AppID: wechat.AppID(at.AppID), AppSecret: wechat.NewSecret(at.Secret)},
		wechat.WithBaseURL(at.URL), wechat.WithStore(st))
	if err != nil {
		fmt.Println("client:", err)
		return 1
	}
	defer c.Close()
	wechat.SetTokenTimes(c, at.Times)
	switch role {
	case "busy":
		beBusy(ctx, c)
	case "stepper":
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			fmt.Println("done:", read(ctx, c))
		}
	}
	return 0
}

// beBusy calls without rest until standard input ends, and reports the first failure.
func beBusy(ctx context.Context, c *wechat.Client) {
	ctx, cancel := context.WithCancel(ctx)
	var calls, failed atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for ; ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
				if err := read(context.WithoutCancel(ctx), c); err != nil && failed.Add(1) == 1 {
					fmt.Println("failed:", err)
				}
				calls.Add(1)
			}
		})
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	wg.Wait()
	fmt.Printf("%d of %d calls failed\n", failed.Load(), calls.Load())
}

// meter serves a platform on a port and keeps count of its token answers.
type meter struct {
	*wechattest.Platform
	mu       sync.Mutex
	fetches  int
	distinct map[string]bool
	changed  chan int    // how many distinct tokens there were, after each new one
	held     atomic.Bool // the next token answer waits
	holding  chan bool
	release  chan bool
}

func newMeter(t *testing.T) (*meter, string) {
	t.Helper()
	p := &meter{Platform: wechattest.New(), distinct: map[string]bool{}, changed: make(chan int, 1000), holding: make(chan bool), release: make(chan bool)}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	return p, srv.URL
}

func (p *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != tokenPath {
		p.Platform.ServeHTTP(w, r)
		return
	}
	kept := httptest.NewRecorder()
	p.Platform.ServeHTTP(kept, r)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	_ = json.Unmarshal(kept.Body.Bytes(), &answer)
	p.mu.Lock()
	if p.fetches++; !p.distinct[answer.AccessToken] {
		p.distinct[answer.AccessToken] = true
		p.changed <- len(p.distinct)
	}
	p.mu.Unlock()
	if p.held.CompareAndSwap(true, false) {
		p.holding <- true
		<-p.release
	}
	_, _ = w.Write(kept.Body.Bytes())
}

func (p *meter) count() (fetches, tokens int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches, len(p.distinct)
}

// child is a process that the test has started.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(t *testing.T, role string, at place) *child {
	t.Helper()
	where, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, placeVariable+"="+string(where))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = c.cmd.Process.Signal(syscall.SIGCONT)
		_ = c.in.Close()
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	return c
}

func (c *child) tell(t *testing.T, s string) {
	t.Helper()
	if _, err := io.WriteString(c.in, s+"\n"); err != nil {
		t.Fatal(err)
	}
}

func (c *child) hear(t *testing.T) string {
	t.Helper()
	s, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatalf("process says %q, %v", s, err)
	}
	return s[:len(s)-1]
}

// Eight processes over many expiries fetch each token once, and no call fails.
func TestAFleetFetchesEachTokenOnce(t *testing.T) {
	t.Parallel()
	const processes = 8
	expiries := pick(10, 50, 200)
	p, url := newMeter(t)
	acct := p.AddAccount(verified)
	acct.SetTokenLife(time.Second) // and succeeded after half of it
	acct.SetQuota(readPath, 1<<40)
	at := place{
		URL: url, Store: filepath.Join(t.TempDir(), "store.db"), AppID: acct.AppID(), Secret: acct.Secret(),
		Times: wechat.TokenTimes{
			Early: 500 * time.Millisecond, Reread: 50 * time.Millisecond, Lease: 10 * time.Second,
			Gate: time.Millisecond, Poll: 10 * time.Millisecond,
		},
	}
	var fleet []*child
	for range processes {
		fleet = append(fleet, start(t, "busy", at))
	}
	for n := range p.changed {
		if n == 1+expiries {
			break
		}
	}
	for _, c := range fleet {
		_ = c.in.Close()
	}
	for _, c := range fleet {
		said, err := io.ReadAll(c.out)
		var failed, calls int
		if _, scan := fmt.Sscanf(string(said), "%d of %d calls failed", &failed, &calls); err != nil || scan != nil || failed > 0 || calls < expiries {
			t.Errorf("a process says %q, %v; want that no call failed", said, err)
		}
	}
	fetches, tokens := p.count()
	if fetches != tokens {
		t.Errorf("%d fetches for %d tokens, want one each", fetches, tokens)
	}
	t.Logf("%d processes: %d fetches over %d expiries", processes, fetches, tokens-1)
}

// A process that is stopped while it fetches, for longer than its lease, comes back with a token that is
// dead by then. It must not put that in the place of the newer one.
func TestAStoppedProcessStoresNoOlderToken(t *testing.T) {
	t.Parallel()
	p, url := newMeter(t)
	acct := p.AddAccount(verified)
	acct.SetQuota(readPath, 1<<40)
	at := place{
		URL: url, Store: filepath.Join(t.TempDir(), "store.db"), AppID: acct.AppID(), Secret: acct.Secret(),
		Times: wechat.TokenTimes{
			Early: 5 * time.Minute, Keep: time.Minute, Reread: time.Minute, Lease: 100 * time.Millisecond,
			Gate: time.Millisecond, Poll: 10 * time.Millisecond,
		},
	}
	st, err := sqlitestore.Open(t.Context(), at.Store)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	a, b := start(t, "stepper", at), start(t, "stepper", at)
	var generation int64
	for round := range pick(5, 30, 200) {
		before, _ := p.count()
		acct.RevokeTokens()
		p.held.Store(true)
		a.tell(t, "call")
		<-p.holding // the platform has given a token, and the answer is on its way
		if err := a.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		acct.RevokeTokens()
		b.tell(t, "call")
		if said := b.hear(t); said != "done: <nil>" {
			t.Fatalf("round %d: the second process says %q", round, said)
		}
		p.release <- true
		if err := a.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if said := a.hear(t); said != "done: <nil>" {
			t.Fatalf("round %d: the stopped process says %q", round, said)
		}
		r, err := st.Get(t.Context(), acct.AppID()+"/token")
		var kept struct {
			Token      string
			Generation int64
		}
		if err != nil || json.Unmarshal(r.Value, &kept) != nil || kept.Token != acct.Token() || kept.Generation <= generation {
			t.Fatalf("round %d: the store has generation %d after %d; its token is the platform's: %v (%v)",
				round, kept.Generation, generation, kept.Token == acct.Token(), err)
		}
		generation = kept.Generation
		if n, _ := p.count(); n-before > 2 {
			t.Errorf("round %d: %d fetches, want at most 2", round, n-before)
		}
		a, b = b, a
	}
}
