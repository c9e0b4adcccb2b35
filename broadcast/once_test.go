package broadcast_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const sendAll = "/cgi-bin/message/mass/sendall"

// world is a platform with one service account, and a store.
type world struct {
	t        *testing.T
	platform *wechattest.Platform
	console  *wechattest.Console
	store    store.Store
	onSend   func(body []byte)
}

// spy calls f with the body of each request that sends.
func (w *world) spy(f func(body []byte)) { w.onSend = f }

// RoundTrip hands requests to the platform.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.onSend != nil && r.URL.Path == sendAll {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		w.onSend(body)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return w.platform.Transport().RoundTrip(r)
}

func newWorld(t *testing.T) *world {
	p := wechattest.New()
	console := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
	console.AddTag("all", console.AddFollowers(3)...)
	return &world{t: t, platform: p, console: console, store: store.NewMemory()}
}

// process is a client and ledger of its own on the world's store, as another process would have.
func (w *world) process(st store.Store) (*broadcast.Client, *quota.Ledger) {
	w.t.Helper()
	c, err := wechat.New(
		wechat.Credentials{AppID: wechat.AppID(w.console.AppID()), AppSecret: wechat.NewSecret(w.console.Secret())},
		wechat.WithTransport(w), wechat.WithStore(st))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	ledger := quota.New(st, c.AppID(), quota.ServicePolicy(wechat.Documented))
	return broadcast.New(c, broadcast.WithLedger(ledger)), ledger
}

// carriedOut counts what the platform really sent.
func (w *world) carriedOut() int { return len(w.platform.Broadcasts(w.console.AppID())) }

func hello(key string) broadcast.Message {
	return broadcast.Message{Key: key, To: broadcast.ToTag(100), Content: broadcast.Text{Content: "hello & <welcome> 你好"}}
}

// B3, B4, X1: whatever goes wrong on the way, executed or not, the broadcast is carried out exactly once in
// the end, nobody asks again within 65 seconds, and the ledger agrees with the platform.
func TestEveryFaultEndsInOneBroadcast(t *testing.T) {
	for _, fault := range wechattest.EveryFault(sendAll) {
		fault.Times = 1
		name := fmt.Sprintf("%v executed=%v", fault.Kind, fault.Execute)
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			client, ledger := w.process(w.store)
			w.platform.Fault(fault)
			const key = "launch"
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			job, err := client.Send(ctx, hello(key))
			asked := w.platform.Requests(sendAll)
			switch {
			case err == nil:
				if job.State != broadcast.Accepted {
					t.Errorf("%s: Send = %q without an error", name, job.State)
				}
			case errors.Is(err, wechat.ErrOutcomeUnknown):
				if job.State != broadcast.Unknown {
					t.Errorf("%s: Send = %q, %v, want %q", name, job.State, err, broadcast.Unknown)
				}
				if again, err := client.Send(ctx, hello(key)); again.State != broadcast.Unknown || !errors.Is(err, wechat.ErrOutcomeUnknown) {
					t.Errorf("%s: a second Send at once = %q, %v, want it unknown still", name, again.State, err)
				}
				if n := w.platform.Requests(sendAll); n != asked {
					t.Errorf("%s: a second Send at once made %d requests, want 0", name, n-asked)
				}
				time.Sleep(64 * time.Second)
				if _, err := client.Resume(ctx, key); !errors.Is(err, wechat.ErrOutcomeUnknown) || w.platform.Requests(sendAll) != asked {
					t.Errorf("%s: after 64 s Resume = %v with %d requests, want it to wait", name, err, w.platform.Requests(sendAll)-asked)
				}
				time.Sleep(2 * time.Second)
				job, err = client.Resume(ctx, key)
			default:
				if w.carriedOut() != 0 {
					t.Errorf("%s: Send = %v, but the platform carried it out", name, err)
				}
				job, err = client.Send(ctx, hello(key))
			}
			if err != nil || job.State != broadcast.Accepted || job.MsgID == 0 {
				t.Errorf("%s: in the end %q, msg_id %d, %v, want it accepted", name, job.State, job.MsgID, err)
			}
			if n := w.carriedOut(); n != 1 {
				t.Errorf("%s: the platform carried out %d broadcasts, want 1", name, n)
			}
			left, err := ledger.Remaining(ctx)
			if b := left.Balances[0]; err != nil || b.Used != 1 || b.Doubtful != 0 || b.Held != 0 {
				t.Errorf("%s: the ledger says %+v, %v, want 1 used and none in doubt", name, b, err)
			}
			if job, err := client.Wait(ctx, key); err != nil || job.State != broadcast.Finished || job.Status != "SEND_SUCCESS" {
				t.Errorf("%s: Wait = %q %q, %v, want it finished", name, job.State, job.Status, err)
			}
		})
	}
}

