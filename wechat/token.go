package wechat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

// TokenSource gives access tokens. The client's own one fetches them with the AppSecret and shares them
// through the store; a service with a central token server brings another.
//
// Token is called before each attempt. refused is empty, or the token that the platform has just refused
// for this call: the source should then give another, or the same if it is sure of it. It must be safe for
// concurrent use and honour the context.
type TokenSource interface {
	Token(ctx context.Context, refused string) (string, error)
}

// StaticToken is a source that always gives the same token, for tests.
func StaticToken(token string) TokenSource { return staticToken{NewSecret(token)} }

type staticToken struct{ token Secret }

func (s staticToken) Token(context.Context, string) (string, error) { return s.token.Reveal(), nil }

const (
	pathStableToken = "/cgi-bin/stable_token"
	opToken         = "access token"

	longestToken = 2048 // bytes; the platform asks for room for 512
	longestLife  = 2 * time.Hour
)

// tokenAnswer is what stable_token says (/doc/subscription/api/base/api_getstableaccesstoken.html).
type tokenAnswer struct {
	AccessToken string   `json:"access_token"`
	ExpiresIn   wire.Int `json:"expires_in"`
}

// Check refuses what no token answer says, so that nothing of it is kept.
func (a *tokenAnswer) Check() error {
	switch {
	case a.AccessToken == "" || len(a.AccessToken) > longestToken:
		return errors.New("no access_token in the answer")
	case a.ExpiresIn <= 0:
		return fmt.Errorf("access_token with a life of %d s", a.ExpiresIn)
	}
	return nil
}

// life is how long the token lives: what the platform says, but at most two hours.
func (a *tokenAnswer) life() time.Duration {
	return time.Duration(min(int64(a.ExpiresIn), int64(longestLife/time.Second))) * time.Second
}

// fetchToken asks the platform for a token. Normal mode gives the same one to everybody who asks, so it
// takes no token away from anybody; force voids it.
func (c *Client) fetchToken(ctx context.Context, force bool) (tokenAnswer, error) {
	class := ClassRead
	if force {
		class = ClassScarce
	}
	var out tokenAnswer
	k, err := c.begin(ctx, Request{Path: pathStableToken, Body: struct {
		GrantType string `json:"grant_type"`
		AppID     AppID  `json:"appid"`
		Secret    string `json:"secret"`
		Force     bool   `json:"force_refresh"`
	}{"client_credential", c.appID, c.secret.Reveal(), force}})
	if err != nil {
		return out, err
	}
	defer k.end()
	k.class, k.out = class, &out
	err = k.run()
	return out, err
}

// token asks the source. What one of the user's says in an error may hold the address of its server.
func (c *core) token(ctx context.Context, refused string) (string, *Error) {
	token, err := c.tokens.Token(ctx, refused)
	if err == nil && token == "" {
		err = errors.New("the source gave an empty token")
	}
	if err == nil {
		return token, nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return "", e
	}
	return "", &Error{Op: opToken, cause: clean(err, refused)}
}

// Verify has the platform check the AppID and AppSecret: it asks for an access token whatever is kept, in
// the mode that takes no token away from anybody. The error says what is refused: the AppID (40013), the
// AppSecret (40001, 40125), a frozen secret (40243), or this machine's address (40164, with Error.IP).
// Where the tokens come from a TokenSource of the user's, that is asked.
func (c *Client) Verify(ctx context.Context) error {
	if err := c.Permit(ctx, pathStableToken); err != nil {
		return err
	}
	if t, ok := c.tokens.(*storedTokens); ok {
		return t.renew(ctx, false)
	}
	if _, err := c.token(ctx, ""); err != nil {
		return err
	}
	return nil
}

// RenewToken voids the account's access token at once and fetches another: for a token that leaked. The
// platform allows it 20 times a day, 30 s apart. No call of this client ever does it by itself. Where the
// tokens come from a TokenSource of the user's it fails.
func (c *Client) RenewToken(ctx context.Context) error {
	if err := c.Permit(ctx, pathStableToken); err != nil {
		return err
	}
	t, ok := c.tokens.(*storedTokens)
	if !ok {
		return &Error{Op: "POST " + pathStableToken, cause: errors.New("the tokens come from a source of your own")}
	}
	return t.renew(ctx, true)
}
