package wechattest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

const (
	// maxClientMsgID is the greatest length of a clientmsgid in bytes.
	maxClientMsgID = 32
	// maxOpenIDs is how many followers one broadcast can name.
	maxOpenIDs = 10_000
	// maxImages is how many images one broadcast can hold.
	maxImages = 20
	// massMinute is how many broadcasts can be asked for a minute.
	massMinute = 60
)

var massEndpoints = []endpoint{
	{
		path: "/cgi-bin/message/mass/sendall", method: http.MethodPost, service: verified, subscr: verified,
		daily: 100, minute: massMinute, quota: "mass", handle: sendAll,
	},
	{
		path: "/cgi-bin/message/mass/send", method: http.MethodPost, service: verified, subscr: none,
		daily: 100, minute: massMinute, quota: "mass", handle: sendList,
	},
	{
		path: "/cgi-bin/message/mass/preview", method: http.MethodPost, service: verified, subscr: verified,
		handle: preview,
	},
}

// message is the content of a broadcast: the kind, and the member of that name.
type message struct {
	MsgType string `json:"msgtype"`
	Text    struct {
		Content string `json:"content"`
	} `json:"text"`
	Image, Voice, MPVideo, MPNews struct {
		MediaID string `json:"media_id"`
	}
	Images struct {
		MediaIDs []string `json:"media_ids"`
	} `json:"images"`
}

// sendAll is api_sendall: a broadcast to everybody or to a tag.
func sendAll(c *call) (any, error) {
	var in struct {
		Filter struct {
			IsToAll bool   `json:"is_to_all"`
			TagID   number `json:"tag_id"`
		} `json:"filter"`
		message
		ClientMsgID string `json:"clientmsgid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	b := &Broadcast{Audience: ToAll, ClientMsgID: in.ClientMsgID}
	if !in.Filter.IsToAll {
		b.Audience, b.TagID = ToTag, int64(in.Filter.TagID)
	}
	return c.broadcast(b, in.message, nil)
}

// sendList is api_masssend: a broadcast to a list of followers.
func sendList(c *call) (any, error) {
	var in struct {
		ToUser []string `json:"touser"`
		message
		ClientMsgID string `json:"clientmsgid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	switch n := len(in.ToUser); {
	case n == 0 || slices.ContainsFunc(in.ToUser, func(id string) bool { return id == "" || strings.ContainsAny(id, " \t\n") }):
		return nil, refuse(40031)
	case n == 1:
		return nil, refuse(40130)
	case n > maxOpenIDs:
		return nil, refuse(40032)
	}
	return c.broadcast(&Broadcast{Audience: ToList, ClientMsgID: in.ClientMsgID}, in.message, in.ToUser)
}

// broadcast makes the checks of a broadcast in the platform's order and does it: the form of the request,
// the memory of clientmsgid, what the request names, the allowance.
func (c *call) broadcast(b *Broadcast, m message, list []string) (any, error) {
	if len(b.ClientMsgID) > maxClientMsgID {
		return nil, refuse(45067)
	}
	if err := b.fill(m, c.endpoint.path); err != nil {
		return nil, err
	}
	mass, key := &c.acct.mass, b.ClientMsgID
	if key == "" {
		key = digest(c.body)
	}
	if err := mass.repeated(key, c.now); err != nil {
		return nil, err
	}
	if b.Audience == ToTag && !c.acct.tags.has(b.TagID) {
		return nil, refuse(40152)
	}
	if err := c.checkContent(b); err != nil {
		return nil, err
	}
	if err := c.acct.spend(b.Audience, c.now); err != nil {
		return nil, err
	}

	b.MsgID, b.At = c.p.nextID(), c.now
	out := struct {
		status
		MsgID     int64 `json:"msg_id"`
		MsgDataID int64 `json:"msg_data_id,omitempty"`
	}{status{0, "send job submission success"}, b.MsgID, 0}
	if b.Kind == "mpnews" {
		b.MsgDataID = c.p.nextID()
		out.MsgDataID = b.MsgDataID
		c.acct.discard(c.p.media[b.MediaIDs[0]]) // a draft dies by being sent
	}
	c.acct.reach(b, list)
	mass.remember(key, b)
	return out, nil
}

// fill takes the content of a message into the broadcast.
func (b *Broadcast) fill(m message, path string) error {
	b.Kind = m.MsgType
	switch m.MsgType {
	case "text":
		b.Text = m.Text.Content
		if b.Text == "" {
			return refuse(44004)
		}
		return nil
	case "image":
		b.MediaIDs = m.Images.MediaIDs
		if len(b.MediaIDs) == 0 {
			b.MediaIDs = []string{m.Image.MediaID}
		}
		if len(b.MediaIDs) > maxImages {
			return refuse(40215)
		}
	case "voice":
		b.MediaIDs = []string{m.Voice.MediaID}
	case "mpvideo":
		b.MediaIDs = []string{m.MPVideo.MediaID}
	case "mpnews":
		b.MediaIDs = []string{m.MPNews.MediaID}
	case "wxcard":
		return refuse(45113)
	default:
		if path == "/cgi-bin/message/mass/send" {
			return refuse(45162)
		}
		return refuse(40008)
	}
	return nil
}

// mediaKinds says which media each kind of message is made of.
var mediaKinds = map[string]string{"image": "image", "voice": "voice", "mpvideo": "video", "mpnews": "news"}

// checkContent refuses media that do not exist.
func (c *call) checkContent(b *Broadcast) error {
	for _, id := range b.MediaIDs {
		if _, err := c.medium(id, mediaKinds[b.Kind]); err != nil {
			return err
		}
	}
	return nil
}

// digest stands for a clientmsgid that was left out: one broadcast of the same content to the same
// recipients is like another, however its JSON was written.
func digest(body []byte) string {
	var v any
	if err := json.Unmarshal(body, &v); err == nil {
		body = jsonAnswer(v).body // with sorted members
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// previewsDaily is how many previews a day can go to WeChat IDs.
const previewsDaily = 100

// preview shows a message to one follower, named by OpenID or by WeChat ID. It spends no allowance.
func preview(c *call) (any, error) {
	var in struct {
		ToUser   string `json:"touser"`
		ToWXName string `json:"towxname"`
		message
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	b := &Broadcast{}
	if err := b.fill(in.message, c.endpoint.path); err != nil {
		return nil, err
	}
	if err := c.checkContent(b); err != nil {
		return nil, err
	}
	if in.ToWXName == "" {
		f, ok := c.acct.fans.byID[in.ToUser]
		switch {
		case !ok:
			return nil, refuse(40003)
		case f.left:
			return nil, refuse(43004)
		}
		return status{0, "preview success"}, nil
	}
	if !c.acct.fans.named(in.ToWXName) {
		return nil, refuse(40132)
	}
	names := entry(c.acct.daily, "preview by name")
	if names.in(dayOf(c.now)) >= previewsDaily {
		return nil, refuse(45009)
	}
	names.add(dayOf(c.now))
	return status{0, "preview success"}, nil
}
