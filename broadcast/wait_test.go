package broadcast_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// B5: Wait asks now and then, less and less often, at least once a minute, until the platform says how it
// ended. Words it does not know are kept and mean nothing.
func TestWaitPollsWithGrowingPauses(t *testing.T) {
	for status, want := range map[string]broadcast.State{
		"SEND_SUCCESS": broadcast.Finished, "DELETE": broadcast.Finished, "SEND_FAIL": broadcast.Rejected,
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			job, err := r.client().Send(t.Context(), r.text("k"))
			must(t, err)
			r.acct.SetBroadcastStatus(job.MsgID, "err(20431)")
			time.AfterFunc(10*time.Minute, func() { r.acct.SetBroadcastStatus(job.MsgID, status) })
			swaps := r.store.swaps.Load()
			job, err = r.client().Wait(t.Context(), "k")
			if want == broadcast.Finished {
				wantState(t, job, err, want)
			} else {
				wantState(t, job, err, want, err)
				if _, ok := errors.AsType[*broadcast.JobError](err); !ok {
					t.Errorf("error %v, want a *JobError", err)
				}
				again, aerr := r.client().Wait(t.Context(), "k")
				wantState(t, again, aerr, want, aerr)
			}
			if job.Status != status {
				t.Errorf("status %q, want the platform's own %q", job.Status, status)
			}
			if n := r.store.swaps.Load() - swaps; n != 2 {
				t.Errorf("%d writes, want one for each word", n)
			}
			looks := r.wire.requests()[1:]
			last := time.Duration(0)
			for i, look := range looks[1:] {
				gap := look.At.Sub(looks[i].At)
				if gap < last || gap < 5*time.Second || gap > time.Minute {
					t.Errorf("look %d came %s after the last, which came after %s", i+1, gap, last)
				}
				last = gap
			}
			if n := len(looks); n < 10 || n > 20 {
				t.Errorf("%d looks in ten minutes", n)
			}
			r.wantSent(1)
		})
	}
}

// X1: Wait returns with what is known: at once where the context would end before the next step, and when
// it ends.
func TestWaitHonoursItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Times: 1})
		_, err := r.client().Send(t.Context(), r.text("k"))
		wantIs(t, err, wechat.ErrOutcomeUnknown)
		began := time.Now()

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		job, err := r.client().Wait(ctx, "k")
		wantState(t, job, err, broadcast.Unknown, wechat.ErrOutcomeUnknown, context.DeadlineExceeded)
		if d := time.Since(began); d != 0 {
			t.Errorf("it waited %s in vain", d)
		}

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		job, err = r.client().Wait(ctx, "k")
		wantState(t, job, err, broadcast.Unknown, wechat.ErrOutcomeUnknown, context.Canceled)
		if d := time.Since(began); d != 10*time.Second {
			t.Errorf("it returned after %s, want 10 s", d)
		}

		ctx, cancel = context.WithTimeout(t.Context(), 70*time.Second)
		defer cancel()
		r.platform.Fault(wechattest.Fault{Path: massGet, Kind: wechattest.Answer, Body: `{"msg_status":"SENDING","msg_id":1}`})
		job, err = r.client().Wait(ctx, "k")
		wantState(t, job, err, broadcast.Accepted, context.DeadlineExceeded)
		if d := time.Since(began); d < 65*time.Second || d > 80*time.Second {
			t.Errorf("it returned after %s", d)
		}
	})
}

