package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// way is how a process ends at an operation of the store.
type way int

const (
	hiccup  way = iota // the one operation fails
	cut                // so do all that follow
	endless            // so do all that follow, and so does the caller's context
	death              // the process stops at the spot
	ways
)

// process is a store as one process sees it, whose n-th operation goes wrong, before it took effect or
// after.
func (r *rig) process(n int, after bool, how way, cancel context.CancelFunc) (*kit, *int) {
	k, ops := &kit{Store: r.store}, new(int)
	k.fault = func(string, string) (bool, error) {
		*ops++
		switch {
		case *ops < n || *ops > n && how == hiccup:
			return true, nil
		case how == endless:
			cancel()
		case how == death && (*ops > n || !after):
			panic(errCable)
		}
		return after && *ops == n, fmt.Errorf("%w: %w", store.ErrUnavailable, errCable)
	}
	if how == death && after {
		k.after = func(string, string) {
			if *ops >= n {
				panic(errCable)
			}
		}
	}
	return k, ops
}

// alive runs a process to its end, or its death.
func alive(run func()) {
	defer func() {
		if p := recover(); p != nil && p != any(errCable) {
			panic(p)
		}
	}()
	run()
}

// settle is the process that comes next: it goes on with what it finds, and has the broadcast sent if that
// came to nothing.
func (r *rig) settle(m broadcast.Message) (broadcast.Job, error) {
	r.tb.Helper()
	ctx := r.tb.Context()
	for job, err := range r.client().Jobs(ctx) {
		must(r.tb, err)
		_, _ = r.client().Wait(ctx, job.Key)
	}
	for try := 0; ; try++ { // what faults are left strike the first tries
		job, err := r.client().Send(ctx, m)
		if errors.Is(err, wechat.ErrOutcomeUnknown) {
			job, err = r.client().Wait(ctx, m.Key)
		}
		if job.State != broadcast.Released || try == 3 {
			return job, err
		}
	}
}

// wantRight checks that the ledger and the jobs agree with the platform, whatever was carried out.
func (r *rig) wantRight(most int) {
	r.tb.Helper()
	sent := map[int64]bool{}
	for _, b := range r.sent() {
		sent[b.MsgID] = true
	}
	if len(sent) > most {
		r.tb.Errorf("the platform carried out %d, want %d at most", len(sent), most)
	}
	for job, err := range r.client().Jobs(r.tb.Context()) {
		must(r.tb, err)
		accepted := job.State == broadcast.Accepted || job.State == broadcast.Finished
		if accepted != sent[job.MsgID] || !accepted && job.State != broadcast.Failed && job.State != broadcast.Released {
			r.tb.Errorf("%q is %s with msg_id %d; the platform has %v", job.Key, job.State, job.MsgID, sent)
		}
	}
	r.wantCount(count{Used: len(sent)})
}

// B1, B2, I1: at every operation of the store, before it took effect or after, the process goes wrong in
// every way, with every kind of answer on its way. Whoever comes next settles it: one broadcast at most,
// the job and the ledger right.
func TestCrashAtEveryOperationOfTheStore(t *testing.T) {
	answers := map[string]*wechattest.Fault{
		"arrives":        nil,
		"lost, executed": {Kind: wechattest.Close, Execute: true, Times: 1},
		"lost, not":      {Kind: wechattest.Close, Times: 1},
		"refusal":        {Kind: wechattest.Errcode, Code: 40007},
		"address":        {Kind: wechattest.Errcode, Code: 40164, Times: 1},
		"not connected":  {Kind: wechattest.Refused, Times: 3},
	}
	for name, fault := range answers {
		for how := range ways {
			for _, after := range []bool{false, true} {
				for n := 1; ; n++ {
					reached := false
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t)
						r.tb = named{t, fmt.Sprintf("answer %s, way %d at operation %d, after %t", name, how, n, after)}
						if fault != nil {
							f := *fault
							f.Path = sendAll
							r.platform.Fault(f)
						}
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						k, ops := r.process(n, after, how, cancel)
						var job broadcast.Job
						var err error
						alive(func() { job, err = r.clientOn(k).Send(ctx, r.text("k")) })
						reached = *ops >= n
						if err == nil && job.State == broadcast.Accepted && len(r.sent()) != 1 {
							r.tb.Errorf("accepted, but carried out %d times", len(r.sent()))
						}
						if err != nil && !errors.Is(err, wechat.ErrOutcomeUnknown) && len(r.sent()) != 0 {
							r.tb.Errorf("carried out, but the error is %v", err)
						}
						job, err = r.settle(r.text("k"))
						if job.State == broadcast.NeedsOperator && name == "refusal" {
							// The refusal was heard and not written down; what a repeat comes to proves nothing.
							job, err = r.client().Decide(t.Context(), "k", false, 0, "li")
							must(r.tb, err)
							err = errCable
						}
						if name == "refusal" {
							wantState(r.tb, job, err, broadcast.Failed, err)
							r.wantRight(0)
							return
						}
						if err != nil || job.State != broadcast.Accepted && job.State != broadcast.Finished {
							r.tb.Errorf("in the end %s, %v; want it accepted", job.State, err)
						}
						r.wantRight(1)
						if fault == nil || fault.Kind == wechattest.Close {
							r.wantPaced()
						}
					})
					if !reached {
						if n < 8 {
							t.Errorf("a Send takes %d operations: too few to be true", n)
						}
						break
					}
				}
			}
		}
	}
}

