package broadcast

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	states = []State{Draft, Reserved, Sending, Unknown, Accepted, Finished, Released, Failed, Rejected, NeedsOperator}
	epoch  = time.Date(2026, 12, 1, 8, 0, 0, 0, quotaZone)
)

// in is a job in a state, after attempts of which the last began at the epoch.
func in(s State, attempts int) record {
	r := record{Job: Job{Key: "k", State: s, Attempts: attempts, Created: epoch, Updated: epoch}}
	if attempts > 0 {
		r.FirstSent, r.LastSent = epoch, epoch
	}
	if s == Accepted || s == Finished || s == Rejected {
		r.MsgID = 7
	}
	return r
}

func accept(attempt int, id int64) answered {
	return answered{attempt, outcome{verdict: acceptedNow, msgID: id}}
}

func answer(attempt int, v verdict) answered {
	return answered{attempt, outcome{verdict: v, code: 1, reason: "because"}}
}

// Every state × event, at a time when all waiting is over: the state that follows, or ErrState.
func TestStepTable(t *testing.T) {
	const no = State("")
	rows := []struct {
		event event
		// in the order of states: draft reserved sending unknown accepted finished released failed rejected operator
		want [10]State
	}{
		{reserved{}, [10]State{Reserved, no, no, no, no, no, no, no, no, no}},
		{refused{"r"}, [10]State{Released, Released, no, no, no, no, no, no, no, no}},
		{forgotten{"r"}, [10]State{NeedsOperator, NeedsOperator, no, no, no, no, no, no, no, no}},
		{reopened{}, [10]State{no, no, no, no, no, no, Draft, no, no, no}},
		{sending{}, [10]State{no, Sending, no, Sending, no, no, no, no, no, no}},
		{lost{}, [10]State{no, no, Unknown, no, no, no, no, no, no, no}},
		{tooLate{}, [10]State{no, no, no, no, no, no, no, no, no, no}},
		{accept(1, 7), [10]State{no, no, Accepted, Accepted, Accepted, Finished, Accepted, Accepted, Rejected, Accepted}},
		{answer(1, maybe), [10]State{no, no, Unknown, Unknown, Accepted, Finished, Released, Failed, Rejected, NeedsOperator}},
		{answer(1, unsentNow), [10]State{no, no, Released, Unknown, Accepted, Finished, Released, Failed, Rejected, NeedsOperator}},
		{answer(1, refusedNow), [10]State{no, no, Failed, Unknown, Accepted, Finished, Released, Failed, Rejected, NeedsOperator}},
		{decided{true, 9, "li"}, [10]State{no, no, no, Accepted, no, no, no, no, no, Accepted}},
		{decided{false, 0, "li"}, [10]State{no, no, no, Failed, no, no, no, no, no, Failed}},
		{reported{"SEND_SUCCESS"}, [10]State{no, no, no, no, Finished, no, no, no, no, no}},
		{reported{"SEND SUCCESS"}, [10]State{no, no, no, no, Finished, no, no, no, no, no}},
		{reported{"DELETE"}, [10]State{no, no, no, no, Finished, no, no, no, no, no}},
		{reported{"SEND_FAIL"}, [10]State{no, no, no, no, Rejected, no, no, no, no, no}},
		{reported{"err(20431)"}, [10]State{no, no, no, no, Accepted, no, no, no, no, no}},
	}
	now := epoch.Add(coolDown)
	for _, row := range rows {
		for i, s := range states {
			attempts := 1
			if s == Draft || s == Reserved {
				attempts = 0
			}
			was := in(s, attempts)
			is, err := step(was, row.event, now)
			if row.want[i] == no {
				if !errors.Is(err, ErrState) {
					t.Errorf("%s, %T: %s, %v; want ErrState", s, row.event, is.State, err)
				}
				if d := cmp.Diff(was, is, cmp.AllowUnexported(record{})); d != "" {
					t.Errorf("%s, %T is not allowed and changed the job:\n%s", s, row.event, d)
				}
			} else if err != nil || is.State != row.want[i] {
				t.Errorf("%s, %+v: %s, %v; want %s", s, row.event, is.State, err, row.want[i])
			}
		}
	}
}

