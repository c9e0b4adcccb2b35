package wechattest

import (
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

const (
	defaultLife = 2 * time.Hour
	// overlap is how long an old token lives beside its successor, and how early it is succeeded.
	overlap = 5 * time.Minute
	// forcedGap is how far apart forced refreshes have to be to refresh anything.
	forcedGap = 30 * time.Second
	// forcedDaily is how often a day a refresh may be forced.
	forcedDaily = 20
	// remembered is how many tokens of a family are told from ones that never were.
	remembered = 64
)

// token is an access token.
type token struct {
	value string
	acct  *Console
	ends  time.Time // end of its life
	after time.Time // when its successor came, plus the overlap; zero: it has none
	dead  bool      // revoked
}

// check returns nil for a token that is valid now and the platform's refusal otherwise.
func (t *token) check(now time.Time) error {
	switch {
	case !now.Before(t.ends):
		return refuse(42001)
	case t.dead || !t.after.IsZero() && !now.Before(t.after):
		return refuse(40001)
	}
	return nil
}

// family is one of an account's two token families, which know nothing of each other.
type family struct {
	current *token
	past    []*token // oldest first, current included
	forced  tally    // forced refreshes today
	last    time.Time
}

// due reports whether the current token is missing, refused or in the last minutes of its life.
func (f *family) due(now time.Time, life time.Duration) bool {
	t := f.current
	return t == nil || t.check(now) != nil || t.ends.Sub(now) <= min(overlap, life/2)
}

var tokenEndpoints = []endpoint{
	{path: "/cgi-bin/token", method: http.MethodGet, daily: 2000, open: true, handle: getToken},
	{
		path: "/cgi-bin/stable_token", method: http.MethodPost,
		daily: 500_000, minute: 10_000, open: true, handle: getStableToken,
	},
}

// grant is the answer of both token calls.
type grant struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"`
}

// getToken is /doc/subscription/api/base/api_getaccesstoken.html: every call supersedes the last token.
func getToken(c *call) (any, error) {
	q := c.query
	if err := c.login(q.Get("grant_type"), q.Get("appid"), q.Get("secret"), 40001); err != nil {
		return nil, err
	}
	c.acct.fetches++
	return c.grant(c.acct.issue(&c.acct.classic, c.now, overlap)), nil
}

// getStableToken is /doc/service/api/base/api_getstableaccesstoken.html: in normal mode the same token
// until its last five minutes, in forced mode a new one that kills the old.
func getStableToken(c *call) (any, error) {
	var in struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := c.login(in.GrantType, in.AppID, in.Secret, 40125); err != nil {
		return nil, err
	}
	f := &c.acct.stable
	switch {
	case in.ForceRefresh && c.now.Sub(f.last) >= forcedGap:
		if f.forced.in(dayOf(c.now)) >= forcedDaily {
			return nil, refuse(45009)
		}
		f.forced.add(dayOf(c.now))
		f.last = c.now
		c.acct.issue(f, c.now, 0)
	case f.due(c.now, c.acct.life):
		c.acct.issue(f, c.now, overlap)
	}
	c.acct.fetches++
	return c.grant(f.current), nil
}

func (c *call) grant(t *token) grant {
	return grant{t.value, int64(t.ends.Sub(c.now) / time.Second)}
}

// login finds the account of a token call and makes the checks that need no token.
func (c *call) login(grantType, appID, secret string, wrongSecret int) error {
	switch {
	case appID == "":
		return refuse(41002)
	case secret == "":
		return refuse(41004)
	case grantType != "client_credential":
		return refuse(40002)
	}
	acct, ok := c.p.accounts[appID]
	if !ok {
		return refuse(40013)
	}
	c.acct = acct
	switch {
	case !secretShape.MatchString(secret):
		return refuse(40125)
	case secret != acct.conf.Secret:
		return &refusal{code: wrongSecret, msg: wrongSecretWords[wrongSecret]}
	case acct.frozen:
		return refuse(40243)
	}
	if err := c.enter(); err != nil {
		return err
	}
	if acct.confirm {
		return refuse(89503)
	}
	return nil
}

var (
	secretShape = regexp.MustCompile(`^[0-9a-f]{32}$`)
	tokenShape  = regexp.MustCompile(`^[0-9]+_[A-Za-z0-9_-]{100,}$`)
	// wrongSecretWords are the words of 40001 where it is about the secret and not about a token.
	wrongSecretWords = map[int]string{40001: "invalid credential, appsecret is invalid or not latest"}
)

// issue makes a new token for a family; the one before lives on for at most rest.
func (c *Console) issue(f *family, now time.Time, rest time.Duration) *token {
	if f.current != nil {
		f.current.after = now.Add(rest)
	}
	t := &token{acct: c, ends: now.Add(c.life)}
	t.value = strconv.Itoa(80+c.p.rng.IntN(20)) + "_" + c.p.draw(web64, 133)
	f.current, f.past = t, append(f.past, t)
	c.p.tokens[t.value] = t
	if len(f.past) > remembered {
		delete(c.p.tokens, f.past[0].value)
		f.past = f.past[1:]
	}
	return t
}

// authenticate finds the account of an access token. It may know the account and refuse the token.
func (p *Platform) authenticate(value string, now time.Time) (*Console, error) {
	if value == "" {
		return nil, refuse(41001)
	}
	t, ok := p.tokens[value]
	if !ok {
		if !tokenShape.MatchString(value) {
			return nil, refuse(40014)
		}
		return nil, refuse(40001)
	}
	if err := t.check(now); err != nil {
		return t.acct, err
	}
	if a := t.acct; a.flap != nil && a.flap.Float64() < a.flapRate {
		return a, refuse(40001)
	}
	return t.acct, nil
}

// SetTokenLife sets how long the tokens that are issued from now on live. The default is two hours. Stable
// tokens are succeeded five minutes before their end, or at half of a life of less than ten minutes.
func (c *Console) SetTokenLife(life time.Duration) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.life = life
}

// RevokeTokens kills all tokens of the account at once: they answer 40001. It is what happens when somebody
// forces a refresh elsewhere.
func (c *Console) RevokeTokens() {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.eachToken(func(t *token) { t.dead = true })
}

// ExpireTokens ends the life of all tokens of the account: they answer 42001.
func (c *Console) ExpireTokens() {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	ends := c.p.now()
	c.eachToken(func(t *token) {
		if t.ends.After(ends) {
			t.ends = ends
		}
	})
}

func (c *Console) eachToken(do func(*token)) {
	for _, f := range []*family{&c.stable, &c.classic} {
		for _, t := range f.past {
			do(t)
		}
	}
}

// FlapTokens makes calls with valid tokens answer 40001 at the given rate, 0 to 1, as the platform has been
// seen to do: the token is as good as before in the next call. The seed makes it repeatable.
func (c *Console) FlapTokens(rate float64, seed uint64) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.flapRate, c.flap = rate, rand.New(rand.NewPCG(seed, seed))
}

// TokenFetches counts the token calls of both families that were answered with a token.
func (c *Console) TokenFetches() int {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.fetches
}

// Token returns a stable access token as a call in normal mode would, for tests that begin with one. It
// is not counted as a request or fetch.
func (c *Console) Token() string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	if at := c.p.now(); c.stable.due(at, c.life) {
		c.issue(&c.stable, at, overlap)
	}
	return c.stable.current.value
}
