package wechattest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const (
	massAll     = "/cgi-bin/message/mass/sendall"
	massList    = "/cgi-bin/message/mass/send"
	massPreview = "/cgi-bin/message/mass/preview"
	massGet     = "/cgi-bin/message/mass/get"
	massDelete  = "/cgi-bin/message/mass/delete"
)

var verifiedSubscription = wechattest.Account{Type: wechattest.Subscription, Verified: true}

// toAll sends a text to everybody; text and key make it another one.
func (c caller) toAll(text, key string) answer {
	c.tb.Helper()
	return c.post(massAll, jsonText(c.tb, obj{
		"filter": obj{"is_to_all": true}, "msgtype": "text", "text": obj{"content": text}, "clientmsgid": key,
	})).decode(c.tb)
}

func (c caller) toTag(tag int64, text, key string) answer {
	c.tb.Helper()
	return c.post(massAll, jsonText(c.tb, obj{
		"filter": obj{"is_to_all": false, "tag_id": tag}, "msgtype": "text", "text": obj{"content": text}, "clientmsgid": key,
	})).decode(c.tb)
}

func (c caller) toList(openIDs []string, text, key string) answer {
	c.tb.Helper()
	return c.post(massList, jsonText(c.tb, obj{
		"touser": openIDs, "msgtype": "text", "text": obj{"content": text}, "clientmsgid": key,
	})).decode(c.tb)
}

func TestBroadcastOfEachKind(t *testing.T) {
	c := newCaller(t, verifiedService)
	c.acct.AddFollowers(3)
	tag := c.acct.AddTag("vip", c.acct.AddFollowers(2)...)
	image := c.upload(mediaUpload, "image", "a.jpg", jpeg).decode(t).MediaID
	image2 := c.acct.AddMaterial("image", "b.jpg", []byte(jpeg))
	voice := c.upload(mediaUpload, "voice", "a.amr", amr).decode(t).MediaID
	video := c.upload(mediaUpload, "video", "a.mp4", mp4).decode(t).MediaID
	draft := c.acct.AddDraft("标题")
	for i, tc := range []struct {
		kind, member string
		text         string
		ids          []string
	}{
		{"text", `"text":{"content":"你好 & <a>"}`, "你好 & <a>", nil},
		{"image", `"images":{"media_ids":["` + image + `","` + image2 + `"],"recommend":"r"}`, "", []string{image, image2}},
		{"image", `"image":{"media_id":"` + image + `"}`, "", []string{image}},
		{"voice", `"voice":{"media_id":"` + voice + `"}`, "", []string{voice}},
		{"mpvideo", `"mpvideo":{"media_id":"` + video + `"}`, "", []string{video}},
		{"mpnews", `"mpnews":{"media_id":"` + draft + `"},"send_ignore_reprint":1`, "", []string{draft}},
	} {
		key := fmt.Sprintf("key-%d", i)
		got := c.post(massAll, fmt.Sprintf(`{"filter":{"is_to_all":false,"tag_id":"%d"},%s,"msgtype":"%s","clientmsgid":"%s"}`,
			tag, tc.member, tc.kind, key)).decode(t)
		if got.ErrCode != 0 || got.ErrMsg != "send job submission success" || got.MsgID <= 1<<31 {
			t.Fatalf("%s: %+v", tc.kind, got)
		}
		if articles := got.MsgDataID != 0; articles != (tc.kind == "mpnews") {
			t.Errorf("%s: msg_data_id %d", tc.kind, got.MsgDataID)
		}
		sent := c.p.Broadcasts(c.acct.AppID())
		want := wechattest.Broadcast{
			MsgID: got.MsgID, MsgDataID: got.MsgDataID, ClientMsgID: key, Kind: tc.kind, Text: tc.text, MediaIDs: tc.ids,
			Audience: wechattest.ToTag, TagID: tag, Total: 2, Filtered: 2, Sent: 2, Status: "SENDING",
		}
		if i >= 4 { // both followers have had four
			want.Filtered, want.Sent = 0, 0
		}
		ignore := cmpopts.IgnoreFields(wechattest.Broadcast{}, "At")
		if diff := cmp.Diff(want, sent[len(sent)-1], ignore); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.kind, diff)
		}
	}
	if _, ok := c.acct.Medium(draft); ok {
		t.Error("the draft outlived its broadcast")
	}
	if got := c.p.Broadcasts("wx0000000000000000"); got != nil {
		t.Errorf("broadcasts of nobody: %v", got)
	}
}

