package wechat

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// tokenTimes are the intervals that tokens live by.
type tokenTimes struct {
	early  time.Duration // before the end of its life a token is renewed, in the platform's own overlap
	keep   time.Duration // a token that lives no longer is used once and not kept
	reread time.Duration // at most so long is another process's newer token not seen
	lease  time.Duration // who fetches has so long
	gate   time.Duration // between fetches that a refused token caused, over the fleet
	poll   time.Duration // between looks at the store while another process fetches
	store  time.Duration // a store that takes longer is left out
}

var platformTimes = tokenTimes{
	early: 5 * time.Minute, keep: time.Minute, reread: time.Minute, lease: 10 * time.Second,
	gate: 30 * time.Second, poll: 50 * time.Millisecond, store: 500 * time.Millisecond,
}

// token is an access token as the store keeps it. Generation only grows: who has read one is never content
// with an older one.
type token struct {
	Token      string    `json:"token"`
	Generation int64     `json:"generation"`
	Expires    time.Time `json:"expires"`
	// Renew is when the fleet may fetch the next one.
	Renew time.Time `json:"renew"`
	// Again tells that the platform refused the token and then gave it once more.
	Again bool   `json:"again,omitempty"`
	By    string `json:"by"`

	renew time.Time // when this process does: a little later, so that a fleet does not ask at once
	seen  time.Time // when it was last compared with the store
}

// storedTokens is the client's own TokenSource. The hot path is one atomic load. Everything slower happens
// in one flight at a time, in a goroutine that Close waits for, while callers wait on its channel or go on
// with the token they have.
type storedTokens struct {
	client *Client
	times  tokenTimes
	key    string
	by     string
	now    atomic.Pointer[token]
	ctx    context.Context //nolint:containedctx // ends the background work at close
	cancel context.CancelFunc

	mu      sync.Mutex
	flight  *flight
	bad     string    // refused, and no other known yet
	blocked time.Time // no fetch for a refused token before
	running sync.WaitGroup
}

// flight is one look at store and platform that any number of callers wait for.
type flight struct {
	refused string
	done    chan struct{}
	token   *token
	err     error
}

func newTokens(c *Client) *storedTokens {
	t := &storedTokens{client: c, times: platformTimes, key: string(c.appID) + "/token", by: rand.Text()}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

func (t *storedTokens) close() {
	t.mu.Lock()
	t.cancel()
	t.mu.Unlock()
	t.running.Wait()
}

// Token gives the token in memory while it is good, and otherwise whatever a flight brings.
func (t *storedTokens) Token(ctx context.Context, refused string) (string, error) {
	now := time.Now()
	cur := t.now.Load()
	if cur != nil && refused == "" && now.Before(cur.renew) && now.Sub(cur.seen) < t.times.reread {
		return cur.Token, nil
	}
	if cur != nil && now.Before(cur.Expires) && cur.Token != refused {
		// Good, but due for renewal or a look at the store: that must not hold anybody up.
		if t.usable(cur) {
			if refused == "" {
				t.start("")
			}
			return cur.Token, nil
		}
		refused = cur.Token
	}
	for {
		f := t.start(refused)
		if f == nil {
			return "", ErrClosed
		}
		select {
		case <-ctx.Done():
			return "", &Error{Op: "access token", cause: ctx.Err()}
		case <-f.done:
		}
		switch {
		case f.err != nil:
			return "", f.err
		case f.token.Token != refused || f.refused == refused:
			return f.token.Token, nil
		}
		// The flight was under way before this token was refused.
	}
}

// usable reports whether a token has not been refused without another one being found.
func (t *storedTokens) usable(cur *token) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bad == "" || t.bad != cur.Token
}

