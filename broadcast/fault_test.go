package broadcast_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// outcomeOf is the state that a first request comes to under a fault that does not pass.
func outcomeOf(f wechattest.Fault) broadcast.State {
	switch f.Kind {
	case wechattest.NoSuchHost, wechattest.Refused, wechattest.TLSFailure:
		return broadcast.Released // httptrace saw GetConn and not GotConn
	case wechattest.Drip, wechattest.ByteOrderMark, wechattest.ControlCharacter, wechattest.InvalidUTF8, wechattest.NumberAsString:
		return broadcast.Accepted // odd, but complete
	default:
		return broadcast.Unknown
	}
}

// wantPaced checks that requests which would send kept their distance, and that none came too late.
func (r *rig) wantPaced() {
	r.tb.Helper()
	posts := r.wire.posts()
	for i, p := range posts[1:] {
		if gap := p.At.Sub(posts[i].At); gap < 65*time.Second {
			r.tb.Errorf("request %d came %s after the last, want at least 65 s", i+1, gap)
		}
		if age := p.At.Sub(posts[0].At); age >= 23*time.Hour {
			r.tb.Errorf("request %d came %s after the first, want less than 23 h", i+1, age)
		}
		if p.Body != posts[0].Body {
			r.tb.Errorf("request %d is another one: %q, want %q", i+1, p.Body, posts[0].Body)
		}
	}
}

// B3, B4: every fault on the way, executed or not, leads to the state of the tables; in the end the
// broadcast is carried out exactly once and the ledger agrees.
func TestEveryFaultEndsInOneBroadcast(t *testing.T) {
	for _, fault := range wechattest.EveryFault(sendAll) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, fault.String()}
			planted := r.platform.Fault(fault)
			m := r.text("k")
			want := outcomeOf(fault)
			job, err := r.client().Send(t.Context(), m)
			posts := len(r.wire.posts())
			switch want {
			case broadcast.Accepted:
				wantState(r.tb, job, err, want)
			case broadcast.Released:
				wantState(r.tb, job, err, want, err)
				if errors.Is(err, wechat.ErrOutcomeUnknown) || len(r.sent()) != 0 {
					r.tb.Errorf("%v, and %d were carried out", err, len(r.sent()))
				}
				r.wantCount(count{})
				job, err = r.client().Resume(t.Context(), "k")
				wantState(r.tb, job, err, want, err)
				if n := len(r.wire.posts()); n != posts {
					r.tb.Errorf("Resume sent what was released: %d requests", n-posts)
				}
				planted.Remove()
				job, err = r.client().Send(t.Context(), m)
				wantState(r.tb, job, err, broadcast.Accepted)
			default:
				wantState(r.tb, job, err, want, wechat.ErrOutcomeUnknown)
				r.wantCount(count{Doubtful: 1})
				time.Sleep(65*time.Second - time.Nanosecond)
				for _, call := range []func() (broadcast.Job, error){
					func() (broadcast.Job, error) { return r.client().Send(t.Context(), m) },
					func() (broadcast.Job, error) { return r.client().Resume(t.Context(), "k") },
				} {
					job, err = call()
					wantState(r.tb, job, err, want, wechat.ErrOutcomeUnknown)
				}
				if n := len(r.wire.posts()); n != posts {
					r.tb.Errorf("%d requests within 65 s", n-posts)
				}
				planted.Remove()
				job, err = r.client().Wait(t.Context(), "k")
				wantState(r.tb, job, err, broadcast.Finished)
				r.wantPaced()
			}
			r.wantSent(1)
			if n := r.platform.Executions(sendAll); n != 1 {
				r.tb.Errorf("%d executions, want 1", n)
			}
			job, err = r.client().Wait(t.Context(), "k")
			wantState(r.tb, job, err, broadcast.Finished)
			if sent := r.sent(); len(sent) == 1 && job.MsgID != sent[0].MsgID {
				r.tb.Errorf("msg_id %d, want the platform's %d", job.MsgID, sent[0].MsgID)
			}
		})
	}
}

// named says with each error under which fault it happened: there are no subtests in a bubble.
type named struct {
	testing.TB
	name string
}