func TestBroadcastsAreRefused(t *testing.T) {
	c := newCaller(t, verifiedService)
	fans := c.acct.AddFollowers(2)
	image := c.upload(mediaUpload, "image", "a.jpg", jpeg).decode(t).MediaID
	all := func(member string) string { return `{"filter":{"is_to_all":true},` + member + `}` }
	many := strings.TrimSuffix(strings.Repeat(`"`+image+`",`, 21), ",")
	for _, tc := range []struct {
		what, body string
		code       int
	}{
		{"no JSON", `{`, 47001},
		{"no msgtype", all(`"text":{"content":"x"}`), 40008},
		{"unknown msgtype", all(`"msgtype":"video"`), 40008},
		{"empty text", all(`"msgtype":"text"`), 44004},
		{"card", all(`"msgtype":"wxcard","wxcard":{"card_id":"c"}`), 45113},
		{"no audience", `{"msgtype":"text","text":{"content":"x"}}`, 40152},
		{"unknown tag", `{"filter":{"tag_id":77},"msgtype":"text","text":{"content":"x"}}`, 40152},
		{"unknown media", all(`"msgtype":"image","image":{"media_id":"nonsense"}`), 40007},
		{"no media", all(`"msgtype":"voice"`), 40007},
		{"image as a voice", all(`"msgtype":"voice","voice":{"media_id":"` + image + `"}`), 40007},
		{"21 images", all(`"msgtype":"image","images":{"media_ids":[` + many + `]}`), 40215},
		{"key of 33 bytes", all(`"msgtype":"text","text":{"content":"x"},"clientmsgid":"` + strings.Repeat("k", 33) + `"`), 45067},
	} {
		want(t, tc.what, c.post(massAll, tc.body).code(t), tc.code)
	}
	want(t, "list: unknown msgtype", c.post(massList, jsonText(t, obj{"touser": fans, "msgtype": "video"})).code(t), 45162)
	want(t, "list: none", c.toList(nil, "x", "").ErrCode, 40031)
	want(t, "list: one", c.toList(fans[:1], "x", "").ErrCode, 40130)
	want(t, "list: an empty OpenID", c.toList([]string{fans[0], ""}, "x", "").ErrCode, 40031)
	want(t, "list: an OpenID with a space", c.toList([]string{fans[0], "o x"}, "x", "").ErrCode, 40031)
	want(t, "list: 10,001", c.toList(slices.Repeat(fans[:1], 10_001), "x", "").ErrCode, 40032)
	want(t, "list: 10,000", c.toList(slices.Repeat(fans[:1], 10_000), "x", "").ErrCode, 0)
	if n := c.p.Executions(massAll); n != 0 {
		t.Errorf("%d broadcasts were carried out", n)
	}
	want(t, "key of 32 bytes", c.toAll("x", strings.Repeat("k", 32)).ErrCode, 0)
}

func TestClientMsgIDIsRememberedForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		tag := c.acct.AddTag("vip")
		first := c.toTag(tag, "x", "key")
		want(t, "first", first.ErrCode, 0)
		again := func(what string, code int) {
			t.Helper()
			got := c.toTag(tag, "x", "key")
			want(t, what, got.ErrCode, code)
			if code == 45065 && (got.MsgID != first.MsgID || got.MsgDataID != 0) {
				t.Errorf("%s: msg_id %d and msg_data_id %d, want %d and none", what, got.MsgID, got.MsgDataID, first.MsgID)
			}
			if code == 45066 && got.MsgID != 0 {
				t.Errorf("%s: msg_id %d", what, got.MsgID)
			}
		}
		again("at once", 45066)
		time.Sleep(time.Minute - time.Second)
		again("59 s after an attempt", 45066)
		time.Sleep(time.Minute)
		again("60 s after an attempt", 45065)
		time.Sleep(59 * time.Second)
		again("59 s after a 45065", 45066)
		want(t, "another key", c.toTag(tag, "x", "other").ErrCode, 0)
		time.Sleep(time.Until(time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)) - time.Second) // a bubble begins on the 1st
		again("a second before the day is over", 45065)
		time.Sleep(time.Second)
		again("after the day", 0)
		if n := len(c.p.Broadcasts(c.acct.AppID())); n != 3 {
			t.Errorf("%d broadcasts, want 3", n)
		}
	})
}

func TestWithoutClientMsgIDTheContentIsTheKey(t *testing.T) {
	c := newCaller(t, verifiedService)
	fans := c.acct.AddFollowers(3)
	want(t, "first", c.toList(fans[:2], "x", "").ErrCode, 0)
	want(t, "the same", c.toList(fans[:2], "x", "").ErrCode, 45066)
	want(t, "the same, spelt otherwise", c.post(massList, `{ "text": {"content":"\u0078"}, "msgtype":"text", "clientmsgid":"",
		"touser": `+jsonText(t, fans[:2])+`}`).code(t), 45066)
	want(t, "other recipients", c.toList(fans[1:], "x", "").ErrCode, 0)
	want(t, "other content", c.toList(fans[:2], "y", "").ErrCode, 0)
}

func TestARefusedBroadcastLeavesNoMemoryOfItsKey(t *testing.T) {
	c := newCaller(t, verifiedService)
	want(t, "unknown tag", c.toTag(100, "x", "key").ErrCode, 40152)
	tag := c.acct.AddTag("vip")
	want(t, "the same key when there is the tag", c.toTag(tag, "x", "key").ErrCode, 0)
}

func TestSubscriptionAccountsSendOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedSubscription)
		tag := c.acct.AddTag("vip")
		want(t, "first", c.toTag(tag, "1", "").ErrCode, 0)
		want(t, "to a tag on the same day", c.toTag(tag, "2", "").ErrCode, 45028)
		want(t, "to all on the same day", c.toAll("2", "").ErrCode, 45028)
		sleepUntilMidnight()
		if !c.acct.SendFromConsole() {
			t.Error("the console may not send on the next day")
		}
		want(t, "after the console has sent", c.toAll("3", "").ErrCode, 45028)
		if c.acct.SendFromConsole() {
			t.Error("the console may send twice a day")
		}
		for day := range 40 { // more than a month's worth: the day is the only limit
			sleepUntilMidnight()
			want(t, fmt.Sprintf("day %d", day), c.toAll(fmt.Sprint(day), "").ErrCode, 0)
		}
	})
}

func TestServiceAccountsSendToAllFourTimesAMonthAndOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		want(t, "1st of the month", c.toAll("1", "").ErrCode, 0)
		want(t, "twice on one day", c.toAll("2", "").ErrCode, 45028)
		sleepUntilMidnight()
		if !c.acct.SendFromConsole() {
			t.Error("the console may not send")
		}
		for day := 3; day <= 4; day++ {
			sleepUntilMidnight()
			want(t, "a day later", c.toAll(fmt.Sprint(day), "").ErrCode, 0)
		}
		sleepUntilMidnight()
		want(t, "5th of the month", c.toAll("5", "").ErrCode, 45028)
		tag := c.acct.AddTag("vip")
		for i := range 5 {
			want(t, "to a tag", c.toTag(tag, fmt.Sprint(i), "").ErrCode, 0)
		}
	})
}

