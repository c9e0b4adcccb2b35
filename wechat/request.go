package wechat

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

// Request is a call of the platform's API as a value.
type Request struct {
	// Method is GET or POST. Empty means POST where there is a body, and GET otherwise.
	Method string
	// Path begins with a slash: "/cgi-bin/menu/get".
	Path string
	// Query is what the URL says beside the access token.
	Query url.Values
	// Body is encoded as JSON in raw UTF-8. A POST without one sends {}.
	Body any
	// Class says what a repetition would do; a path that this module knows keeps its own.
	Class Class
}

// Call makes a call of any path through the whole pipeline: guards, rate limit, token, repeats by class,
// envelope, errors. Where out is nil the answer must say errcode 0; otherwise the answer, an object that
// is not empty, is decoded into out, and if out has a method Check() error, that must agree. Whatever else
// is an [*Error].
func (c *Client) Call(ctx context.Context, r Request, out any) error {
	k, err := c.begin(ctx, r)
	if err != nil {
		return err
	}
	defer k.end()
	k.out = out
	return k.run()
}

// Get reads path and decodes the answer. The class is [ClassRead].
func Get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	var out T
	err := c.Call(ctx, Request{Method: http.MethodGet, Path: path, Query: query, Class: ClassRead}, &out)
	return out, err
}

// Post sends body to path as JSON and decodes the answer.
func Post[T any](ctx context.Context, c *Client, path string, class Class, body any) (T, error) {
	var out T
	err := c.Call(ctx, Request{Method: http.MethodPost, Path: path, Class: class, Body: body}, &out)
	return out, err
}

// checker is a result that knows whether it is complete.
type checker interface{ Check() error }

// begin checks and encodes everything that can be refused before a token or the network is touched.
func (c *Client) begin(ctx context.Context, r Request) (*call, error) {
	k := &call{client: c, path: r.Path, class: r.Class, limit: 1 << 20, method: r.Method}
	if k.method == "" {
		k.method = http.MethodGet
		if r.Body != nil {
			k.method = http.MethodPost
		}
	}
	if op, known := operations[r.Path]; known {
		k.class, k.open = op.Class, op.Open
		if op.Large {
			k.limit = 16 << 20
		}
	}
	if p := badRequest(k.method, r); p != nil {
		return nil, Refuse(k.op(), []Problem{*p})
	}
	if len(r.Query) > 0 {
		k.query = r.Query.Encode()
	}
	if err := c.ready(ctx, k); err != nil {
		return nil, err
	}
	if k.method == http.MethodPost {
		body, err := encode(r.Body)
		if err != nil {
			return nil, Refuse(k.op(), []Problem{{Field: "body", Rule: "encoding", Message: err.Error()}})
		}
		k.body = body
	}
	k.ctx = ctx
	if _, k.given = ctx.Deadline(); !k.given {
		k.ctx, k.cancel = context.WithTimeout(ctx, k.class.timeout())
	}
	return k, nil
}

// ready asks whether a call may be made at all.
func (c *Client) ready(ctx context.Context, k *call) error {
	if err := ctx.Err(); err != nil {
		return &Error{Op: k.op(), cause: err}
	}
	if c.closed.Load() {
		return &Error{Op: k.op(), kinds: []error{ErrClosed}}
	}
	if len(c.guards) > 0 {
		if err := c.Permit(ctx, k.path); err != nil {
			return err
		}
	}
	if until, yes := c.exhausted(k.path); yes {
		return &Error{Op: k.op(), Code: codeDailyQuota, Message: "not sent, the platform said so before", kinds: []error{ErrQuota}, retryAt: until}
	}
	return nil
}

func badRequest(method string, r Request) *Problem {
	switch {
	case method != http.MethodGet && method != http.MethodPost:
		return &Problem{Field: "method", Rule: "choice", Message: "neither GET nor POST"}
	case method == http.MethodGet && r.Body != nil:
		return &Problem{Field: "body", Rule: "forbidden", Message: "a GET has no body"}
	case !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, "?#%\\ \r\n") || path.Clean(r.Path) != r.Path:
		// Another spelling of a path that this module knows would lose its class and its limit.
		return &Problem{Field: "path", Rule: "format", Message: "not a plain path that begins with a slash; parameters belong into the query"}
	case r.Query.Has("access_token") && !operations[r.Path].Open: // a user's own token, where the account's is none
		return &Problem{Field: "query.access_token", Rule: "forbidden", Message: "the client adds the access token itself"}
	}
	return nil
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return []byte("{}"), nil
	}
	return wire.Encode(body)
}
