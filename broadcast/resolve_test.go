package broadcast_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

func earlier(msgID int64) wechattest.Fault {
	return wechattest.Fault{Path: sendAll, Kind: wechattest.Answer, Body: fmt.Sprintf(`{"errcode":45065,"errmsg":"clientmsgid exist","msg_id":%d}`, msgID)}
}

// B4: the platform may answer 45065 to the very first request of a broadcast that it sends, and to a repeat.
// The number counts if the platform knows it and no other job has it.
func TestEarlierBroadcastIsAcceptedIfItIsOurs(t *testing.T) {
	for _, first := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			own := r.foreign() // what the platform made of the request that it answered so oddly
			if !first {
				r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Times: 1})
				_, _ = r.client().Send(t.Context(), r.text("k"))
				time.Sleep(65 * time.Second)
			}
			r.platform.Fault(earlier(own))
			job, err := r.client().Send(t.Context(), r.text("k"))
			wantState(t, job, err, broadcast.Accepted)
			if job.MsgID != own || job.MsgDataID != 0 {
				t.Errorf("msg_id %d, msg_data_id %d; want %d and none", job.MsgID, job.MsgDataID, own)
			}
			r.wantCount(count{Used: 1})
		})
	}
}

// foreign makes a broadcast that no job knows, and returns its msg_id.
func (r *rig) foreign() int64 {
	r.tb.Helper()
	c := r.platformClient(newKit())
	m := r.text("foreign")
	job, err := broadcast.New(c).Send(r.tb.Context(), m)
	must(r.tb, err)
	return job.MsgID
}

func TestEarlierBroadcastIsDoubtIfNobodyKnowsIt(t *testing.T) {
	for name, prepare := range map[string]func(*rig){
		"unknown to the platform": func(r *rig) { r.platform.Fault(earlier(4711)) },
		"without a number":        func(r *rig) { r.platform.Fault(earlier(0)) },
		"the platform is silent": func(r *rig) {
			r.platform.Fault(earlier(r.foreign()))
			r.platform.Fault(wechattest.Fault{Path: massGet, Kind: wechattest.Close})
		},
		"the platform says nothing": func(r *rig) {
			r.platform.Fault(earlier(r.foreign()))
			r.platform.Fault(wechattest.Fault{Path: massGet, Kind: wechattest.Answer, Body: `{"errcode":0,"msg_id":1}`})
		},
		"a job that cannot be read": func(r *rig) {
			r.platform.Fault(earlier(r.foreign()))
			_, _, err := r.store.Swap(r.tb.Context(), r.acct.AppID()+"/job/X", 0, []byte("?"), 0)
			must(r.tb, err)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, name}
			prepare(r)
			job, err := r.client().Send(t.Context(), r.text("k"))
			wantState(r.tb, job, err, broadcast.Unknown, wechat.ErrOutcomeUnknown)
			if job.MsgID != 0 || job.Conflict != "" || job.Code != 45065 {
				r.tb.Errorf("msg_id %d, conflict %q, errcode %d; want neither, and 45065", job.MsgID, job.Conflict, job.Code)
			}
			r.wantCount(count{Doubtful: 1})
			if job.ResolveAt() != job.LastSent.Add(65*time.Second) {
				r.tb.Errorf("to be resolved at %s, want 65 s after %s", job.ResolveAt(), job.LastSent)
			}
		})
	}
}

// Bad input 12: the number of another job of ours. No further request; only a person can tell.
func TestForeignNumberIsAConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		first, err := r.client().Send(t.Context(), r.text("first"))
		must(t, err)
		planted := r.platform.Fault(earlier(first.MsgID))
		job, err := r.client().Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Unknown, broadcast.ErrConflict, wechat.ErrOutcomeUnknown)
		if job.Conflict != "first" || !job.ResolveAt().IsZero() || !strings.Contains(err.Error(), `"first"`) {
			t.Errorf("conflict %q, to be resolved at %s, %v", job.Conflict, job.ResolveAt(), err)
		}
		planted.Remove()
		posts := len(r.wire.posts())
		for range 3 {
			time.Sleep(12 * time.Hour)
			job, err = r.client().Wait(t.Context(), "k")
			wantState(t, job, err, broadcast.Unknown, broadcast.ErrConflict, wechat.ErrOutcomeUnknown)
			job, err = r.client().Send(t.Context(), r.text("k"))
			wantState(t, job, err, broadcast.Unknown, broadcast.ErrConflict, wechat.ErrOutcomeUnknown)
		}
		if n := len(r.wire.posts()); n != posts {
			t.Errorf("%d requests in spite of the conflict", n-posts)
		}
		r.wantCount(count{Used: 1, Doubtful: 1})

		_, err = r.client().Decide(t.Context(), "k", true, first.MsgID, "li")
		wantIs(t, err, wechat.ErrInput) // that number is taken
		job, err = r.client().Decide(t.Context(), "k", false, 0, "li")
		wantState(t, job, err, broadcast.Failed)
		if job.Conflict != "" || job.By != "li" {
			t.Errorf("conflict %q by %q, want none by li", job.Conflict, job.By)
		}
		r.wantCount(count{Used: 1})
	})
}