// Wait does not wait for what no time mends.
func TestWaitGivesUpOnWhatDoesNotPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		_, err := r.client().Wait(t.Context(), "nothing")
		wantIs(t, err, broadcast.ErrNoJob)

		job, err := r.client().Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Accepted)
		refusal := r.platform.Fault(wechattest.Fault{Path: massGet, Kind: wechattest.Errcode, Code: 48001})
		began := time.Now()
		job, err = r.client().Wait(t.Context(), "k")
		wantState(t, job, err, broadcast.Accepted, wechat.ErrForbidden)
		if d := time.Since(began); d > time.Minute || refusal.Hits() != 3 {
			t.Errorf("it gave up after %s and %d looks, want three", d, refusal.Hits())
		}
		refusal.Remove()

		r.platform.Fault(wechattest.Fault{Path: massGet, Kind: wechattest.Close, Times: 6}) // two looks
		job, err = r.client().Wait(t.Context(), "k")
		wantState(t, job, err, broadcast.Finished)

		refused := r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Errcode, Code: 40007})
		_, err = r.client().Send(t.Context(), r.text("refused"))
		began = time.Now()
		job, werr := r.client().Wait(t.Context(), "refused")
		wantState(t, job, werr, broadcast.Failed, werr)
		if time.Since(began) != 0 || refused.Hits() != 1 || err == nil {
			t.Errorf("it waited %s for a broadcast that was refused, %d requests, %v", time.Since(began), refused.Hits(), err)
		}
	})
}

// A broadcast of which somebody decided that it was sent, without its number, has nothing to wait for.
func TestDecidedWithoutANumberIsNotPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close})
		_, _ = r.client().Send(t.Context(), r.text("k"))
		job, err := r.client().Decide(t.Context(), "k", true, 0, "li")
		wantState(t, job, err, broadcast.Accepted)
		requests := len(r.wire.requests())
		job, err = r.client().Wait(t.Context(), "k")
		wantState(t, job, err, broadcast.Accepted)
		job, err = r.client().Refresh(t.Context(), "k")
		wantState(t, job, err, broadcast.Accepted)
		if n := len(r.wire.requests()); n != requests {
			t.Errorf("%d requests for a number that nobody knows", n-requests)
		}
		r.wantCount(count{Used: 1})
	})
}

// Without the ledger doubt stays doubt, and is not asked about in vain for ever.
func TestWaitWithoutTheLedgerStaysInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: true, Times: 1})
		_, err := r.client().Send(t.Context(), r.text("k"))
		wantIs(t, err, wechat.ErrOutcomeUnknown)
		down := &kit{Store: r.store}
		down.fault = func(_, key string) (bool, error) {
			if strings.Contains(key, "/quota/") {
				return false, errCable
			}
			return true, nil
		}
		time.Sleep(65 * time.Second)
		began := time.Now()
		job, err := r.clientOn(down).Wait(t.Context(), "k")
		wantState(t, job, err, broadcast.Unknown, wechat.ErrOutcomeUnknown, errCable)
		if d := time.Since(began); d > time.Minute || len(r.wire.posts()) != 1 {
			t.Errorf("it gave up after %s and %d requests", d, len(r.wire.posts()))
		}
		job, err = r.client().Wait(t.Context(), "k")
		wantState(t, job, err, broadcast.Finished)
		r.wantSent(1)
	})
}

func TestJobsListsEveryJobAndEveryFault(t *testing.T) {
	r := newRig(t)
	for _, key := range []string{"a", "b", "c"} {
		_, err := r.client().Send(t.Context(), r.text(key))
		must(t, err)
	}
	_, _, err := r.store.Swap(t.Context(), r.acct.AppID()+"/job/MIDDLE", 0, []byte("?"), 0)
	must(t, err)
	_, _, err = r.store.Swap(t.Context(), r.acct.AppID()+"/job/NEWER", 0, []byte(`{"schema":2}`), 0)
	must(t, err)
	jobs := r.client().Jobs(t.Context())
	for range 2 { // ranging again begins again
		keys, faults := map[string]bool{}, 0
		for job, err := range jobs {
			if err != nil {
				faults++
				continue
			}
			keys[job.Key] = job.State == broadcast.Accepted
		}
		diff(t, "jobs", map[string]bool{"a": true, "b": true, "c": true}, keys)
		if faults != 2 {
			t.Errorf("%d faults, want 2", faults)
		}
	}
	for range jobs { //nolint:errcheck // only the count of looks matters
		break
	}
	r.store.fault = func(string, string) (bool, error) { return false, errCable }
	n := 0
	for _, err := range jobs {
		n++
		wantIs(t, err, errCable)
	}
	if n != 1 {
		t.Errorf("a store that fails yields %d times, want once", n)
	}
}