// start joins the flight under way or begins one.
func (t *storedTokens) start(refused string) *flight {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.flight != nil {
		return t.flight
	}
	if t.ctx.Err() != nil {
		return nil
	}
	f := &flight{refused: refused, done: make(chan struct{})}
	t.flight = f
	t.running.Go(func() {
		ctx, cancel := context.WithTimeout(t.ctx, ClassRead.timeout())
		defer cancel()
		f.token, f.err = t.obtain(ctx, refused)
		t.mu.Lock()
		t.flight = nil
		if f.err == nil {
			t.bad = ""
		} else if refused != "" && errors.Is(f.err, ErrTokenRejected) {
			t.bad = refused
		}
		t.mu.Unlock()
		if f.err != nil {
			t.putOff()
		}
		close(f.done)
	})
	return f
}

// putOff lets a failed renewal rest while the token in memory is still good.
func (t *storedTokens) putOff() {
	if cur := t.now.Load(); cur != nil {
		n, now := *cur, time.Now()
		n.seen, n.renew = now, now.Add(min(t.times.gate, n.Expires.Sub(now)/2))
		t.now.CompareAndSwap(cur, &n)
	}
}

// obtain finds a token that is good and not the refused one: in the store if another process has put it
// there, else from the platform, one process at a time.
func (t *storedTokens) obtain(ctx context.Context, refused string) (*token, error) {
	cur := t.now.Load()
	known, ok := t.look(ctx)
	if t.fits(known, cur, refused) {
		return t.take(known), nil
	}
	if now := time.Now(); refused == "" && cur != nil && now.Before(cur.renew) {
		n := *cur
		n.seen = now
		t.now.Store(&n)
		return &n, nil
	}
	if !ok {
		return t.fetch(ctx, nil, refused) // without a store each process fetches for itself
	}
	leave, known, err := t.lease(ctx, cur, refused)
	if err != nil {
		return nil, err
	}
	defer leave()
	if t.fits(known, cur, refused) {
		return t.take(known), nil
	}
	return t.fetch(ctx, known, refused)
}

// stored is a token with the version it has in the store.
type stored struct {
	token
	version uint64
	now     time.Time
}

// fits reports whether what the store has is worth taking instead of fetching: it lives, is not due, and
// is neither what was refused nor older than what we have. A token that was refused and confirmed since is
// worth another try.
func (t *storedTokens) fits(s *stored, cur *token, refused string) bool {
	if s == nil || s.Token == "" {
		return false
	}
	now := time.Now()
	switch {
	case !now.Before(s.Expires):
		return false
	case refused != "" && s.Token == refused:
		return s.Again && cur != nil && s.Generation > cur.Generation
	case cur != nil && s.Generation < cur.Generation:
		return false
	}
	return now.Before(s.Renew)
}

// renewal is when the fleet may fetch the next token: a little into the platform's own overlap, in which
// it gives a new token while the old one still works.
func (t *storedTokens) renewal(asked time.Time, life time.Duration) time.Time {
	if life <= t.times.early {
		return asked.Add(life / 2)
	}
	return asked.Add(life - t.times.early + t.times.early/60)
}

// take makes a token the one in memory.
func (t *storedTokens) take(s *stored) *token {
	now := time.Now()
	n := s.token
	n.seen = now
	n.renew = n.Renew.Add(jitter(0, min(t.times.early, n.Expires.Sub(n.Renew))/6))
	t.now.Store(&n)
	return &n
}

// look reads the store. ok is false where it cannot be used now.
func (t *storedTokens) look(ctx context.Context) (s *stored, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, t.times.store)
	defer cancel()
	r, err := t.client.store.Get(ctx, t.key)
	if err != nil {
		t.client.log.WarnContext(ctx, "wechat token store is out of use", "error", err.Error())
		return nil, false
	}
	s = &stored{version: r.Version, now: r.Now}
	if r.Version != 0 && json.Unmarshal(r.Value, &s.token) != nil {
		s.token = token{} // unreadable: the next write replaces it
	}
	return s, true
}