// errCrash is what a process sees that has died: it sees nothing any more.
var errCrash = errors.New("the process has died")

// crashing is a store whose process dies at its n-th operation: before the operation takes effect, or
// after. From then on nothing reaches the store.
type crashing struct {
	store.Store
	left  int
	after bool
	dead  context.CancelFunc
}

func (c *crashing) op(do func()) error {
	switch {
	case c.left > 0:
		c.left--
		do()
		return nil
	case c.left == 0 && c.after:
		do()
	}
	c.left = -1
	c.dead()
	return errCrash
}

func (c *crashing) Get(ctx context.Context, key string) (r store.Record, err error) {
	if died := c.op(func() { r, err = c.Store.Get(ctx, key) }); died != nil {
		return store.Record{}, died
	}
	return r, err
}

func (c *crashing) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (r store.Record, swapped bool, err error) {
	if died := c.op(func() { r, swapped, err = c.Store.Swap(ctx, key, version, value, ttl) }); died != nil {
		return store.Record{}, false, died
	}
	return r, swapped, err
}

func (c *crashing) List(ctx context.Context, prefix, after string) iter.Seq2[store.Record, error] {
	if died := c.op(func() {}); died != nil {
		return func(yield func(store.Record, error) bool) { yield(store.Record{}, died) }
	}
	return c.Store.List(ctx, prefix, after)
}

// B1, B2: a process dies at every single operation on the store, before or after it took effect, with the
// platform's answer arriving or lost. Whoever comes next takes the broadcast to its end, once.
func TestCrashAtEveryStoreOperation(t *testing.T) {
	for _, lost := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			for n := 0; ; n++ {
				name := fmt.Sprintf("dies at operation %d, after=%v, answer lost=%v", n, after, lost)
				finished := false
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					if lost {
						w.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: true, Times: 1})
					}
					ctx, die := context.WithCancel(t.Context())
					defer die()
					st := &crashing{Store: w.store, left: n, after: after, dead: die}
					first, _ := w.process(st)
					_, _ = first.Send(ctx, hello("launch"))
					finished = st.left >= 0

					time.Sleep(66 * time.Second)
					second, ledger := w.process(w.store)
					job, err := second.Send(t.Context(), hello("launch"))
					if errors.Is(err, wechat.ErrOutcomeUnknown) { // it was found in flight, or its answer is lost only now
						job, err = second.Wait(t.Context(), "launch")
					}
					if err != nil || job.State != broadcast.Accepted && job.State != broadcast.Finished {
						t.Errorf("%s: then %q, %v, want it accepted", name, job.State, err)
					}
					if got := w.carriedOut(); got != 1 {
						t.Errorf("%s: carried out %d times, want 1", name, got)
					}
					left, err := ledger.Remaining(t.Context())
					if b := left.Balances[0]; err != nil || b.Used != 1 || b.Doubtful != 0 || b.Held != 0 {
						t.Errorf("%s: the ledger says %+v, %v, want 1 used", name, b, err)
					}
				})
				if finished {
					t.Logf("answer lost=%v, after=%v: %d operations", lost, after, n)
					break
				}
				if n > 100 || t.Failed() {
					t.FailNow()
				}
			}
		}
	}
}

// R1: two processes that send the same Key at once send once.
func TestTwoProcessesSendOnce(t *testing.T) {
	for range 50 {
		w := newWorld(t)
		errs := make(chan error)
		for range 4 {
			client, _ := w.process(w.store)
			go func() {
				_, err := client.Send(t.Context(), hello("launch"))
				errs <- err
			}()
		}
		accepted := 0
		for range 4 {
			switch err := <-errs; {
			case err == nil:
				accepted++
			case !errors.Is(err, wechat.ErrOutcomeUnknown): // another one is at it
				t.Errorf("Send = %v, want nil or ErrOutcomeUnknown", err)
			}
		}
		if n := w.platform.Executions(sendAll); n != 1 || accepted == 0 {
			t.Fatalf("carried out %d times, %d accepted, want 1 and at least 1", n, accepted)
		}
	}
}

