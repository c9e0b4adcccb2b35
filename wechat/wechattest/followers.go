package wechattest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// pageSize is how many OpenIDs one page holds.
const pageSize = 10_000

// Follower is somebody who follows an account. The zero Follower gets an OpenID.
type Follower struct {
	// OpenID names the follower to this account.
	OpenID string
	// UnionID names the person to all accounts of one owner; empty if there is none.
	UnionID string
	// WeChatID is the name that the person chose; previews can be sent to it.
	WeChatID string
}

// fan is a follower as the platform knows one.
type fan struct {
	Follower
	at    int // the place in the list of followers
	since time.Time
	left  bool           // does not follow any more
	tags  map[int64]bool // nil: none
	got   tally          // broadcasts this month
}

// fans are an account's followers, oldest first.
type fans struct {
	list []*fan
	byID map[string]*fan
}

// named reports whether somebody who follows has that WeChat ID.
func (f *fans) named(wechatID string) bool {
	return slices.ContainsFunc(f.list, func(f *fan) bool { return !f.left && f.WeChatID == wechatID })
}

// page returns at most 10,000 OpenIDs behind next, of followers for which want is true, or of all.
func (f *fans) page(next string, want func(*fan) bool) (openIDs []string, err error) {
	start := 0
	if next != "" {
		last, ok := f.byID[next]
		if !ok {
			return nil, refuse(40003)
		}
		start = last.at + 1
	}
	for _, fan := range f.list[start:] {
		if len(openIDs) == pageSize {
			break
		}
		if !fan.left && want(fan) {
			openIDs = append(openIDs, fan.OpenID)
		}
	}
	return openIDs, nil
}

// AddFollower makes somebody follow the account and returns the OpenID. Who followed before follows again.
func (c *Console) AddFollower(f Follower) string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.follow(f)
}

// AddFollowers makes n people follow the account and returns their OpenIDs.
func (c *Console) AddFollowers(n int) []string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	out := make([]string, n)
	for i := range out {
		out[i] = c.follow(Follower{})
	}
	return out
}

func (c *Console) follow(f Follower) string {
	if f.OpenID == "" {
		f.OpenID = "o" + c.p.draw(web64, 27)
	}
	if old, ok := c.fans.byID[f.OpenID]; ok {
		old.left, old.since = false, c.p.now()
		return f.OpenID
	}
	joined := &fan{Follower: f, at: len(c.fans.list), since: c.p.now()}
	c.fans.list = append(c.fans.list, joined)
	c.fans.byID[f.OpenID] = joined
	return f.OpenID
}

// Unfollow makes a follower leave: the account sees nothing of them but that, and broadcasts to them fail.
func (c *Console) Unfollow(openID string) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	if f, ok := c.fans.byID[openID]; ok {
		f.left, f.tags = true, nil
	}
}

var fanEndpoints = []endpoint{
	{path: "/cgi-bin/user/get", method: http.MethodGet, service: verified, subscr: verified, daily: 500, handle: listFans},
	{path: "/cgi-bin/user/info", method: http.MethodGet, service: verified, subscr: verified, daily: 5_000_000, handle: getFan},
	{path: "/cgi-bin/user/info/batchget", method: http.MethodPost, service: verified, subscr: verified, handle: getFans},
}

// openIDPage is a page of OpenIDs; data is missing on an empty one.
type openIDPage struct {
	Total *int        `json:"total,omitempty"`
	Count int         `json:"count"`
	Data  *openIDData `json:"data,omitempty"`
	Next  string      `json:"next_openid"`
}

type openIDData struct {
	OpenID []string `json:"openid"`
}

func pageOf(openIDs []string) openIDPage {
	p := openIDPage{Count: len(openIDs)}
	if len(openIDs) > 0 {
		p.Data, p.Next = &openIDData{openIDs}, openIDs[len(openIDs)-1]
	}
	return p
}

// listFans is user/get: all followers, a page at a time.
func listFans(c *call) (any, error) {
	openIDs, err := c.acct.fans.page(c.query.Get("next_openid"), func(*fan) bool { return true })
	if err != nil {
		return nil, err
	}
	total := 0
	for _, f := range c.acct.fans.list {
		if !f.left {
			total++
		}
	}
	p := pageOf(openIDs)
	p.Total = &total
	return p, nil
}

// profile is what the platform tells of a follower; of somebody who left, only that.
type profile struct {
	Subscribe int    `json:"subscribe"`
	OpenID    string `json:"openid"`
	*details
}

type details struct {
	Language      string  `json:"language"`
	SubscribeTime int64   `json:"subscribe_time"`
	UnionID       string  `json:"unionid,omitempty"`
	Remark        string  `json:"remark"`
	GroupID       int     `json:"groupid"`
	TagIDs        []int64 `json:"tagid_list"`
	Scene         string  `json:"subscribe_scene"`
	QRScene       int     `json:"qr_scene"`
	QRSceneStr    string  `json:"qr_scene_str"`
}

// tagIDs lists the follower's tags in ascending order.
func (f *fan) tagIDs() []int64 {
	return append([]int64{}, slices.Sorted(maps.Keys(f.tags))...)
}

func (c *call) profile(openID string) (profile, error) {
	f, ok := c.acct.fans.byID[openID]
	switch {
	case !ok:
		return profile{}, refuse(40003)
	case f.left:
		return profile{OpenID: openID}, nil
	}
	return profile{1, openID, &details{
		Language: "zh_CN", SubscribeTime: f.since.Unix(), UnionID: f.UnionID,
		TagIDs: f.tagIDs(), Scene: "ADD_SCENE_SEARCH",
	}}, nil
}

// getFan is user/info.
func getFan(c *call) (any, error) {
	openID := c.query.Get("openid")
	if openID == "" {
		return nil, refuse(41009)
	}
	return c.profile(openID)
}

// getFans is user/info/batchget.
func getFans(c *call) (any, error) {
	var in struct {
		List []struct {
			OpenID string `json:"openid"`
		} `json:"user_list"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	const most = 100
	if len(in.List) == 0 || len(in.List) > most {
		return nil, refuse(40032)
	}
	var out struct {
		List []profile `json:"user_info_list"`
	}
	for _, u := range in.List {
		p, err := c.profile(u.OpenID)
		if err != nil {
			return nil, err
		}
		out.List = append(out.List, p)
	}
	return out, nil
}
