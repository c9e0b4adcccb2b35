package broadcast_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// stored reads what the store has of a job.
func (r *rig) stored(key string) broadcast.Job {
	r.tb.Helper()
	job, err := r.client().Get(r.tb.Context(), key)
	must(r.tb, err)
	return job
}

// B2: the outcome is written down although the caller has gone, whenever that was.
func TestOutcomeIsKeptThoughTheCallerHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		ctx, cancel := context.WithCancel(t.Context())
		r.wire.before = func(*http.Request) (*http.Response, error) { cancel(); return nil, nil } //nolint:nilnil // let it pass
		job, err := r.client().Send(ctx, r.text("in flight"))
		wantState(t, job, err, broadcast.Unknown, wechat.ErrOutcomeUnknown, context.Canceled)
		if s := r.stored("in flight").State; s != broadcast.Unknown {
			t.Errorf("the store has %q, want unknown", s)
		}
		r.wire.before = nil

		ctx, cancel = context.WithCancel(t.Context())
		k := &kit{Store: r.store}
		k.after = func(op, key string) {
			if op == "swap" && strings.Contains(key, "/job/") && r.stored("announced").State == broadcast.Sending {
				cancel()
			}
		}
		job, err = r.clientOn(k).Send(ctx, r.text("announced"))
		wantState(t, job, err, broadcast.Released, context.Canceled)
		if s := r.stored("announced").State; s != broadcast.Released || len(r.sent()) != 0 {
			t.Errorf("the store has %q, want released; %d were sent", s, len(r.sent()))
		}
		r.wantCount(count{Doubtful: 1}) // the one in flight
	})
}

// A store that stumbles when the answer comes is asked again.
func TestOutcomeIsKeptThoughTheStoreStumbles(t *testing.T) {
	for _, happens := range []bool{false, true} {
		for stumbles := 1; stumbles <= 3; stumbles++ {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				left := stumbles
				r.store.fault = func(op, key string) (bool, error) {
					if len(r.wire.posts()) == 0 || left == 0 || op != "swap" || !strings.Contains(key, "/job/") {
						return true, nil
					}
					left--
					return happens, store.ErrUnavailable
				}
				job, err := r.client().Send(t.Context(), r.text("k"))
				wantState(t, job, err, broadcast.Accepted)
				r.store.fault = nil
				if s := r.stored("k"); s.State != broadcast.Accepted || s.MsgID != job.MsgID {
					t.Errorf("the store has %q with %d", s.State, s.MsgID)
				}
				r.wantSent(1)
			})
		}
	}
}

// A journal that was restored from a backup is older than the ledger, which is the better witness.
func TestRestoredJournalIsNotSentAnew(t *testing.T) {
	for _, back := range []string{"draft", "reserved"} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, back}
			var backup []byte
			k := &kit{Store: r.store}
			k.after = func(op, key string) {
				if rec, err := r.store.Get(t.Context(), key); err == nil && strings.Contains(key, "/job/") && strings.Contains(string(rec.Value), `"state":"`+back+`"`) {
					backup = rec.Value
				}
			}
			job, err := r.clientOn(k).Send(t.Context(), r.text("k"))
			wantState(r.tb, job, err, broadcast.Accepted)
			key := r.acct.AppID() + "/job/" + job.ClientMsgID
			rec, err := r.store.Get(t.Context(), key)
			must(r.tb, err)
			_, _, err = r.store.Swap(t.Context(), key, rec.Version, backup, 0)
			must(r.tb, err)
			time.Sleep(30 * time.Hour)
			for range 3 {
				job, err = r.client().Send(t.Context(), r.text("k"))
				wantState(r.tb, job, err, broadcast.NeedsOperator, wechat.ErrOutcomeUnknown)
			}
			r.wantSent(1)
		})
	}
}

// What was never sent goes on at once after a crash, and is not sent by a program that begins much later;
// Send still sends it.
func TestResumeDoesNotSendWhatIsOld(t *testing.T) {
	for _, died := range []string{"draft", "reserved"} {
		for _, late := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.tb = named{t, died}
				k := &kit{Store: r.store}
				k.after = func(op, key string) {
					rec, err := r.store.Get(t.Context(), key)
					if err == nil && op == "swap" && strings.Contains(string(rec.Value), `"state":"`+died+`"`) {
						panic(errCable)
					}
				}
				alive(func() { _, _ = r.clientOn(k).Send(t.Context(), r.text("k")) })
				if s := r.stored("k").State; string(s) != died {
					r.tb.Errorf("it died when it was %q", s)
				}
				if !late {
					time.Sleep(14 * time.Minute)
					job, err := r.client().Resume(t.Context(), "k")
					wantState(r.tb, job, err, broadcast.Accepted)
					r.wantSent(1)
					return
				}
				time.Sleep(16 * time.Minute)
				job, err := r.client().Resume(t.Context(), "k")
				wantState(r.tb, job, err, broadcast.Released, err)
				if n := len(r.wire.posts()); n != 0 {
					r.tb.Errorf("%d requests left", n)
				}
				r.wantCount(count{})
				job, err = r.client().Send(t.Context(), r.text("k"))
				wantState(r.tb, job, err, broadcast.Accepted)
				r.wantSent(1)
			})
		}
	}
}

// Two processes give one Key to different broadcasts at the same moment: one of them is told.
func TestSameKeyForTwoBroadcastsAtOnce(t *testing.T) {
	r := newRig(t)
	k, first := &kit{Store: r.store}, true
	k.fault = func(op, _ string) (bool, error) {
		if op == "swap" && first {
			first = false
			_, err := r.client().Send(t.Context(), r.text("k"))
			must(t, err)
		}
		return true, nil
	}
	other := broadcast.Message{Key: "k", To: broadcast.ToTag(r.tag), Content: broadcast.Text{Content: "other"}}
	_, err := r.clientOn(k).Send(t.Context(), other)
	wantIs(t, err, broadcast.ErrMismatch)
	r.wantSent(1)
	if got := r.sent()[0].Text; got != "hello k" {
		t.Errorf("sent %q", got)
	}
}

// A released broadcast whose quota could not be given back yet is not begun anew before that is done.
func TestRoundBeginsWhenTheLastIsPaidBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Errcode, Code: 48001, Times: 1})
		down := true
		r.store.fault = func(_, key string) (bool, error) {
			if down && len(r.wire.posts()) > 0 && strings.Contains(key, "/quota/") {
				return false, errCable
			}
			return true, nil
		}
		job, err := r.client().Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Released, wechat.ErrForbidden)
		posts := len(r.wire.posts())
		job, err = r.client().Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Released, quota.ErrUnavailable)
		if n := len(r.wire.posts()); n != posts {
			t.Errorf("%d requests without the ledger", n-posts)
		}
		down = false
		r.wantCount(count{Doubtful: 1})
		job, err = r.client().Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Accepted)
		r.wantSent(1)
	})
}
