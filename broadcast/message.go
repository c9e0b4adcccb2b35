package broadcast

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Message is a broadcast: what is said to whom, under a name.
type Message struct {
	// Key names the broadcast within the account, and makes it one: sending twice with the same Key sends
	// once. Anything printable of at most 128 bytes will do: "2026-12-01/launch".
	Key string
	// To is who receives it. The zero Audience is nobody, and refused.
	To Audience
	// Content is what is said: Text, Images or Voice.
	Content Content
}

// Audience is who receives a broadcast. Its zero value reaches nobody and does not validate, so that
// nothing goes to every follower by omission.
type Audience struct {
	reach quota.Reach
	tag   wechat.TagID
}

// ToEveryone addresses all followers. The broadcast enters the account's history.
func ToEveryone() Audience { return Audience{reach: quota.Everyone} }

// ToTag addresses the followers who carry a tag.
func ToTag(id wechat.TagID) Audience { return Audience{reach: quota.Tag, tag: id} }

// Reach says which allowances the audience spends.
func (a Audience) Reach() quota.Reach { return a.reach }

// String says who it is: "everyone", "tag 2", "nobody".
func (a Audience) String() string {
	switch a.reach {
	case quota.Everyone:
		return "everyone"
	case quota.Tag:
		return "tag " + strconv.FormatInt(int64(a.tag), 10)
	default:
		return "nobody"
	}
}

// maxName is the longest Key, or name of who decides, in bytes.
const maxName = 128

// Validate judges the message by a rule set, without store or network: its Key, audience and content.
// The error is a [*wechat.InputError] with every problem at once.
func (m Message) Validate(set wechat.RuleSet) error {
	return wechat.Refuse("broadcast", m.problems(RulesFor(set)))
}

func (m Message) problems(r Rules) []wechat.Problem {
	ps := nameProblems("key", m.Key, "name the broadcast, and use the same name when trying again")
	switch {
	case m.To.reach != quota.Everyone && m.To.reach != quota.Tag:
		ps = append(ps, wechat.Problem{
			Field: "to", Rule: "required", Message: "no audience",
			Fix: "say ToEveryone() where every follower is meant",
		})
	case m.To.reach == quota.Tag && m.To.tag < 0:
		ps = append(ps, wechat.Problem{Field: "to", Rule: "format", Message: fmt.Sprintf("tag %d: tags are not negative", m.To.tag)})
	}
	switch m.Content.(type) {
	case Text, Images, Voice:
		return append(ps, m.Content.problems(r)...)
	case nil:
		return append(ps, wechat.Problem{Field: "content", Rule: "required", Message: "no content"})
	}
	return append(ps, wechat.Problem{Field: "content", Rule: "type", Message: fmt.Sprintf("%T, where a value of Text, Images or Voice is wanted", m.Content)})
}

// nameProblems refuses what cannot be a name in the journal: at most 128 bytes, and printable.
func nameProblems(field, s, fix string) []wechat.Problem {
	switch {
	case s == "":
		return []wechat.Problem{{Field: field, Rule: "required", Message: "empty", Fix: fix}}
	case len(s) > maxName:
		return []wechat.Problem{{Field: field, Rule: "length", Message: fmt.Sprintf("%d bytes, at most %d", len(s), maxName)}}
	}
	return textProblems(field, s, false)
}

// textProblems refuses what must not be sent: invalid UTF-8, control characters, and characters that
// stand for none. Nothing is silently replaced.
func textProblems(field, s string, lines bool) []wechat.Problem {
	for i, c := range s {
		var what string
		switch {
		case c == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			what = "invalid UTF-8"
		case lines && (c == '\n' || c == '\t' || c == '\r'):
			continue
		case unicode.IsControl(c):
			what = fmt.Sprintf("control character U+%04X", c)
		case c&0xfffe == 0xfffe || c >= 0xfdd0 && c <= 0xfdef:
			what = fmt.Sprintf("U+%04X is no character", c)
		default:
			continue
		}
		return []wechat.Problem{{Field: field, Rule: "text", Message: fmt.Sprintf("%s at byte %d", what, i)}}
	}
	return nil
}

// body is the request's JSON. It is made once and kept with the job, so that every attempt sends the same
// bytes.
func (m Message) body(clientMsgID string) ([]byte, error) {
	b := map[string]any{"filter": filter{ToAll: m.To.reach == quota.Everyone, Tag: m.To.tag}, "clientmsgid": clientMsgID}
	m.Content.fill(b)
	return wire.Encode(b)
}

type filter struct {
	ToAll bool         `json:"is_to_all"`
	Tag   wechat.TagID `json:"tag_id,omitempty"`
}

// clientMsgID is the key by which the platform itself recognises a repeat for 24 hours: 26 characters,
// where its documents allow 64 in one place and 32 in another and 34 were seen refused. It depends on
// nothing but the account and the Key, so it survives the loss of the store.
func clientMsgID(appID wechat.AppID, key string, batch int) string { //nolint:unparam // the batch is part of the identity
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%d", appID, key, batch)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:16])
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
