package media

import (
	"context"
	"log/slog"
	"maps"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Client uploads media to one account and fetches it. It is safe for concurrent use.
type Client struct {
	c     *wechat.Client
	rules map[Use]Rules
}

// Option sets up a [Client].
type Option func(*Client)

// WithRules judges files by r where they are used as r.Use says, instead of by the edition that the client
// was made with ([wechat.WithRules], by default [wechat.Documented]). [RulesFor] gives sets to start from.
func WithRules(r Rules) Option {
	return func(m *Client) { m.rules[r.Use] = r.Clone() }
}

// New gives the media of the account that c belongs to.
func New(c *wechat.Client, opts ...Option) *Client {
	m := &Client{c: c, rules: make(map[Use]Rules)}
	for _, use := range []Use{Upload, Permanent, Broadcast, InArticle} {
		m.rules[use] = RulesFor(c.Rules(), use)
	}
	for _, o := range opts {
		o(m)
	}
	return m
}

// With gives a client that judges by the options as well and is otherwise the same one.
func (m *Client) With(opts ...Option) *Client {
	n := &Client{c: m.c, rules: maps.Clone(m.rules)}
	for _, o := range opts {
		o(n)
	}
	return n
}

// Rules gives the rules that files are judged by for a use. The caller may change what it gets.
func (m *Client) Rules(use Use) Rules { return m.rules[use].Clone() }

// Validate says whether the file may be used as media of the kind: nil, or an [*wechat.InputError] with
// every rule that it breaks. It reads the file and never touches the network.
func (m *Client) Validate(use Use, k Kind, f *File) error {
	_, err := m.judge("media: "+string(use), use, k, f)
	return err
}

// judge is Validate, and gives what the file is.
func (m *Client) judge(op string, use Use, k Kind, f *File) (Info, error) {
	rules := m.rules[use]
	if k.family() == other || use == Upload && k == Audio {
		return Info{}, wechat.Refuse(op, []wechat.Problem{kindProblem(k)})
	}
	if f == nil {
		return Info{}, wechat.Refuse(op, []wechat.Problem{{Field: string(k), Rule: "required", Message: "no file"}})
	}
	i, err := f.Probe()
	if err != nil {
		return Info{}, err
	}
	var problems []wechat.Problem
	for _, v := range rules.Check(k, i) {
		problems = append(problems, v.Problem(string(k)+" "+quote(i.Name)))
	}
	return i, wechat.Refuse(op, problems)
}

// warn logs what is no reason to refuse a file.
func (m *Client) warn(ctx context.Context, use Use, k Kind, i Info) {
	for _, v := range m.rules[use].Warn(k, i) {
		m.c.Logger().LogAttrs(ctx, slog.LevelWarn, "media: file taken with a warning",
			slog.String("kind", string(k)), slog.String("file", i.Name), slog.String("warning", v.Message))
	}
}

// permit asks the guard before a file is read.
func (m *Client) permit(ctx context.Context, path string) error { return m.c.Permit(ctx, path) }
