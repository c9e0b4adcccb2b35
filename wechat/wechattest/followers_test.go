package wechattest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// page is a page of OpenIDs.
type page struct {
	Total, Count int
	Data         *struct{ OpenID []string }
	Next         string `json:"next_openid"`
}

func TestFollowersComeInPages(t *testing.T) {
	c := newCaller(t, verifiedService)
	fans := c.acct.AddFollowers(20_001)
	c.acct.Unfollow(fans[3])
	var got []string
	next := ""
	for _, count := range []int{10_000, 10_000, 0} {
		var p page
		r := c.get("/cgi-bin/user/get", "next_openid", next)
		r.into(t, &p)
		if p.Count != count || p.Total != 20_000 {
			t.Fatalf("count %d of %d, want %d", p.Count, p.Total, count)
		}
		if count == 0 {
			if p.Data != nil || p.Next != "" || strings.Contains(r.body, "data") {
				t.Errorf("empty page %s", r.body)
			}
			break
		}
		got, next = append(got, p.Data.OpenID...), p.Next
	}
	if diff := cmp.Diff(append(fans[:3:3], fans[4:]...), got); diff != "" {
		t.Errorf("followers (-want +got):\n%s", diff)
	}
	want(t, "unknown next_openid", c.get("/cgi-bin/user/get", "next_openid", "o").code(t), 40003)
}

func TestProfileOfAFollower(t *testing.T) {
	c := newCaller(t, verifiedService)
	fan := c.acct.AddFollower(wechattest.Follower{OpenID: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", UnionID: "u1"})
	tag := c.acct.AddTag("vip", fan)
	got := c.get("/cgi-bin/user/info", "openid", fan).object(t)
	if got["subscribe"] != 1.0 || got["unionid"] != "u1" || cmp.Diff(list{float64(tag)}, got["tagid_list"]) != "" {
		t.Errorf("profile %v", got)
	}
	if _, ok := got["nickname"]; ok {
		t.Error("the platform has given no names since 2021")
	}
	c.acct.Unfollow(fan)
	if diff := cmp.Diff(obj{"subscribe": 0.0, "openid": fan}, c.get("/cgi-bin/user/info", "openid", fan).object(t)); diff != "" {
		t.Errorf("profile of one who left (-want +got):\n%s", diff)
	}
	c.acct.AddFollower(wechattest.Follower{OpenID: fan})
	if got := c.get("/cgi-bin/user/info", "openid", fan).object(t); got["subscribe"] != 1.0 || cmp.Diff(list{}, got["tagid_list"]) != "" {
		t.Errorf("profile of one who came back: %v", got)
	}
	want(t, "unknown", c.get("/cgi-bin/user/info", "openid", "o").code(t), 40003)
	want(t, "none", c.get("/cgi-bin/user/info").code(t), 41009)
}

func TestProfilesInABatch(t *testing.T) {
	c := newCaller(t, verifiedService)
	batch := func(openIDs []string) reply {
		var users list
		for _, id := range openIDs {
			users = append(users, obj{"openid": id, "lang": "zh_CN"})
		}
		return c.post("/cgi-bin/user/info/batchget", jsonText(t, obj{"user_list": users}))
	}
	fans := c.acct.AddFollowers(101)
	c.acct.Unfollow(fans[1])
	var got struct {
		List []struct {
			Subscribe int
			OpenID    string
		} `json:"user_info_list"`
	}
	batch(fans[:100]).into(t, &got)
	if len(got.List) != 100 || got.List[0].Subscribe != 1 || got.List[1].Subscribe != 0 || got.List[99].OpenID != fans[99] {
		t.Errorf("%d profiles: %+v …", len(got.List), got.List[:2])
	}
	want(t, "101", batch(fans).code(t), 40032)
	want(t, "none", batch(nil).code(t), 40032)
	want(t, "an unknown one", batch([]string{fans[0], "o"}).code(t), 40003)
}

func TestTagsLiveAndDie(t *testing.T) {
	c := newCaller(t, verifiedService)
	create := func(name string) reply {
		return c.post("/cgi-bin/tags/create", jsonText(t, obj{"tag": obj{"name": name}}))
	}
	var made struct {
		Tag struct {
			ID   int64
			Name string
		}
	}
	create("广东").into(t, &made)
	id := made.Tag.ID
	if id < 100 || made.Tag.Name != "广东" {
		t.Fatalf("tag %+v", made.Tag)
	}
	edit := func(call string, id int64, name string) int {
		return c.post("/cgi-bin/tags/"+call, jsonText(t, obj{"tag": obj{"id": id, "name": name}})).code(t)
	}
	want(t, "a name twice", create("广东").code(t), 45157)
	want(t, "no name", create(" ").code(t), 45157)
	want(t, "ten Chinese characters", create("一二三四五六七八九十").code(t), 0)
	want(t, "eleven Chinese characters", create("一二三四五六七八九十百").code(t), 45158)
	want(t, "rename", edit("update", id, "广东人"), 0)
	want(t, "rename to itself", edit("update", id, "广东人"), 0)
	want(t, "rename to another's", edit("update", id, "一二三四五六七八九十"), 45157)
	want(t, "rename what is not there", edit("update", 999, "x"), 45159)
	want(t, "rename the system's", edit("update", 2, "x"), 45058)
	want(t, "delete the system's", edit("delete", 0, ""), 45058)

	fans := c.acct.AddFollowers(2)
	want(t, "tag", c.members("batchtagging", id, fans).code(t), 0)
	var all struct {
		Tags []struct {
			ID    int64
			Name  string
			Count int
		}
	}
	c.get("/cgi-bin/tags/get").into(t, &all)
	if len(all.Tags) != 3 || all.Tags[0].ID != 2 || all.Tags[1].Name != "广东人" || all.Tags[1].Count != 2 {
		t.Errorf("tags %+v", all.Tags)
	}
	want(t, "delete", edit("delete", id, ""), 0)
	want(t, "delete again", edit("delete", id, ""), 45159)
	if got := c.tagsOf(fans[0]); len(got) != 0 {
		t.Errorf("tags of a follower after the tag is gone: %v", got)
	}
	for i := range 99 {
		want(t, "create", create(fmt.Sprint(i)).code(t), 0)
	}
	want(t, "101st tag", create("101").code(t), 45056)
}

func (c caller) members(call string, tag int64, openIDs []string) reply {
	return c.post("/cgi-bin/tags/members/"+call, jsonText(c.tb, obj{"tagid": tag, "openid_list": openIDs}))
}

func (c caller) tagsOf(openID string) []int64 {
	var got struct {
		TagIDs []int64 `json:"tagid_list"`
	}
	c.post("/cgi-bin/tags/getidlist", jsonText(c.tb, obj{"openid": openID})).into(c.tb, &got)
	return got.TagIDs
}

func TestTaggingFollowers(t *testing.T) {
	c := newCaller(t, verifiedService)
	fans := c.acct.AddFollowers(51)
	tag := c.acct.AddTag("vip")
	want(t, "50", c.members("batchtagging", tag, fans[:50]).code(t), 0)
	want(t, "the same again", c.members("batchtagging", tag, fans[:50]).code(t), 0)
	want(t, "51", c.members("batchtagging", tag, fans).code(t), 40032)
	want(t, "none", c.members("batchtagging", tag, nil).code(t), 40032)
	want(t, "unknown follower", c.members("batchtagging", tag, []string{fans[50], "o"}).code(t), 40003)
	want(t, "unknown tag", c.members("batchtagging", 999, fans[:1]).code(t), 45159)
	if got := c.tagsOf(fans[50]); len(got) != 0 {
		t.Errorf("a call that was refused tagged somebody: %v", got)
	}
	want(t, "untag", c.members("batchuntagging", tag, fans[:1]).code(t), 0)
	want(t, "untag again", c.members("batchuntagging", tag, fans[:1]).code(t), 0)

	var p page
	c.post("/cgi-bin/user/tag/get", jsonText(t, obj{"tagid": tag})).into(t, &p)
	if p.Count != 49 || cmp.Diff(fans[1:50], p.Data.OpenID) != "" {
		t.Errorf("%d followers have the tag", p.Count)
	}
	c.post("/cgi-bin/user/tag/get", jsonText(t, obj{"tagid": tag, "next_openid": fans[49]})).into(t, &p)
	if p.Count != 0 || p.Next != "" {
		t.Errorf("behind the last: %+v", p)
	}
	want(t, "followers of an unknown tag", c.post("/cgi-bin/user/tag/get", `{"tagid":999}`).code(t), 45159)
	want(t, "tags of an unknown follower", c.post("/cgi-bin/tags/getidlist", `{"openid":"o"}`).code(t), 40003)

	for i := range 20 {
		c.acct.AddTag(fmt.Sprint(i), fans[50])
	}
	twenty := c.tagsOf(fans[50])
	want(t, "a tag that the follower has", c.members("batchtagging", twenty[0], fans[50:]).code(t), 0)
	want(t, "21st tag of a follower", c.members("batchtagging", tag, fans[50:]).code(t), 45059)
}