// lease waits until this process may fetch, or another one has. It returns what the store has by then,
// read after the lease was taken.
func (t *storedTokens) lease(ctx context.Context, cur *token, refused string) (leave func(), s *stored, err error) {
	key := t.key + "/lease"
	for {
		r, got, err := t.client.store.Swap(ctx, key, 0, []byte(t.by), t.times.lease)
		if err != nil {
			return func() {}, nil, ctxError(ctx)
		}
		s, ok := t.look(ctx)
		if got {
			return func() {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.times.store)
				defer cancel()
				_, _, _ = t.client.store.Swap(ctx, key, r.Version, nil, 0)
			}, s, nil
		}
		if !ok || t.fits(s, cur, refused) {
			return func() {}, s, nil
		}
		if err := sleep(ctx, jitter(t.times.poll/2, t.times.poll)); err != nil {
			return func() {}, nil, &Error{Op: "access token", cause: err}
		}
	}
}

func ctxError(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &Error{Op: "access token", cause: err}
	}
	return nil
}

// fetch asks the platform and keeps what it says. known is what the store has, nil where there is none.
func (t *storedTokens) fetch(ctx context.Context, known *stored, refused string) (*token, error) {
	if refused != "" {
		if again, err := t.pass(ctx, known, refused); again != nil || err != nil {
			return again, err
		}
	}
	asked := time.Now()
	answer, err := t.client.fetchToken(ctx, false)
	if err != nil {
		return nil, err
	}
	return t.keep(ctx, known, answer, asked, refused), nil
}

// pass lets a fetch that a refused token caused through the gate: one in 30 s over the fleet, since the
// platform is known to refuse good tokens by fits. Who does not get through may go on with a token that
// the platform has confirmed.
func (t *storedTokens) pass(ctx context.Context, known *stored, refused string) (*token, error) {
	now := time.Now()
	until := t.blocked
	if !now.Before(until) {
		until = now.Add(t.times.gate)
		r, got, err := t.client.store.Swap(ctx, t.key+"/gate", 0, []byte(t.by), t.times.gate)
		if err != nil || got || string(r.Value) == t.by {
			t.blocked = until
			return nil, nil
		}
	}
	if cur := t.now.Load(); cur != nil && cur.Again && cur.Token == refused {
		return cur, nil
	}
	if known != nil && known.Again && known.Token == refused && now.Before(known.Expires) {
		return t.take(known), nil
	}
	return nil, &Error{
		Op: "access token", kinds: []error{ErrTokenRejected}, retryAt: until,
		cause: errors.New("the platform refuses the token, and it was fetched anew only just now"),
	}
}

// keep stores a fetched token, unless the store has a newer one by now, and takes it into memory.
func (t *storedTokens) keep(ctx context.Context, known *stored, a tokenAnswer, asked time.Time, refused string) *token {
	n := stored{token: token{Token: a.AccessToken, Expires: asked.Add(a.life()), Renew: t.renewal(asked, a.life()), Again: a.AccessToken == refused, By: t.by}}
	if a.life() <= t.times.keep {
		return &n.token
	}
	n.Generation = asked.UnixMilli()
	if cur := t.now.Load(); cur != nil {
		n.Generation = max(n.Generation, cur.Generation+1)
	}
	if known != nil {
		n.Generation = max(n.Generation, known.Generation+1)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.times.store)
		defer cancel()
		value, _ := json.Marshal(n.token)
		_, swapped, err := t.client.store.Swap(ctx, t.key, known.version, value, a.life())
		if err != nil || !swapped {
			if other, ok := t.look(ctx); ok && other.Generation > n.Generation && t.fits(other, nil, refused) {
				return t.take(other)
			}
		}
	}
	return t.take(&n)
}

// force voids the token and fetches another.
func (t *storedTokens) force(ctx context.Context) error {
	asked := time.Now()
	answer, err := t.client.fetchToken(ctx, true)
	if err != nil {
		return err
	}
	for range 10 { // the new token is the only good one: it must win over whatever another process writes
		known, ok := t.look(ctx)
		if !ok {
			known = nil
		}
		if t.keep(ctx, known, answer, asked, "").Token == answer.AccessToken {
			return nil
		}
	}
	return nil
}
