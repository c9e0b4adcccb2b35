package broadcast_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

func permanent(id wechat.MediaID, kind media.Kind) media.Item {
	return media.Item{ID: id, Kind: kind, Permanent: true}
}

func titled(title string) broadcast.Message {
	return broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Images{Images: []media.Item{permanent("m", media.Image)}, Title: title}}
}

func text(s string) broadcast.Message {
	return broadcast.Message{Key: "k", To: broadcast.ToEveryone(), Content: broadcast.Text{Content: s}}
}

// a title has at most 64 bytes of UTF-8; today's platform counts 32 characters.
func TestTitleLength(t *testing.T) {
	for _, test := range []struct {
		title               string
		documented, current bool
	}{
		{strings.Repeat("汉", 21), true, true},
		{strings.Repeat("汉", 22), false, true},
		{strings.Repeat("a", 64), true, true},
		{strings.Repeat("a", 65), false, false},
		{strings.Repeat("汉", 32), false, true},
		{strings.Repeat("汉", 33), false, false},
		{strings.Repeat("😀", 16), true, true},
		{strings.Repeat("😀", 17), false, true},
		{"", true, true},
	} {
		for set, ok := range map[wechat.RuleSet]bool{wechat.Documented: test.documented, wechat.Current: test.current} {
			err := titled(test.title).Validate(set)
			if (err == nil) != ok {
				t.Errorf("title of %d bytes under %v: %v, want ok = %v", len(test.title), set, err, ok)
			}
			if set == wechat.Documented && !ok && test.current != strings.Contains(err.Error(), "wechat.WithRules(wechat.Current)") {
				t.Errorf("title of %d bytes: %v; says that today's rules take it: want %v", len(test.title), err, test.current)
			}
		}
	}
}

// the content of a text has at most 600 characters, each code point counting.
func TestTextLength(t *testing.T) {
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{strings.Repeat("汉", 600), true},
		{strings.Repeat("汉", 601), false},
		{strings.Repeat("a", 600), true},
		{strings.Repeat("a", 601), false},
		{strings.Repeat("e\u0301", 300), true},
		{strings.Repeat("e\u0301", 300) + "x", false},
		{strings.Repeat("👨‍👩‍👧", 120), true}, // five code points each
		{strings.Repeat("👨‍👩‍👧", 120) + "x", false},
		{strings.Repeat("\r\n", 300), true},
		{strings.Repeat("\r\n", 300) + "x", false},
	} {
		err := text(test.text).Validate(wechat.Documented)
		if (err == nil) != test.ok {
			t.Errorf("text of %d characters: %v, want ok = %v", utf8.RuneCountInString(test.text), err, test.ok)
		}
		if err != nil {
			for _, want := range []string{"601 characters, at most 600", "bytes", "UTF-16 units", "columns"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v: does not say %q", err, want)
				}
			}
		}
	}
	if err := text(strings.Repeat("汉", 301)).Validate(wechat.Current); err == nil {
		t.Error("301 characters pass the current rules, want at most 300")
	}
}

func TestUnits(t *testing.T) {
	const s = "a汉😀" // one, three and four bytes
	for unit, want := range map[broadcast.Unit]int{broadcast.Bytes: 8, broadcast.Characters: 3, broadcast.UTF16: 4, broadcast.Width: 5} {
		if got := unit.Count(s); got != want {
			t.Errorf("%s.Count(%q) = %d, want %d", unit, s, got, want)
		}
	}
}