// B1 by seed: processes live and die one after the other and side by side in time, with faults on the wire,
// until one gets through. At most one broadcast for each Key, and all books agree.
func TestGenerationsOfCrashes(t *testing.T) {
	for seed := range uint64(rounds(50, 250, 50_000)) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 11))
			r := newRig(t)
			r.tb = named{t, fmt.Sprintf("seed %d", seed)}
			faults := wechattest.EveryFault(sendAll)
			for range rng.IntN(4) {
				f := faults[rng.IntN(len(faults))]
				f.Skip, f.Times = rng.IntN(2), 1+rng.IntN(2)
				r.platform.Fault(f)
			}
			keys := []string{"a", "b"}
			for range 1 + rng.IntN(6) {
				key := keys[rng.IntN(2)]
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.Int64N(int64(10*time.Minute))))
				k, _ := r.process(1+rng.IntN(16), rng.IntN(2) == 0, way(rng.IntN(int(ways))), cancel)
				alive(func() {
					b := r.clientOn(k)
					switch rng.IntN(3) {
					case 0:
						_, _ = b.Send(ctx, r.text(key))
					case 1:
						_, _ = b.Resume(ctx, key)
					default:
						_, _ = b.Wait(ctx, key)
					}
				})
				cancel()
				time.Sleep(time.Duration(rng.Int64N(int64(2 * time.Minute))))
			}
			for _, key := range keys {
				_, _ = r.settle(r.text(key))
			}
			r.wantRight(2)
			if n := len(r.sent()); n != 2 {
				r.tb.Errorf("%d broadcasts, want both", n)
			}
			ids := map[string]bool{}
			for _, b := range r.sent() {
				ids[b.ClientMsgID] = true
			}
			if len(ids) != len(r.sent()) {
				r.tb.Errorf("one Key was carried out twice: %+v", r.sent())
			}
		})
		if t.Failed() {
			return
		}
	}
}

// A store that was lost while the ledger was not: the ledger is the better witness, so nothing is sent
// anew, not even after the platform has forgotten the key.
func TestLostJobIsNotSentAnew(t *testing.T) {
	for _, answered := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			if !answered {
				r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: true, Times: 1})
			}
			job, _ := r.client().Send(t.Context(), r.text("k"))
			key := r.acct.AppID() + "/job/" + job.ClientMsgID
			rec, err := r.store.Get(t.Context(), key)
			must(t, err)
			_, _, err = r.store.Swap(t.Context(), key, rec.Version, nil, 0)
			must(t, err)
			time.Sleep(30 * time.Hour)
			posts := len(r.wire.posts())
			for range 3 {
				job, err = r.client().Send(t.Context(), r.text("k"))
				wantState(t, job, err, broadcast.NeedsOperator, wechat.ErrOutcomeUnknown)
			}
			if n := len(r.wire.posts()); n != posts || len(r.sent()) != 1 {
				t.Errorf("%d requests, %d broadcasts, want none and 1", n-posts, len(r.sent()))
			}
			job, err = r.client().Decide(t.Context(), "k", true, r.sent()[0].MsgID, "li")
			wantState(t, job, err, broadcast.Accepted)
			r.wantSent(1)
		})
	}
}

// The loss of the whole store: within 24 hours the platform's own memory stops a repeat.
func TestLostStoreIsNotSentAnewWithinADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		first, err := r.client().Send(t.Context(), r.text("k"))
		must(t, err)
		r.store = newKit()
		time.Sleep(23 * time.Hour)
		job, err := r.client().Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Accepted)
		if job.MsgID != first.MsgID {
			t.Errorf("msg_id %d, want the first one's, %d", job.MsgID, first.MsgID)
		}
		r.wantSent(1)
	})
}

// Q4: what may have been sent stays charged, however long nobody asks; what provably was not gives its unit
// back by itself, and Resume does not send it days late.
func TestNobodyComesBack(t *testing.T) {
	for n := 1; ; n++ {
		reached := false
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, fmt.Sprintf("died at operation %d", n)}
			k, ops := r.process(n, true, death, nil)
			alive(func() { _, _ = r.clientOn(k).Send(t.Context(), r.text("k")) })
			reached = *ops >= n
			time.Sleep(20 * time.Minute)
			left, err := r.ledger().Remaining(t.Context())
			must(r.tb, err)
			if b := left.Balances[0]; b.Left+len(r.sent()) > b.Limit.Max {
				r.tb.Errorf("%d of %d left, and %d sent", b.Left, b.Limit.Max, len(r.sent()))
			}
			posts := len(r.wire.posts())
			job, err := r.client().Wait(t.Context(), "k")
			switch {
			case errors.Is(err, broadcast.ErrNoJob) && posts == 0:
			case posts == 0 && job.State == broadcast.Released, posts == 1 && job.State == broadcast.Finished && err == nil:
			case posts == 0 && job.State == broadcast.Finished: // it said "sending" and died: nobody can tell
			default:
				r.tb.Errorf("%d requests, then %s, %v", posts, job.State, err)
			}
			if job.State == broadcast.Released && len(r.wire.posts()) != 0 {
				r.tb.Error("it was sent too late")
			}
			r.wantRight(1)
		})
		if !reached {
			return
		}
	}
}