// Four years of months: one broadcast in the first second, three more, none in the last second.
func TestAllowanceTurnsAtTheEndOfEachMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		for month := range time.Month(48) {
			begin := time.Date(2000, 2+month, 1, 0, 0, 0, 0, time.FixedZone("", 8*3600))
			end := begin.AddDate(0, 1, 0)
			at := func(when time.Time, code int) {
				time.Sleep(time.Until(when))
				want(t, when.String(), c.toAll(when.String(), "").ErrCode, code)
			}
			at(begin, 0)
			for _, day := range []int{-4, -3, -2} {
				at(end.AddDate(0, 0, day), 0)
			}
			at(end.Add(-time.Second), 45028)
		}
	})
}

func TestAFollowerGetsFourBroadcastsAMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		fans := c.acct.AddFollowers(3)
		for i := range 4 {
			want(t, "send", c.toList(fans[:2], fmt.Sprint(i), "").ErrCode, 0)
		}
		want(t, "to one who has had enough and one who has not", c.toList(fans[1:], "5", "").ErrCode, 0)
		c.acct.Unfollow(fans[2])
		want(t, "to some who cannot be reached", c.toList(append(fans, "o-unknown", fans[0]), "6", "").ErrCode, 0)
		time.Sleep(31 * 24 * time.Hour)
		want(t, "next month", c.toList(fans[:2], "7", "").ErrCode, 0)
		type counts struct{ Total, Filtered, Sent, Failed int }
		var got []counts
		for _, b := range c.p.Broadcasts(c.acct.AppID())[3:] {
			got = append(got, counts{b.Total, b.Filtered, b.Sent, b.Failed})
		}
		if diff := cmp.Diff([]counts{{2, 2, 2, 0}, {2, 1, 1, 0}, {4, 2, 0, 2}, {2, 2, 2, 0}}, got); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
	})
}

func TestToAllReachesThoseWhoFollowNow(t *testing.T) {
	c := newCaller(t, verifiedService)
	fans := c.acct.AddFollowers(5)
	c.acct.Unfollow(fans[0])
	want(t, "send", c.toAll("x", "").ErrCode, 0)
	if b := c.p.Broadcasts(c.acct.AppID())[0]; b.Total != 4 || b.Sent != 4 || b.Audience != wechattest.ToAll {
		t.Errorf("broadcast %+v", b)
	}
}

func TestBroadcastCallsAreLimitedToSixtyAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		tag := c.acct.AddTag("vip")
		for i := range 60 {
			want(t, "within a minute", c.toTag(tag, fmt.Sprint(i), "").ErrCode, 0)
			time.Sleep(time.Second / 2)
		}
		want(t, "61st within 30 s", c.toTag(tag, "61", "").ErrCode, 45011)
		time.Sleep(30*time.Second - time.Millisecond)
		want(t, "61st within a minute", c.toTag(tag, "61", "").ErrCode, 45011)
		time.Sleep(time.Millisecond)
		want(t, "a minute after the first", c.toTag(tag, "61", "").ErrCode, 0)
		want(t, "mass/get is not limited", c.post(massGet, `{"msg_id":1}`).code(t), 40059)
		time.Sleep(time.Minute)
		for i := range 39 {
			want(t, "within the day", c.toTag(tag, fmt.Sprint("b", i), "").ErrCode, 0)
		}
		want(t, "101st of the day", c.toTag(tag, "101", "").ErrCode, 45009)
	})
}

func TestStatusOfABroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService, wechattest.WithDelivery(time.Minute))
		id := c.toAll("x", "").MsgID
		status := func(format string) string {
			got := c.post(massGet, fmt.Sprintf(format, id)).decode(t)
			if got.MsgID != id {
				t.Errorf("mass/get: msg_id %d, want %d", got.MsgID, id)
			}
			return got.MsgStatus
		}
		if got := status(`{"msg_id":"%d"}`); got != "SENDING" {
			t.Errorf("at once: %s", got)
		}
		time.Sleep(time.Minute)
		if got := status(`{"msg_id":%d}`); got != "SEND_SUCCESS" {
			t.Errorf("after a minute: %s", got)
		}
		c.acct.SetBroadcastStatus(id, "SEND_FAIL")
		if got := status(`{"msg_id":%d}`); got != "SEND_FAIL" {
			t.Errorf("when it was set: %s", got)
		}
		want(t, "unknown", c.post(massGet, `{"msg_id":"7"}`).code(t), 40059)
		want(t, "no number", c.post(massGet, `{"msg_id":"x"}`).code(t), 47001)
	})
}

func TestDeletingABroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, verifiedService)
		draft := c.acct.AddDraft("D")
		tag := c.acct.AddTag("vip")
		news := c.post(massAll, fmt.Sprintf(`{"filter":{"tag_id":%d},"msgtype":"mpnews","mpnews":{"media_id":"%s"}}`, tag, draft)).decode(t).MsgID
		text := c.toTag(tag, "x", "").MsgID
		del := func(id int64, idx int) int {
			return c.post(massDelete, fmt.Sprintf(`{"msg_id":%d,"article_idx":%d}`, id, idx)).code(t)
		}
		want(t, "while it is being sent", del(news, 1), 40065)
		time.Sleep(time.Second)
		want(t, "an article that is not there", del(news, 2), 40060)
		want(t, "a text", del(text, 0), 40008)
		want(t, "unknown", del(7, 0), 40059)
		want(t, "articles", del(news, 0), 0)
		want(t, "again", del(news, 0), 40065)
		if got := c.post(massGet, fmt.Sprintf(`{"msg_id":%d}`, news)).decode(t).MsgStatus; got != "DELETE" {
			t.Errorf("status %s", got)
		}
	})
}

func TestSpeedOfBroadcasts(t *testing.T) {
	c := newCaller(t, verifiedService)
	get := func() (speed, real int) {
		var got struct{ Speed, RealSpeed int }
		c.post("/cgi-bin/message/mass/speed/get", "{}").into(t, &got)
		return got.Speed, got.RealSpeed
	}
	set := func(body string) int { return c.post("/cgi-bin/message/mass/speed/set", body).code(t) }
	if s, r := get(); s != 0 || r != 80 {
		t.Errorf("speed %d, %d", s, r)
	}
	want(t, "set", set(`{"speed":3}`), 0)
	if s, r := get(); s != 3 || r != 30 {
		t.Errorf("speed %d, %d", s, r)
	}
	want(t, "5", set(`{"speed":5}`), 45083)
	want(t, "-1", set(`{"speed":-1}`), 45083)
	want(t, "none", set(`{}`), 45084)
}

func TestPreview(t *testing.T) {
	c := newCaller(t, verifiedService)
	fan := c.acct.AddFollower(wechattest.Follower{WeChatID: "zhang_san"})
	gone := c.acct.AddFollowers(1)[0]
	c.acct.Unfollow(gone)
	send := func(member, value, text string) int {
		return c.post(massPreview, jsonText(t, obj{member: value, "msgtype": "text", "text": obj{"content": text}})).code(t)
	}
	want(t, "by OpenID", send("touser", fan, "x"), 0)
	want(t, "by WeChat ID", send("towxname", "zhang_san", "x"), 0)
	want(t, "unknown OpenID", send("touser", "o", "x"), 40003)
	want(t, "one who has left", send("touser", gone, "x"), 43004)
	want(t, "unknown WeChat ID", send("towxname", "li_si", "x"), 40132)
	want(t, "nothing in it", send("touser", fan, ""), 44004)
	for range 99 {
		send("towxname", "zhang_san", "x")
	}
	want(t, "101st of the day by WeChat ID", send("towxname", "zhang_san", "x"), 45009)
	want(t, "by OpenID", send("touser", fan, "x"), 0)
	want(t, "a broadcast after all that", c.toAll("x", "").ErrCode, 0)
	if n := len(c.p.Broadcasts(c.acct.AppID())); n != 1 {
		t.Errorf("%d broadcasts, want 1", n)
	}
}