func (n named) Errorf(format string, args ...any) {
	n.Helper()
	n.TB.Errorf(n.name+": "+format, args...)
}

// B4: a fault that never passes. For 23 hours the same request, never within 65 seconds and never more than
// the platform takes a day; then a person decides, one way or the other.
func TestDoubtThatLastsNeedsAPerson(t *testing.T) {
	for i, fault := range wechattest.EveryFault(sendAll) {
		if outcomeOf(fault) != broadcast.Unknown {
			continue
		}
		fault.Size = 2 << 20 // a body that is too large is too large
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, fault.String()}
			r.platform.Fault(fault)
			_, err := r.client().Send(t.Context(), r.text("k"))
			wantIs(r.tb, err, wechat.ErrOutcomeUnknown)
			job, err := r.client().Wait(t.Context(), "k")
			wantState(r.tb, job, err, broadcast.NeedsOperator, wechat.ErrOutcomeUnknown)
			r.wantPaced()
			if n := len(r.wire.posts()); n < 20 || n >= 100 {
				r.tb.Errorf("%d requests in 23 hours, want some, and fewer than 100", n)
			}
			if n := r.platform.Executions(sendAll); n > 1 {
				r.tb.Errorf("%d executions, want one at most", n)
			}
			r.wantCount(count{Doubtful: 1})
			before := len(r.wire.posts())
			time.Sleep(100 * time.Hour)
			job, err = r.client().Send(t.Context(), r.text("k"))
			wantState(r.tb, job, err, broadcast.NeedsOperator, wechat.ErrOutcomeUnknown)

			sent, want, used := i%2 == 0, broadcast.Failed, 0
			if sent {
				want, used = broadcast.Accepted, 1
			}
			job, err = r.client().Decide(t.Context(), "k", sent, 0, "li")
			wantState(r.tb, job, err, want)
			if job.By != "li" {
				r.tb.Errorf("decided by %q, want li", job.By)
			}
			r.wantCount(count{Used: used})
			_, err = r.client().Decide(t.Context(), "k", !sent, 0, "wang")
			wantIs(r.tb, err, broadcast.ErrState)
			if n := len(r.wire.posts()); n != before {
				r.tb.Errorf("%d requests after 23 hours", n-before)
			}
		})
	}
}

// Whatever code the platform answers, first and to a repeat: refusals of the first request end the job and
// free the quota; to a repeat no code but an acceptance ends doubt.
func TestCodesOfTheFirstRequestAndOfARepeat(t *testing.T) {
	for code, want := range map[int]broadcast.State{
		-1: broadcast.Unknown, 45066: broadcast.Unknown, 45065: broadcast.Unknown, 99999: broadcast.Unknown, 43004: broadcast.Unknown,
		40007: broadcast.Failed, 40152: broadcast.Failed, 45002: broadcast.Failed, 45067: broadcast.Failed, 48008: broadcast.Failed,
		40001: broadcast.Released, 42001: broadcast.Released, 40164: broadcast.Released, 45009: broadcast.Released,
		45011: broadcast.Released, 45028: broadcast.Released, 48001: broadcast.Released, 50002: broadcast.Released,
	} {
		refusal := wechattest.Fault{Path: sendAll, Kind: wechattest.Errcode, Code: code}
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, refusal.String()}
			planted := r.platform.Fault(refusal)
			job, err := r.client().Send(t.Context(), r.text("k"))
			wantState(r.tb, job, err, want, err)
			if got := errors.Is(err, wechat.ErrOutcomeUnknown); got != (want == broadcast.Unknown) {
				r.tb.Errorf("error %v: outcome unknown %t", err, got)
			}
			if job.Code != code {
				r.tb.Errorf("the job has errcode %d", job.Code)
			}
			if want == broadcast.Unknown {
				r.wantCount(count{Doubtful: 1})
				return
			}
			r.wantCount(count{})
			planted.Remove()
			job, err = r.client().Send(t.Context(), r.text("k"))
			switch {
			case want == broadcast.Failed:
				wantState(r.tb, job, err, broadcast.Failed, err)
			case code == 45028:
				wantState(r.tb, job, err, broadcast.Released, quota.ErrExhausted)
			default:
				wantState(r.tb, job, err, broadcast.Accepted)
			}
		})
		for _, executed := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.tb = named{t, refusal.String() + " to a repeat"}
				r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: executed, Times: 1})
				_, err := r.client().Send(t.Context(), r.text("k"))
				wantIs(r.tb, err, wechat.ErrOutcomeUnknown)
				planted := r.platform.Fault(refusal)
				time.Sleep(65 * time.Second)
				job, err := r.client().Resume(t.Context(), "k")
				wantState(r.tb, job, err, broadcast.Unknown, wechat.ErrOutcomeUnknown)
				if job.Attempts != 2 {
					r.tb.Errorf("%d attempts, want 2", job.Attempts)
				}
				r.wantCount(count{Doubtful: 1})
				planted.Remove()
				job, err = r.client().Wait(t.Context(), "k")
				wantState(r.tb, job, err, broadcast.Finished)
				r.wantSent(1)
			})
		}
	}
}