// What a repeat comes to tells nothing of the request before it, unless it is an acceptance.
func TestOnlyAnAcceptanceEndsDoubt(t *testing.T) {
	for _, v := range []verdict{maybe, unsentNow, refusedNow} {
		is, err := step(in(Sending, 2), answer(2, v), epoch)
		if err != nil || is.State != Unknown {
			t.Errorf("verdict %d on the second attempt: %s, %v; want unknown", v, is.State, err)
		}
		was := in(Sending, 2)
		if is, err = step(was, answer(1, v), epoch.Add(time.Second)); err != nil || is.State != Sending || !is.LastSent.Equal(was.LastSent) {
			t.Errorf("verdict %d of the first attempt while the second is under way: %s, %v; want it to change nothing", v, is.State, err)
		}
	}
	for _, s := range []State{Sending, Unknown, NeedsOperator, Failed} {
		if is, err := step(in(s, 2), accept(1, 8), epoch); err != nil || is.State != Accepted || is.MsgID != 8 {
			t.Errorf("a late acceptance of a job that is %s: %s, %v", s, is.State, err)
		}
	}
}

// If the platform really accepts a broadcast twice, the first number stays and the job says so.
func TestSecondAcceptanceIsSaid(t *testing.T) {
	is, err := step(in(Accepted, 2), accept(1, 8), epoch)
	if err != nil || is.MsgID != 7 || is.Reason != "the platform accepted it twice: also as 8" {
		t.Errorf("msg_id %d, reason %q, %v", is.MsgID, is.Reason, err)
	}
	decidedJob := in(Accepted, 1)
	decidedJob.MsgID, decidedJob.By = 0, "li"
	if is, err = step(decidedJob, accept(1, 8), epoch); err != nil || is.MsgID != 8 || is.Reason != "" {
		t.Errorf("the number that an operator did not know: %d, %q, %v", is.MsgID, is.Reason, err)
	}
}

// B4: when an unknown job may be asked for again, and when no longer.
func TestWhenDoubtMayBeResolved(t *testing.T) {
	for i, tc := range []struct {
		attempts   int
		since      time.Duration
		send, late bool
	}{
		{1, coolDown - 1, false, false},
		{1, coolDown, true, false},
		{2, 2*coolDown - 1, false, false},
		{2, 2 * coolDown, true, false},
		{6, 32*coolDown - 1, false, false},
		{6, 32 * coolDown, true, false},
		{1000, 32 * coolDown, true, false},
		{1, keyMemory - 1, true, false},
		{1, keyMemory, false, true},
		{1, -setBack, false, false},
		{1, -setBack - 1, false, true}, // the clock was set back: nobody knows how long ago that was
	} {
		r, now := in(Unknown, tc.attempts), epoch.Add(tc.since)
		if _, err := step(r, sending{}, now); (err == nil) != tc.send {
			t.Errorf("%d: after %s and %d attempts a request may leave: %v, want %t", i, tc.since, tc.attempts, err, tc.send)
		}
		if _, err := step(r, tooLate{}, now); (err == nil) != tc.late {
			t.Errorf("%d: after %s it is too late: %v, want %t", i, tc.since, err, tc.late)
		}
		r.Conflict = "other"
		if _, err := step(r, sending{}, now); err == nil {
			t.Errorf("%d: a request may leave in spite of a conflict", i)
		}
	}
	for since, want := range map[time.Duration]bool{coolDown - 1: false, coolDown: true, -setBack: false, -setBack - 1: true} {
		is, err := step(in(Sending, 1), lost{}, epoch.Add(since))
		if (err == nil) != want {
			t.Errorf("a job that is sent for %s is lost: %v, want %t", since, err, want)
		}
		if err == nil && since < 0 {
			if is, err = step(is, tooLate{}, epoch.Add(since)); err != nil || is.State != NeedsOperator {
				t.Errorf("a job of a clock that was set back: %s, %v; want it to need an operator", is.State, err)
			}
		}
	}
}