func TestEveryProblemIsToldAtOnce(t *testing.T) {
	err := broadcast.Message{Content: broadcast.Images{
		Images: []media.Item{{}, permanent("v", media.Voice)}, Title: "a\x01", FansOnlyComments: true,
	}}.Validate(wechat.Documented)
	e, ok := errors.AsType[*wechat.InputError](err)
	if !ok {
		t.Fatalf("Validate = %v, want a *wechat.InputError", err)
	}
	var got []string
	for _, p := range e.Problems {
		got = append(got, p.Field+" "+p.Rule)
	}
	want := []string{
		"key required", "to required", "content.images[0] required", "content.images[1] kind", "content.title text",
		"content.fans_only_comments conflict",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// What is sent, to the letter: raw UTF-8 and no HTML escapes.
func TestRequestBodies(t *testing.T) {
	for _, test := range []struct {
		to      broadcast.Audience
		content broadcast.Content
		want    string
	}{
		{broadcast.ToEveryone(), broadcast.Text{Content: "新 & <b>"}, `{"filter":{"is_to_all":true},"msgtype":"text","text":{"content":"新 & <b>"}}`},
		{broadcast.ToTag(100), broadcast.Images{Images: []media.Item{permanent("m1", media.Image), permanent("m2", media.Image)}, Title: "t", Recommend: "r", OpenComments: true},
			`{"filter":{"is_to_all":false,"tag_id":100},"msgtype":"image","images":{"media_ids":["m1","m2"],"recommend":"r","title":"t","need_open_comment":1,"only_fans_can_comment":0}}`},
		{broadcast.ToTag(100), broadcast.Voice{Voice: permanent("v", media.Voice)}, `{"filter":{"is_to_all":false,"tag_id":100},"msgtype":"voice","voice":{"media_id":"v"}}`},
	} {
		w := newWorld(t)
		var sent []byte
		client, _ := w.process(w.store)
		w.spy(func(body []byte) { sent = body })
		_, _ = client.Send(t.Context(), broadcast.Message{Key: "launch", To: test.to, Content: test.content})
		var got, want map[string]any
		if err := json.Unmarshal(sent, &got); err != nil {
			t.Fatalf("body %q: %v", sent, err)
		}
		if err := json.Unmarshal([]byte(test.want), &want); err != nil {
			t.Fatal(err)
		}
		id, _ := got["clientmsgid"].(string)
		delete(got, "clientmsgid")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
		if len(id) != 26 || strings.ContainsFunc(id, func(r rune) bool { return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", r) }) {
			t.Errorf("clientmsgid = %q, want 26 characters of base32", id)
		}
		if strings.Contains(string(sent), `\u`) {
			t.Errorf("body %s holds an escape", sent)
		}
	}
}

// a temporary file is gone 72 hours after its upload, to the second; a permanent one never.
func TestExpiredMediaAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, _ := w.process(w.store)
		id := w.console.AddMaterial("image", "a.jpg", []byte("\xff\xd8\xff"))
		temporary := media.Item{ID: wechat.MediaID(id), Kind: media.Image, CreatedAt: time.Now()}
		m := broadcast.Message{Key: "launch", To: broadcast.ToTag(100), Content: broadcast.Images{Images: []media.Item{temporary}}}
		time.Sleep(72*time.Hour - time.Second)
		if report, err := client.Preflight(t.Context(), m); err != nil || !report.OK() {
			t.Errorf("a second before the end: %v, %v", report, err)
		}
		time.Sleep(time.Second)
		if _, err := client.Send(t.Context(), m); !errors.Is(err, wechat.ErrInput) || !strings.Contains(err.Error(), "expired") {
			t.Errorf("at the end: Send = %v, want it refused as expired", err)
		}
		if n := w.platform.Requests(sendAll); n != 0 {
			t.Errorf("%d requests, want 0", n)
		}
		m.Content = broadcast.Images{Images: []media.Item{permanent(wechat.MediaID(id), media.Image)}}
		if _, err := client.Send(t.Context(), m); err != nil {
			t.Errorf("a permanent image: %v", err)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a", "新品上市", "a & <b>", "\u2028", "e\u0301", "\x00", "\xff", "\ufffd", "\ufffe", "a\r\nb\t"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if text(s).Validate(wechat.Current) != nil {
			return
		}
		w := newWorld(t)
		client, _ := w.process(w.store)
		if _, err := client.Send(t.Context(), broadcast.Message{Key: "k", To: broadcast.ToTag(100), Content: broadcast.Text{Content: s}}); err != nil {
			t.Skip("longer than the documented rules allow")
		}
		if got := w.platform.Broadcasts(w.console.AppID())[0].Text; got != s {
			t.Errorf("sent %q, the platform has %q", s, got)
		}
	})
}
