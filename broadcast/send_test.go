package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// what leaves is exactly this, for each content and audience, once.
func TestSendSendsThisBody(t *testing.T) {
	r := newRig(t)
	a, b, voice := r.picture(), r.picture(), r.recording()
	all, tag := broadcast.ToEveryone(), broadcast.ToTag(r.tag)
	for name, tc := range map[string]struct {
		to      broadcast.Audience
		content broadcast.Content
		want    string // %s is the clientmsgid
	}{
		"text to everyone": {
			all,
			broadcast.Text{Content: "a<b> & \"c\"\n你好😀\u2028"},
			`{"clientmsgid":"%s","filter":{"is_to_all":true},"msgtype":"text","text":{"content":"a<b> & \"c\"\n你好😀` + "\u2028" + `"}}`,
		},
		"text to a tag": {
			tag,
			broadcast.Text{Content: "hi"},
			`{"clientmsgid":"%s","filter":{"is_to_all":false,"tag_id":100},"msgtype":"text","text":{"content":"hi"}}`,
		},
		"images": {
			tag,
			broadcast.Images{Images: []media.Item{a, b}, Title: "新品", Recommend: "look", OpenComments: true, FansOnlyComments: true},
			`{"clientmsgid":"%s","filter":{"is_to_all":false,"tag_id":100},"images":{"media_ids":["` + string(a.ID) + `","` + string(b.ID) +
				`"],"recommend":"look","title":"新品","need_open_comment":1,"only_fans_can_comment":1},"msgtype":"image"}`,
		},
		"an image alone": {
			tag,
			broadcast.Images{Images: []media.Item{a}},
			`{"clientmsgid":"%s","filter":{"is_to_all":false,"tag_id":100},"images":{"media_ids":["` + string(a.ID) +
				`"],"need_open_comment":0,"only_fans_can_comment":0},"msgtype":"image"}`,
		},
		"voice": {
			tag,
			broadcast.Voice{Voice: voice},
			`{"clientmsgid":"%s","filter":{"is_to_all":false,"tag_id":100},"msgtype":"voice","voice":{"media_id":"` + string(voice.ID) + `"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &rig{tb: t, platform: r.platform, acct: r.acct, store: newKit(), policy: r.policy, wire: &recorder{next: r.platform.Transport()}}
			before := len(r.sent())
			m := broadcast.Message{Key: name, To: tc.to, Content: tc.content}
			job, err := r.client().Send(t.Context(), m)
			wantState(t, job, err, broadcast.Accepted)
			if n := len(r.sent()) - before; n != 1 {
				t.Fatalf("the platform carried out %d, want 1", n)
			}
			sent := r.sent()[before]
			diff(t, "requests", []string{fmt.Sprintf(tc.want, job.ClientMsgID)}, bodies(r.wire.requests()))
			if len(job.ClientMsgID) != 26 || sent.ClientMsgID != job.ClientMsgID || sent.MsgID != job.MsgID || job.MsgID == 0 {
				t.Errorf("job %s, msg_id %d; the platform has %s, %d", job.ClientMsgID, job.MsgID, sent.ClientMsgID, sent.MsgID)
			}
			r.wantCount(count{Used: 1})

			again, err := r.client().Send(t.Context(), m) // another process, the same store
			wantState(t, again, err, broadcast.Accepted)
			if again.MsgID != job.MsgID || len(r.wire.requests()) != 1 {
				t.Errorf("a second Send gave msg_id %d after %d requests, want %d after 1", again.MsgID, len(r.wire.requests()), job.MsgID)
			}
		})
	}
}

func bodies(rs []request) (out []string) {
	for _, r := range rs {
		out = append(out, r.Body)
	}
	return out
}

// Bad inputs 24 to 27: 0 requests, 0 token calls, ledger unchanged.
func TestRefusedInputTouchesNothing(t *testing.T) {
	text := broadcast.Text{Content: "hi"}
	for name, tc := range map[string]struct {
		m     broadcast.Message
		field string
	}{
		"no audience":            {broadcast.Message{Key: "k", Content: text}, "to"},
		"negative tag":           {broadcast.Message{Key: "k", To: broadcast.ToTag(-1), Content: text}, "to"},
		"no key":                 {broadcast.Message{To: broadcast.ToEveryone(), Content: text}, "key"},
		"key of 129 bytes":       {broadcast.Message{Key: strings.Repeat("k", 129), To: broadcast.ToEveryone(), Content: text}, "key"},
		"key with a line feed":   {broadcast.Message{Key: "a\nb", To: broadcast.ToEveryone(), Content: text}, "key"},
		"key that is no UTF-8":   {broadcast.Message{Key: "a\xff", To: broadcast.ToEveryone(), Content: text}, "key"},
		"no content":             {broadcast.Message{Key: "k", To: broadcast.ToEveryone()}, "content"},
		"a nil pointer":          {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: (*broadcast.Text)(nil)}, "content"},
		"empty text":             {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{}}, "content.text"},
		"NUL":                    {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "a\x00"}}, "content.text"},
		"U+0085":                 {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "a\u0085"}}, "content.text"},
		"U+FFFE":                 {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "a\ufffe"}}, "content.text"},
		"invalid UTF-8":          {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "a\xe4\xbd"}}, "content.text"},
		"601 characters":         {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: strings.Repeat("a", 601)}}, "content.text"},
		"no image":               {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Images{}}, "content.images"},
		"no media id":            {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Voice{}}, "content.voice"},
		"image as voice":         {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Voice{Voice: media.Item{ID: "x", Kind: media.Image}}}, "content.voice"},
		"media id with a line":   {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Voice{Voice: media.Item{ID: "x\n"}}}, "content.voice"},
		"comments of fans alone": {broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Images{Images: []media.Item{{ID: "x"}}, FansOnlyComments: true}}, "content.fans_only_comments"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			_, err := r.client().Send(t.Context(), tc.m)
			input, ok := errors.AsType[*wechat.InputError](err)
			if !ok || input.Problems[0].Field != tc.field {
				t.Errorf("Send = %v, want a problem with %s", err, tc.field)
			}
			if verr := tc.m.Validate(wechat.Documented); verr == nil || verr.Error() != err.Error() {
				t.Errorf("Validate = %v, want what Send says: %v", verr, err)
			}
			r.wantUntouched()
		})
	}
}

func TestSendWithAContextThatHasEndedTouchesNothing(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.client().Send(ctx, r.text("k"))
	wantIs(t, err, context.Canceled)
	r.wantUntouched()
	if n := r.store.gets.Load(); n != 0 {
		t.Errorf("the store was read %d times, want never", n)
	}
}

// Bad input 27: the Key is the broadcast.
func TestSameKeyWithOtherContentIsAMismatch(t *testing.T) {
	for _, lost := range []bool{false, true} {
		r := newRig(t)
		if lost {
			r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: true})
		}
		m := r.text("k")
		_, _ = r.client().Send(t.Context(), m)
		requests, swaps := len(r.wire.requests()), r.store.swaps.Load()
		for _, other := range []broadcast.Message{
			{Key: "k", To: m.To, Content: broadcast.Text{Content: "other"}},
			{Key: "k", To: broadcast.ToEveryone(), Content: m.Content},
		} {
			_, err := r.client().Send(t.Context(), other)
			wantIs(t, err, broadcast.ErrMismatch)
			if errors.Is(err, wechat.ErrOutcomeUnknown) {
				t.Errorf("a mismatch says that its outcome is unknown: %v", err)
			}
		}
		if n := len(r.wire.requests()); n != requests || r.store.swaps.Load() != swaps {
			t.Errorf("a mismatch made %d requests and %d writes, want none", n-requests, r.store.swaps.Load()-swaps)
		}
	}
}

// what the ledger refuses is not sent, leaves nothing behind, and works when the window is over.
func TestSendWaitsForTheNextWindowWhenTheQuotaIsUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for i := range 4 {
			_, err := r.client().Send(t.Context(), r.text(fmt.Sprint(i)))
			must(t, err)
		}
		requests, swaps := len(r.wire.requests()), r.store.swaps.Load()
		job, err := r.client().Send(t.Context(), r.text("fifth"))
		wantIs(t, err, quota.ErrExhausted)
		wantIs(t, err, wechat.ErrQuota)
		e, ok := errors.AsType[*quota.ExhaustedError](err)
		if !ok || !e.RetryAt.After(time.Now()) || (job != broadcast.Job{}) {
			t.Fatalf("Send = %+v, %v; want no job, and a time to try again", job, err)
		}
		if len(r.wire.requests()) != requests || r.store.swaps.Load() != swaps {
			t.Error("a refused broadcast was sent or left something behind")
		}
		time.Sleep(time.Until(e.RetryAt))
		job, err = r.client().Send(t.Context(), r.text("fifth"))
		wantState(t, job, err, broadcast.Accepted)
		r.wantCount(count{Used: 1})
	})
}

// temporary media live three days; equal is too late. What expires on the way is seen at the next Send.
func TestExpiredMediaAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		now := time.Now()
		message := func(key string, created time.Time, permanent bool) broadcast.Message {
			item := r.recording()
			item.CreatedAt, item.Permanent = created, permanent
			return broadcast.Message{Key: key, To: broadcast.ToTag(r.tag), Content: broadcast.Voice{Voice: item}}
		}
		for name, tc := range map[string]struct {
			created   time.Time
			permanent bool
			refused   bool
		}{
			"equal":          {now.Add(-72 * time.Hour), false, true},
			"a moment left":  {now.Add(-72*time.Hour + time.Nanosecond), false, false},
			"permanent":      {now.Add(-1000 * time.Hour), true, false},
			"of unknown age": {time.Time{}, false, false},
		} {
			before := len(r.wire.requests())
			_, err := r.client().Send(t.Context(), message(name, tc.created, tc.permanent))
			if got := errors.Is(err, wechat.ErrInput); got != tc.refused || !tc.refused && err != nil {
				t.Errorf("%s: Send = %v, refused %t, want %t", name, err, got, tc.refused)
			}
			if tc.refused && len(r.wire.requests()) != before {
				t.Errorf("%s: it was sent", name)
			}
		}

		m := message("released", now.Add(-71*time.Hour), false)
		fault := r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Refused})
		job, err := r.client().Send(t.Context(), m)
		wantState(t, job, err, broadcast.Released, err)
		fault.Remove()
		time.Sleep(time.Hour)
		before := len(r.wire.requests())
		job, err = r.client().Send(t.Context(), m)
		wantState(t, job, err, broadcast.Released, wechat.ErrInput)
		if len(r.wire.requests()) != before {
			t.Error("expired media were sent on a second Send")
		}
	})
}

// a guard is asked before anything else, by everything that could send.
func TestGuardedClientDoesNothing(t *testing.T) {
	r := newRig(t)
	c := r.platformClient(r.store).Guard(func(_ context.Context, path string) error {
		if path == sendAll {
			return errors.New("interns do not broadcast")
		}
		return nil
	})
	b := broadcast.New(c, broadcast.WithLedger(r.ledger()))
	calls := map[string]func() error{
		"Send":   func() error { _, err := b.Send(t.Context(), r.text("k")); return err },
		"Resume": func() error { _, err := b.Resume(t.Context(), "k"); return err },
		"Wait":   func() error { _, err := b.Wait(t.Context(), "k"); return err },
		"Decide": func() error { _, err := b.Decide(t.Context(), "k", true, 1, "me"); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, wechat.ErrForbidden) {
			t.Errorf("%s = %v, want ErrForbidden", name, err)
		}
	}
	r.wantUntouched()
	if n := r.store.gets.Load(); n != 0 {
		t.Errorf("the store was read %d times, want never", n)
	}
}

// Bad input 28: without its ledger nothing is sent, and the job goes on when the ledger is back.
func TestNothingIsSentWithoutTheLedger(t *testing.T) {
	for _, op := range []string{"get", "swap"} {
		for skip := range 4 {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				failed, left := 0, skip
				r.store.fault = func(o, key string) (bool, error) {
					if o != op || !strings.Contains(key, "/quota/") {
						return true, nil
					}
					if left > 0 {
						left--
						return true, nil
					}
					failed++
					return false, fmt.Errorf("%w: %w", store.ErrUnavailable, errCable)
				}
				job, err := r.client().Send(t.Context(), r.text("k"))
				if failed == 0 || err == nil {
					return // no operation to fail any more, or only the Commit, which the next call makes up for
				}
				wantIs(t, err, quota.ErrUnavailable)
				if n := len(r.wire.requests()); n != 0 {
					t.Errorf("%s %d: %d requests left without a ledger (job %s)", op, skip, n, job.State)
				}
				r.store.fault = nil
				job, err = r.client().Send(t.Context(), r.text("k"))
				wantState(t, job, err, broadcast.Accepted)
				r.wantSent(1)
			})
		}
	}
}

func TestCorruptRecordIsSaidAndNothingIsSent(t *testing.T) {
	r := newRig(t)
	r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close})
	job, _ := r.client().Send(t.Context(), r.text("k"))
	key := r.acct.AppID() + "/job/" + job.ClientMsgID
	before := len(r.wire.requests())
	for name, tc := range map[string]struct {
		change func(string) string
		want   error
	}{
		"not JSON":           {func(string) string { return "?" }, store.ErrCorrupt},
		"another body":       {func(s string) string { return strings.Replace(s, "hello k", "hello x", 1) }, store.ErrCorrupt},
		"another key":        {func(s string) string { return strings.Replace(s, `"key":"k"`, `"key":"x"`, 1) }, store.ErrCorrupt},
		"another state":      {func(s string) string { return strings.Replace(s, `"unknown"`, `"draught"`, 1) }, store.ErrCorrupt},
		"no attempt":         {func(s string) string { return strings.Replace(s, `"attempts":1`, `"attempts":0`, 1) }, store.ErrCorrupt},
		"a later schema":     {func(s string) string { return strings.Replace(s, `"schema":1`, `"schema":2`, 1) }, store.ErrSchema},
		"another key's copy": {func(s string) string { return s }, nil},
	} {
		rec, err := r.store.Get(t.Context(), key)
		must(t, err)
		_, _, err = r.store.Swap(t.Context(), key, rec.Version, []byte(tc.change(string(rec.Value))), 0)
		must(t, err)
		_, err = r.client().Resume(t.Context(), "k")
		if tc.want == nil {
			tc.want = wechat.ErrOutcomeUnknown // what it says when it is whole
		}
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: Resume = %v, want %v", name, err, tc.want)
		}
		now, err := r.store.Get(t.Context(), key)
		must(t, err)
		_, _, err = r.store.Swap(t.Context(), key, now.Version, rec.Value, 0)
		must(t, err)
	}
	if n := len(r.wire.requests()); n != before {
		t.Errorf("%d requests left", n-before)
	}
}
