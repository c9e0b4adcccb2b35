package broadcast_test

import (
	"context"
	"encoding/json"
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

func lines(report broadcast.Report) (out []string) {
	for _, f := range report.Findings {
		out = append(out, fmt.Sprintf("%s %s %s %t", f.Check, f.Field, f.Rule, f.Warning))
	}
	return out
}

// everything at once, in the order in which Send checks; nobody is asked and nothing changed.
func TestPreflightTellsEverythingAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for i := range 4 {
			_, err := r.client().Send(t.Context(), r.text(fmt.Sprint(i)))
			must(t, err)
		}
		requests, swaps := len(r.wire.requests()), r.store.swaps.Load()
		c := r.platformClient(r.store).Guard(func(context.Context, string) error { return errors.New("interns do not broadcast") })
		b := broadcast.New(c, broadcast.WithLedger(r.ledger()))
		now := time.Now()
		report, err := b.Preflight(t.Context(), broadcast.Message{
			Key: "a\n", To: broadcast.ToTag(r.tag), Content: broadcast.Images{
				Images: []media.Item{{ID: "old", CreatedAt: now.Add(-72 * time.Hour)}, {ID: "ageless"}, {}}, Title: strings.Repeat("汉", 22),
			},
		})
		must(t, err)
		diff(t, "findings", []string{
			"permission client forbidden false",
			"content key text false",
			"content content.images[2] required false",
			"content content.title length false",
			"media content.items[0] expired false",
			"media content.items[1] age true",
			"quota to quota false",
		}, lines(report))
		if report.OK() {
			t.Error("OK")
		}
		last := report.Findings[len(report.Findings)-1]
		if !last.RetryAt.Equal(time.Date(2000, 2, 1, 0, 2, 0, 0, time.FixedZone("", 8*60*60))) {
			t.Errorf("to be tried again at %s", last.RetryAt)
		}
		text, value := report.String(), ""
		if b, err := json.Marshal(report); err != nil {
			t.Error(err)
		} else {
			value = string(b)
		}
		for _, want := range []string{"interns do not broadcast", "22 characters", "wechat.WithRules(wechat.Current)", "from 2000-02-01 00:02:00 +08:00"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in\n%s", want, text)
			}
		}
		if !strings.Contains(value, `"check":"quota","field":"to"`) || !strings.Contains(value, `"retry_at":"2000-02-01T00:02:00+08:00"`) {
			t.Errorf("as JSON: %s", value)
		}
		if len(r.wire.requests()) != requests || r.store.swaps.Load() != swaps {
			t.Errorf("%d requests and %d writes, want none", len(r.wire.requests())-requests, r.store.swaps.Load()-swaps)
		}
	})
}

// What a preflight lets pass Send takes, and what it refuses Send refuses, whatever job the Key has.
func TestPreflightAgreesWithSend(t *testing.T) {
	for name, tc := range map[string]struct {
		prepare func(*rig)
		message func(*rig, *broadcast.Message)
		want    []string
	}{
		"nothing in the way": {nil, nil, nil},
		"accepted before": {
			func(r *rig) { _, _ = r.client().Send(r.tb.Context(), r.text("k")) }, nil, []string{"job key known true"},
		},
		"released before": {
			func(r *rig) {
				r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Refused, Times: 3})
				_, _ = r.client().Send(r.tb.Context(), r.text("k"))
			}, nil, []string{"job key known true"},
		},
		"failed before": {
			func(r *rig) {
				r.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Errcode, Code: 40007, Times: 1})
				_, _ = r.client().Send(r.tb.Context(), r.text("k"))
			}, nil, []string{"job key known false"},
		},
		"another broadcast's key": {
			func(r *rig) { _, _ = r.client().Send(r.tb.Context(), r.text("k")) },
			func(_ *rig, m *broadcast.Message) { m.Content = broadcast.Text{Content: "other"} },
			[]string{"job key mismatch false"},
		},
		"reserved by others": {
			func(r *rig) {
				for i := range 4 {
					_, err := r.ledger().Reserve(r.tb.Context(), quota.Spend{ID: fmt.Sprint(i), Reach: quota.Tag})
					must(r.tb, err)
				}
			}, nil, []string{"quota to quota false"},
		},
		"nobody":  {nil, func(_ *rig, m *broadcast.Message) { m.To = broadcast.Audience{} }, []string{"content to required false"}},
		"nothing": {nil, func(_ *rig, m *broadcast.Message) { m.Content = nil }, []string{"content content required false"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.tb = named{t, name}
			if tc.prepare != nil {
				tc.prepare(r)
			}
			m := r.text("k")
			if tc.message != nil {
				tc.message(r, &m)
			}
			report, err := r.client().Preflight(t.Context(), m)
			must(r.tb, err)
			diff(r.tb, "findings", tc.want, lines(report))
			if _, err := r.client().Send(t.Context(), m); (err == nil) != report.OK() {
				r.tb.Errorf("the preflight says %t:\n%s\nSend says %v", report.OK(), report, err)
			}
		})
	}
}

func TestPreflightWarnsOfAStoreInMemory(t *testing.T) {
	r := newRig(t)
	report, err := broadcast.New(r.platformClient(store.NewMemory())).Preflight(t.Context(), r.text("k"))
	must(t, err)
	diff(t, "findings", []string{"store store memory true"}, lines(report))
	if !report.OK() {
		t.Error("a warning stops the broadcast")
	}
	report, err = r.client().Preflight(t.Context(), r.text("k"))
	must(t, err)
	if s := report.String(); !report.OK() || s != `broadcast "k": nothing stands in its way` {
		t.Errorf("%q", s)
	}
}

func TestPreflightSaysWhenTheStoreFails(t *testing.T) {
	r := newRig(t)
	for skip := range 2 {
		n := 0
		r.store.fault = func(string, string) (bool, error) {
			if n++; n > skip {
				return false, store.ErrUnavailable
			}
			return true, nil
		}
		_, err := r.client().Preflight(t.Context(), r.text("k"))
		wantIs(t, err, store.ErrUnavailable)
	}
}

func TestClientJudgesByItsRules(t *testing.T) {
	r := newRig(t)
	long := broadcast.Message{Key: "k", To: broadcast.ToTag(r.tag), Content: broadcast.Text{Content: strings.Repeat("a", 400)}}
	current := broadcast.New(r.platformClient(r.store, wechat.WithRules(wechat.Current)))
	_, err := current.Send(t.Context(), long)
	wantIs(t, err, wechat.ErrInput)
	own := broadcast.RulesFor(wechat.Current)
	own.Text.Max = 0 // no limit is known
	job, err := broadcast.New(r.platformClient(r.store), broadcast.WithRules(own)).Send(t.Context(), long)
	wantState(t, job, err, broadcast.Accepted)
	diff(t, "rules of a set that nobody knows", broadcast.RulesFor(wechat.Documented), broadcast.RulesFor(99))
}
