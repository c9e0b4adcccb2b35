package broadcast_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// R1: any number of processes that send the same Key at once send once.
func TestManyProcessesSendOnce(t *testing.T) {
	for range rounds(30, 300, 10_000) {
		r := newRig(t)
		r.store.after = func(string, string) { runtime.Gosched() }
		clients := []*broadcast.Client{r.client(), r.client()}
		var all sync.WaitGroup
		var mu sync.Mutex
		accepted := 0
		for i := range 6 {
			all.Go(func() {
				job, err := clients[i%2].Send(t.Context(), r.text("k"))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && job.State == broadcast.Accepted:
					accepted++
				case !errors.Is(err, wechat.ErrOutcomeUnknown): // another one is at it
					t.Errorf("Send = %s, %v; want it accepted, or being sent", job.State, err)
				}
			})
		}
		all.Wait()
		if accepted == 0 {
			t.Error("nobody heard of the acceptance")
		}
		if n := len(r.wire.posts()); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
		r.wantSent(1)
		if t.Failed() {
			return
		}
	}
}

// A process is paused at every operation of the store, before it or after; meanwhile another one takes the
// broadcast to wherever it can. When the first wakes up it must not send a second one, nor lose or misreport
// what happened.
func TestPausedProcessWakesUp(t *testing.T) {
	pauses := []time.Duration{0, 66 * time.Second, 11 * time.Minute, 30 * time.Hour}
	for _, pause := range pauses {
		for _, after := range []bool{false, true} {
			for _, lost := range []bool{false, true} {
				for n := 1; ; n++ {
					reached := false
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t)
						r.tb = named{t, fmt.Sprintf("paused for %s at operation %d, after %t, answer lost %t", pause, n, after, lost)}
						if lost {
							r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: true, Times: 1})
						}
						ops := 0
						other := func() {
							reached = true
							time.Sleep(pause)
							job, err := r.client().Send(t.Context(), r.text("k"))
							if pause > 0 && errors.Is(err, wechat.ErrOutcomeUnknown) {
								job, err = r.client().Wait(t.Context(), "k")
							}
							if err != nil && !errors.Is(err, wechat.ErrOutcomeUnknown) {
								r.tb.Errorf("the other process: %s, %v", job.State, err)
							}
						}
						k := &kit{Store: r.store}
						k.fault = func(string, string) (bool, error) {
							if ops++; ops == n && !after {
								other()
							}
							return true, nil
						}
						k.after = func(string, string) {
							if ops == n && after && !reached {
								other()
							}
						}
						job, err := r.clientOn(k).Send(t.Context(), r.text("k"))
						if err == nil && job.State != broadcast.Accepted && job.State != broadcast.Finished || err != nil && !errors.Is(err, wechat.ErrOutcomeUnknown) {
							r.tb.Errorf("the paused process: %s, %v", job.State, err)
						}
						stored, gerr := r.client().Get(t.Context(), "k")
						must(r.tb, gerr)
						if !errors.Is(err, wechat.ErrOutcomeUnknown) && (job.State != stored.State || job.MsgID != stored.MsgID) {
							r.tb.Errorf("the paused process says %s, %d; the store has %s, %d", job.State, job.MsgID, stored.State, stored.MsgID)
						}
						job, err = r.settle(r.text("k"))
						if pause > 23*time.Hour && job.State == broadcast.NeedsOperator { // nobody asked in time
							sent, msgID := len(r.sent()) == 1, int64(0)
							if sent {
								msgID = r.sent()[0].MsgID
							}
							_, err = r.client().Decide(t.Context(), "k", sent, msgID, "li")
						} else if n := len(r.sent()); n != 1 {
							r.tb.Errorf("%d broadcasts, want 1", n)
						}
						if err != nil {
							r.tb.Errorf("in the end %s, %v", job.State, err)
						}
						r.wantRight(1)
					})
					if !reached {
						break
					}
				}
			}
		}
	}
}

// The answer of a request that everybody had given up still counts, if it is an acceptance, and is not
// mistaken for the answer of a later one, if it is not.
func TestLateAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		code  int // of the late answer; 0 is the genuine one
		other bool
	}{
		"acceptance, nobody else": {0, false},
		"acceptance, after all":   {0, true},
		"refusal, after all":      {40007, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, name}
			first := true
			r.wire.before = func(q *http.Request) (*http.Response, error) {
				if q.URL.Path != sendAll || !first {
					return nil, nil //nolint:nilnil // let it pass
				}
				first = false
				if tc.code != 0 {
					r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Errcode, Code: tc.code, Times: 1})
				}
				resp, err := r.wire.next.RoundTrip(q)
				time.Sleep(2 * time.Minute) // and no context wakes this process up
				if tc.other {
					_, _ = r.client().Wait(t.Context(), "k")
				}
				return resp, err
			}
			job, err := r.client().Send(t.Context(), r.text("k"))
			stored, _ := r.client().Get(t.Context(), "k")
			if job.State != stored.State {
				r.tb.Errorf("Send says %s, %v; the store has %s", job.State, err, stored.State)
			}
			job, err = r.settle(r.text("k"))
			if err != nil || job.State != broadcast.Accepted && job.State != broadcast.Finished {
				r.tb.Errorf("in the end %s, %v", job.State, err)
			}
			r.wantRight(1)
		})
	}
}

// A machine that sleeps between the announcement of a request and the request must not send when it wakes
// up, as others have taken over.
func TestRequestTakesAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Hang, Times: 1})
		began := time.Now()
		job, err := r.client().Send(t.Context(), r.text("k")) // a context without an end
		wantState(t, job, err, broadcast.Unknown, wechat.ErrOutcomeUnknown)
		if d := time.Since(began); d != time.Minute {
			t.Errorf("a request that hangs took %s, want a minute", d)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		asleep := &kit{Store: r.store}
		swaps := 0
		asleep.after = func(op, _ string) {
			if op == "swap" {
				swaps++
			}
			if rec, err := r.client().Get(t.Context(), "k"); err == nil && rec.State == broadcast.Sending && swaps > 0 {
				swaps = -100
				time.Sleep(61 * time.Second)
			}
		}
		job, err := r.clientOn(asleep).Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Released, err)
		if n := len(r.wire.posts()); n != 0 {
			t.Errorf("%d requests left after the pause", n)
		}
	})
}