func TestReopenedJobBeginsAnew(t *testing.T) {
	r := in(Released, 1)
	r.Code, r.Reason, r.Round = 40164, "address", 1
	is, err := step(r, reopened{}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	want := record{Job: Job{Key: "k", State: Draft, Created: epoch, Updated: epoch}, Round: 2}
	if d := cmp.Diff(want, is, cmp.AllowUnexported(record{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if is.ClientMsgID = "ID"; is.reservation() != "ID.2" {
		t.Errorf("its reservation is %q, want one of its own", is.reservation())
	}
}

// A random walk over every event keeps what must hold after each step.
func TestStepKeepsItsPromisesOnAnyWalk(t *testing.T) {
	const walks, steps = 10_000, 60
	seen := map[string]int{}
	for seed := range uint64(walks) {
		rng := rand.New(rand.NewPCG(seed, 7))
		r, now := in(Draft, 0), epoch
		for range steps {
			now = now.Add(pick(rng, -time.Hour, -time.Second, 0, 0, time.Second, coolDown, 10*time.Minute, time.Hour, 8*time.Hour))
			e := randomEvent(rng, r)
			is, err := step(r, e, now)
			if err != nil {
				continue
			}
			seen[fmt.Sprintf("%s, %T", r.State, e)]++
			if broken := promise(r, e, is, now); broken != "" {
				t.Fatalf("seed %d: %s, %+v at %s: %s: %s", seed, r.State, e, now.Sub(epoch), is.State, broken)
			}
			r = is
		}
	}
	if len(seen) != 21 { // all that TestStepTable allows
		t.Errorf("the walks took %d kinds of steps, want 21", len(seen))
	}
	for kind, n := range seen {
		if n < 100 {
			t.Errorf("%s was taken only %d times: too weak", kind, n)
		}
	}
}

// promise says what a step broke.
func promise(was record, e event, is record, now time.Time) string {
	_, decision := e.(decided)
	a, isAnswer := e.(answered)
	switch {
	case is.Updated.Before(was.Updated):
		return "its time went back"
	case is.Attempts != was.Attempts && is.Attempts != was.Attempts+1 && is.State != Draft:
		return "attempts are not counted one by one"
	case is.State == Sending && was.State == Unknown && (was.Conflict != "" || now.Sub(was.LastSent) < coolDown || now.Sub(was.FirstSent) >= keyMemory):
		return "a request left too early, too late or in spite of a conflict"
	case is.Attempts > was.Attempts && was.Attempts > 0 && was.State != Unknown:
		return "a second request without doubt between"
	case was.State.doubtful() && was.Attempts != 1 && (is.State == Released || is.State == Failed) && !decision:
		return "doubt ended without an acceptance or a decision"
	case (was.State == Unknown || was.State == NeedsOperator) && (is.State == Released || is.State == Failed) && !decision:
		return "doubt ended without an acceptance or a decision"
	case is.State == Accepted && was.State != Accepted && !decision && !(isAnswer && a.verdict == acceptedNow):
		return "accepted without an acceptance"
	case was.State == Failed && is.State != Failed && !(isAnswer && a.verdict == acceptedNow):
		return "a refusal was not final"
	case (was.State == Finished || was.State == Rejected) && is.State != was.State:
		return "an end was not the end"
	case was.MsgID != 0 && is.MsgID != was.MsgID && is.State != Accepted:
		return "its number changed"
	case is.Round != was.Round && was.State != Released:
		return "a round began before the last was released"
	}
	return ""
}

func randomEvent(rng *rand.Rand, r record) event {
	attempt := max(1, r.Attempts-rng.IntN(2))
	return pick[event](rng,
		reserved{}, reserved{}, sending{}, sending{}, sending{}, lost{}, tooLate{}, refused{"r"}, forgotten{"r"}, reopened{},
		answer(attempt, maybe), answer(attempt, maybe), answer(attempt, unsentNow), answer(attempt, refusedNow), accept(attempt, 7),
		answered{attempt, outcome{conflict: "other"}},
		decided{true, 0, "li"}, decided{false, 0, "li"}, reported{"SENDING"}, reported{"SEND_SUCCESS"}, reported{"SEND_FAIL"},
	)
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }
