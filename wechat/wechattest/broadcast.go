package wechattest

import (
	"net/http"
	"strconv"
	"time"
)

// Audience says to whom a broadcast went.
type Audience string

// The audiences of a broadcast.
const (
	ToAll  Audience = "all"
	ToTag  Audience = "tag"
	ToList Audience = "list"
)

// Broadcast is a broadcast that the platform really carried out.
type Broadcast struct {
	// MsgID is its id, which never fits in 32 bits of sign and value. MsgDataID is that of its articles;
	// other kinds have none.
	MsgID, MsgDataID int64
	// ClientMsgID is the caller's key, empty if it gave none.
	ClientMsgID string
	// Kind is its msgtype. Text is what a text says, MediaIDs what the others are made of.
	Kind     string
	Text     string
	MediaIDs []string
	// Audience is to whom it went, TagID the tag of ToTag.
	Audience Audience
	TagID    int64
	// At is when it was accepted.
	At time.Time
	// Total counts the followers addressed, Filtered those left after the monthly limit of each, Sent
	// and Failed what came of these.
	Total, Filtered, Sent, Failed int
	// Status is what mass/get would say now: "SENDING", "SEND_SUCCESS", "SEND_FAIL" or "DELETE".
	Status string
}

// Broadcasts lists the broadcasts of an account that were carried out, oldest first. It is the truth that
// a client's journal can be compared with. It is empty for an AppID that is not known.
func (p *Platform) Broadcasts(appID string) []Broadcast {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.accounts[appID]
	if !ok {
		return nil
	}
	out := make([]Broadcast, len(c.mass.sent))
	for i, b := range c.mass.sent {
		out[i] = *b
		out[i].Status = b.state(p.delivery, p.now())
	}
	return out
}

// SetBroadcastStatus makes mass/get answer a status for a broadcast from now on, such as "SEND_FAIL" or one
// that is not documented. It panics if the account has no such broadcast.
func (c *Console) SetBroadcastStatus(msgID int64, status string) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	b, ok := c.mass.jobs[msgID]
	if !ok {
		panic("wechattest: no broadcast " + strconv.FormatInt(msgID, 10))
	}
	b.Status = status
}

// state is the broadcast's status, which time makes a success if nothing else was set.
func (b *Broadcast) state(delivery time.Duration, now time.Time) string {
	switch {
	case b.Status != "":
		return b.Status
	case now.Sub(b.At) < delivery:
		return "SENDING"
	}
	return "SEND_SUCCESS"
}

var jobEndpoints = []endpoint{
	{path: "/cgi-bin/message/mass/get", method: http.MethodPost, service: verified, subscr: verified, handle: getBroadcast},
	{
		path: "/cgi-bin/message/mass/delete", method: http.MethodPost, service: verified, subscr: verified,
		daily: 10, handle: deleteBroadcast,
	},
	{path: "/cgi-bin/message/mass/speed/get", method: http.MethodPost, service: verified, subscr: verified, handle: getSpeed},
	{path: "/cgi-bin/message/mass/speed/set", method: http.MethodPost, service: verified, subscr: verified, handle: setSpeed},
}

// job finds the broadcast of a body's msg_id.
func (c *call) job(id number) (*Broadcast, error) {
	b, ok := c.acct.mass.jobs[int64(id)]
	if !ok {
		return nil, refuse(40059)
	}
	return b, nil
}

// getBroadcast is api_massmsgget. It takes the id as a number or a string and answers with a number.
func getBroadcast(c *call) (any, error) {
	var in struct {
		MsgID number `json:"msg_id"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	b, err := c.job(in.MsgID)
	if err != nil {
		return nil, err
	}
	return struct {
		MsgID  int64  `json:"msg_id"`
		Status string `json:"msg_status"`
	}{b.MsgID, b.state(c.p.delivery, c.now)}, nil
}

// deleteBroadcast is api_deletemassmsg: of broadcasts that were sent, articles and videos can be deleted.
func deleteBroadcast(c *call) (any, error) {
	var in struct {
		MsgID number `json:"msg_id"`
		Index number `json:"article_idx"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	b, err := c.job(in.MsgID)
	switch {
	case err != nil:
		return nil, err
	case b.Kind != "mpnews" && b.Kind != "mpvideo":
		return nil, refuse(40008)
	case b.state(c.p.delivery, c.now) != "SEND_SUCCESS":
		return nil, refuse(40065)
	case in.Index < 0 || in.Index > 1: // a draft here is one article
		return nil, refuse(40060)
	}
	b.Status = "DELETE"
	return success, nil
}

// speeds are the levels of speed, in ten thousand messages a minute.
var speeds = [...]int{80, 60, 45, 30, 10}

// getSpeed is api_getspeed.
func getSpeed(c *call) (any, error) {
	return struct {
		Speed     int `json:"speed"`
		RealSpeed int `json:"realspeed"`
	}{c.acct.speed, speeds[c.acct.speed]}, nil
}

// setSpeed is api_setspeed.
func setSpeed(c *call) (any, error) {
	var in struct {
		Speed *int `json:"speed"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	switch {
	case in.Speed == nil:
		return nil, refuse(45084)
	case *in.Speed < 0 || *in.Speed >= len(speeds):
		return nil, refuse(45083)
	}
	c.acct.speed = *in.Speed
	return success, nil
}