// B4: while every answer is lost there is at most one request in 65 seconds; after 23 hours only a person
// can settle it, and what was not sent gives its quota back.
func TestDoubtEndsWithAPersonAfter23Hours(t *testing.T) {
	for _, sent := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			client, ledger := w.process(w.store)
			w.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close})
			_, _ = client.Send(t.Context(), hello("launch"))
			ctx, cancel := context.WithTimeout(t.Context(), 25*time.Hour)
			defer cancel()
			job, err := client.Wait(ctx, "launch")
			if job.State != broadcast.NeedsOperator || !errors.Is(err, wechat.ErrOutcomeUnknown) {
				t.Fatalf("Wait = %q, %v, want %q", job.State, err, broadcast.NeedsOperator)
			}
			var last time.Time
			for _, e := range w.platform.Log() {
				if e.Path != sendAll {
					continue
				}
				if gap := e.Time.Sub(last); gap < 65*time.Second {
					t.Errorf("two requests within %v, want at least 65 s", gap)
				}
				last = e.Time
			}
			if n := w.platform.Requests(sendAll); n < 2 || n > 95 {
				t.Errorf("%d requests in 23 hours, want some and fewer than the platform's 100 a day", n)
			}
			want, used, msgID := broadcast.Failed, 0, int64(0)
			if sent {
				want, used, msgID = broadcast.Accepted, 1, 4711
			}
			if job, err = client.Decide(t.Context(), "launch", sent, msgID, "li"); err != nil {
				t.Fatal(err)
			}
			left, err := ledger.Remaining(t.Context())
			if job.State != want || job.By != "li" || err != nil || left.Balances[0].Used != used || left.Balances[0].Doubtful != 0 {
				t.Errorf("Decide(%v) = %q by %q, ledger %v, %v", sent, job.State, job.By, left, err)
			}
		})
	}
}

// The platform's own word against a foreign msg_id: it counts only if no other job has it.
func TestForeignMsgIDIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, ledger := w.process(w.store)
		first, err := client.Send(t.Context(), hello("first"))
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"errcode":45065,"errmsg":"clientmsgid exist","msg_id":%d}`, first.MsgID)
		w.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Answer, Body: body})
		job, err := client.Send(t.Context(), hello("second"))
		if job.State != broadcast.Unknown || job.Conflict != "first" || !errors.Is(err, wechat.ErrOutcomeUnknown) {
			t.Errorf("Send = %q, conflict %q, %v, want it unknown with a conflict", job.State, job.Conflict, err)
		}
		asked := w.platform.Requests(sendAll)
		time.Sleep(2 * time.Hour)
		if _, err := client.Resume(t.Context(), "second"); err == nil || w.platform.Requests(sendAll) != asked {
			t.Errorf("Resume = %v with %d requests, want an error and none", err, w.platform.Requests(sendAll)-asked)
		}
		if left, err := ledger.Remaining(t.Context()); err != nil || left.Balances[0].Doubtful != 1 {
			t.Errorf("the ledger says %v, %v, want one in doubt", left, err)
		}
	})
}

// Codes that mean "not carried out" end a first attempt, with the quota free again, and never end doubt.
func TestCodesOfTheFirstAttemptAndOfALaterOne(t *testing.T) {
	for code, want := range map[int]broadcast.State{
		40007: broadcast.Failed, 45002: broadcast.Failed, 40152: broadcast.Failed,
		40164: broadcast.Released, 48001: broadcast.Released, 45028: broadcast.Released,
		-1: broadcast.Unknown, 45066: broadcast.Unknown, 99999: broadcast.Unknown,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			client, ledger := w.process(w.store)
			fault := w.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Errcode, Code: code, Times: 1})
			job, err := client.Send(t.Context(), hello("first"))
			if job.State != want || err == nil {
				t.Errorf("errcode %d: %q, %v, want %q", code, job.State, err, want)
			}
			left, lerr := ledger.Remaining(t.Context())
			doubtful := 0
			if want == broadcast.Unknown {
				doubtful = 1
			}
			if b := left.Balances[0]; lerr != nil || b.Used+b.Held != 0 || b.Doubtful != doubtful {
				t.Errorf("errcode %d: the ledger says %+v, %v, want %d in doubt", code, b, lerr, doubtful)
			}
			if code == 45028 {
				asked := w.platform.Requests(sendAll)
				if _, again := client.Send(t.Context(), hello("another")); !errors.Is(again, quota.ErrExhausted) || !errors.Is(err, quota.ErrExhausted) {
					t.Errorf("errcode 45028: Send = %v, and then %v, want ErrExhausted twice", err, again)
				}
				if n := w.platform.Requests(sendAll); n != asked {
					t.Errorf("errcode 45028: %d requests after the month was closed, want 0", n-asked)
				}
				return
			}
			fault.Remove()
			w.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: true, Times: 1})
			if _, err := client.Send(t.Context(), hello("second")); !errors.Is(err, wechat.ErrOutcomeUnknown) {
				t.Fatalf("Send = %v, want its outcome unknown", err)
			}
			w.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Errcode, Code: code, Times: 1})
			time.Sleep(66 * time.Second)
			if job, err := client.Resume(t.Context(), "second"); job.State != broadcast.Unknown || !errors.Is(err, wechat.ErrOutcomeUnknown) {
				t.Errorf("errcode %d to a repeat: %q, %v, want it unknown still", code, job.State, err)
			}
		})
	}
}

// I1: bad input reaches neither the network nor the store.
func TestBadInputSendsNothingAndKeepsNothing(t *testing.T) {
	w := newWorld(t)
	client, _ := w.process(w.store)
	for name, m := range map[string]broadcast.Message{
		"no key":          {To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "a"}},
		"no audience":     {Key: "k", Content: broadcast.Text{Content: "a"}},
		"no content":      {Key: "k", To: broadcast.ToEveryone()},
		"empty text":      {Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{}},
		"NUL":             {Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "a\x00"}},
		"invalid UTF-8":   {Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "a\xff"}},
		"no character":    {Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "a\ufffe"}},
		"image without":   {Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Images{}},
		"voice without":   {Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Voice{}},
		"negative tag":    {Key: "k", To: broadcast.ToTag(-1), Content: broadcast.Text{Content: "a"}},
		"key with a line": {Key: "k\n", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "a"}},
	} {
		if _, err := client.Send(t.Context(), m); !errors.Is(err, wechat.ErrInput) {
			t.Errorf("%s: Send = %v, want ErrInput", name, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Send(ended, hello("k")); !errors.Is(err, context.Canceled) {
		t.Errorf("Send with an ended context = %v", err)
	}
	if n := len(w.platform.Log()); n != 0 {
		t.Errorf("%d requests, want 0", n)
	}
	for r, err := range w.store.List(t.Context(), w.console.AppID()+"/", "") {
		t.Errorf("the store has %q, %v, want nothing", r.Key, err)
	}
}

// Q2: one Key is one broadcast.
func TestSameKeyFindsTheJobAndOtherContentIsRefused(t *testing.T) {
	w := newWorld(t)
	client, _ := w.process(w.store)
	first, err := client.Send(t.Context(), hello("launch"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := client.Send(t.Context(), hello("launch"))
	if err != nil || again.MsgID != first.MsgID {
		t.Errorf("the second Send = msg_id %d, %v, want %d", again.MsgID, err, first.MsgID)
	}
	other := hello("launch")
	other.Content = broadcast.Text{Content: "something else"}
	if _, err := client.Send(t.Context(), other); !errors.Is(err, broadcast.ErrMismatch) {
		t.Errorf("Send with other content = %v, want ErrMismatch", err)
	}
	if n := w.platform.Requests(sendAll); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// a preflight tells everything at once, asks nobody and changes nothing.
func TestPreflightTellsEverythingAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, ledger := w.process(w.store)
		for i := range 4 {
			if _, err := ledger.Reserve(t.Context(), quota.Spend{ID: fmt.Sprint("other", i), Reach: quota.Tag}); err != nil {
				t.Fatal(err)
			}
		}
		report, err := client.Preflight(t.Context(), broadcast.Message{To: broadcast.ToTag(100), Content: broadcast.Images{Title: "新品上市新品上市新品上市新品上市新品上市新品上市"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range report.Findings {
			got = append(got, fmt.Sprintf("%s %s %s warning=%v", f.Check, f.Field, f.Rule, f.Warning))
		}
		for _, want := range []string{
			"content key required warning=false", "content content.images required warning=false",
			"content content.title length warning=false", "quota to quota warning=false", "store store memory warning=true",
		} {
			found := false
			for _, g := range got {
				found = found || g == want
			}
			if !found {
				t.Errorf("no finding %q among %q", want, got)
			}
		}
		if report.OK() || len(w.platform.Log()) != 0 {
			t.Errorf("OK() = %v, %d requests, want false and 0", report.OK(), len(w.platform.Log()))
		}
	})
}