// Bad input 13: the platform says that the allowance is used up, as people sent from the console. The
// ledger's window is closed, and later broadcasts are refused without asking.
func TestExhaustedPlatformClosesTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRigOf(t, wechattest.Subscription)
		r.acct.SendFromConsole()
		job, err := r.client().Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Released, quota.ErrExhausted, wechat.ErrQuota)
		e, ok := errors.AsType[*quota.ExhaustedError](err)
		if !ok {
			t.Fatalf("Send = %v, want an *ExhaustedError", err)
		}
		r.wantCount(count{})
		posts := len(r.wire.posts())
		for _, key := range []string{"k", "other"} {
			_, err = r.client().Send(t.Context(), r.text(key))
			wantIs(t, err, quota.ErrExhausted)
		}
		if n := len(r.wire.posts()); n != posts {
			t.Errorf("%d requests in a window that is closed", n-posts)
		}
		time.Sleep(time.Until(e.RetryAt))
		job, err = r.client().Send(t.Context(), r.text("k"))
		wantState(t, job, err, broadcast.Accepted)
		r.wantSent(1)
	})
}

// Without a token nothing was sent, whatever the reason.
func TestTokenFailuresSendNothing(t *testing.T) {
	for name, prepare := range map[string]func(*rig){
		"frozen secret": func(r *rig) { r.acct.FreezeSecret() },
		"administrator": func(r *rig) { r.acct.AskAdministrator(true) },
		"address":       func(r *rig) { r.acct.SetWhitelist("192.0.2.1") },
		"portal": func(r *rig) {
			r.platform.Fault(wechattest.Fault{Path: tokenPath, Kind: wechattest.CaptivePortal, Times: 3})
		},
		"cut":             func(r *rig) { r.platform.Fault(wechattest.Fault{Path: tokenPath, Kind: wechattest.Close, Times: 3}) },
		"never an answer": func(r *rig) { r.platform.Fault(wechattest.Fault{Path: tokenPath, Kind: wechattest.Hang, Times: 1}) },
		"an executed loss": func(r *rig) {
			r.platform.Fault(wechattest.Fault{Path: tokenPath, Kind: wechattest.Close, Execute: true, Times: 3})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, name}
			prepare(r)
			r.fetch = true
			c := r.platformClient(r.store)
			b := broadcast.New(c, broadcast.WithLedger(r.ledger()))
			job, err := b.Send(t.Context(), r.text("k"))
			wantState(r.tb, job, err, broadcast.Released, err)
			if errors.Is(err, wechat.ErrOutcomeUnknown) || len(r.wire.posts()) != 0 {
				r.tb.Errorf("%d requests, error %v", len(r.wire.posts()), err)
			}
			r.wantCount(count{})
			must(t, c.Close())

			r.fetch = false
			r.acct.UnfreezeSecret()
			r.acct.AskAdministrator(false)
			r.acct.SetWhitelist("0.0.0.0/0")
			job, err = r.client().Send(t.Context(), r.text("k"))
			wantState(r.tb, job, err, broadcast.Accepted)
			r.wantSent(1)
		})
	}
}

const tokenPath = "/cgi-bin/stable_token"