func TestDecideRefusesWhatItCannotTake(t *testing.T) {
	r := newRig(t)
	_, err := r.client().Send(t.Context(), r.text("accepted"))
	must(t, err)
	swaps := r.store.swaps.Load()
	for name, tc := range map[string]struct {
		key   string
		sent  bool
		msgID int64
		by    string
		want  error
	}{
		"nobody":                  {"accepted", true, 1, "", wechat.ErrInput},
		"a name with a line feed": {"accepted", true, 1, "li\n", wechat.ErrInput},
		"a negative number":       {"accepted", true, -1, "li", wechat.ErrInput},
		"a number of what is not": {"accepted", false, 1, "li", wechat.ErrInput},
		"no job":                  {"other", true, 1, "li", broadcast.ErrNoJob},
		"a job that is accepted":  {"accepted", false, 0, "li", broadcast.ErrState},
	} {
		if _, err := r.client().Decide(t.Context(), tc.key, tc.sent, tc.msgID, tc.by); !errors.Is(err, tc.want) {
			t.Errorf("%s: Decide = %v, want %v", name, err, tc.want)
		}
	}
	if n := r.store.swaps.Load(); n != swaps {
		t.Errorf("%d writes, want none", n-swaps)
	}
}

// A request that the platform carries out after everybody has given it up: the acceptance of a repeat is
// the only one.
func TestRequestThatIsCarriedOutLate(t *testing.T) {
	for _, stall := range []time.Duration{59 * time.Second, 61 * time.Second, 3 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, stall.String()}
			r.platform.Fault(wechattest.Fault{Path: sendAll, Stall: stall, Times: 1})
			job, err := r.client().Send(t.Context(), r.text("k"))
			if stall < time.Minute {
				wantState(r.tb, job, err, broadcast.Accepted)
			} else {
				wantState(r.tb, job, err, broadcast.Unknown, wechat.ErrOutcomeUnknown)
			}
			job, err = r.client().Wait(t.Context(), "k")
			wantState(r.tb, job, err, broadcast.Finished)
			time.Sleep(time.Hour)
			r.wantSent(1)
		})
	}
}

// A clock that is set back while a broadcast is in doubt makes ages mean nothing: a repeat could come after
// the platform has forgotten the key.
func TestClockThatIsSetBackNeedsAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.store.advance(24 * time.Hour) // wrong, and put right afterwards
		r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: true, Times: 1})
		_, err := r.client().Send(t.Context(), r.text("k"))
		wantIs(t, err, wechat.ErrOutcomeUnknown)
		r.store.advance(-24 * time.Hour)
		time.Sleep(2 * time.Minute)
		job, err := r.client().Wait(t.Context(), "k")
		wantState(t, job, err, broadcast.NeedsOperator, wechat.ErrOutcomeUnknown)
		if n := len(r.wire.posts()); n != 1 {
			t.Errorf("%d requests, want the first alone", n)
		}
	})
}

// A client without a ledger, and one with a ledger that goes on with what the other began.
func TestLedgerMayComeLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: true, Times: 1})
		bare := broadcast.New(r.platformClient(r.store))
		job, err := bare.Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Unknown, wechat.ErrOutcomeUnknown)
		r.wantCount(count{})
		job, err = r.client().Wait(t.Context(), "k")
		wantState(t, job, err, broadcast.Finished)
		r.wantSent(1)
	})
}
