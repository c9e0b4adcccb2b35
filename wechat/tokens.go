package wechat

import (
	"context"
	"crypto/rand"
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
	store  time.Duration // what the store may take of one flight
}

var platformTimes = tokenTimes{
	early: 5 * time.Minute, keep: time.Minute, reread: time.Minute, lease: 10 * time.Second,
	gate: 30 * time.Second, poll: 50 * time.Millisecond, store: time.Second,
}

// renewal is when the fleet may fetch the next token: a little into the platform's own overlap, in which
// it gives a new token while the old one still works. It counts from the answer, which is the later end of
// when the platform may have begun to count.
func (t *tokenTimes) renewal(answered time.Time, life time.Duration) time.Time {
	if life <= t.early {
		return answered.Add(life / 2)
	}
	return answered.Add(life - t.early + t.early/60)
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
	running sync.WaitGroup

	turn  chan struct{} // who has put something in may change now, and what follows
	shut  time.Time     // no fetch for a refused token before
	rest  time.Time     // no fetch at all before, since the platform refused the last
	sorry error         // how it did
	away  time.Time     // the store is left out before, since it took long
}

// flight is one look at store and platform that any number of callers wait for.
type flight struct {
	refused string
	done    chan struct{}
	token   *token
	err     error
}

func newTokens(c *Client) *storedTokens {
	t := &storedTokens{client: c, times: platformTimes, key: string(c.appID) + "/token", by: rand.Text(), turn: make(chan struct{}, 1)}
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
	now, cur := time.Now(), t.now.Load()
	if cur != nil && cur.Token != refused && !cur.bad && now.Before(cur.Expires) {
		if !now.Before(cur.renew) || now.Sub(cur.seen) >= t.times.reread {
			t.start("") // due for renewal or a look at the store: that must not hold anybody up
		}
		return cur.Token, nil
	}
	if cur != nil && cur.bad {
		refused = cur.Token
	}
	for {
		f := t.start(refused)
		if f == nil {
			return "", &Error{Op: opToken, kinds: []error{ErrClosed}}
		}
		select {
		case <-ctx.Done():
			return "", &Error{Op: opToken, cause: ctx.Err()}
		case <-f.done:
		}
		switch {
		case f.refused != refused && (f.err != nil || f.token.Token == refused):
			// It was under way for another reason, before this token was refused.
		case f.err != nil:
			return "", f.err
		default:
			return f.token.Token, nil
		}
	}
}

// start joins the flight under way or begins one. It returns nil after close.
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
		f.err = t.inTurn(ctx, func(v *visit) (err error) {
			if f.token, err = t.obtain(ctx, v, refused); f.token != t.now.Load() {
				t.putOff(refused)
			}
			return err
		})
		if f.err != nil && t.ctx.Err() != nil {
			f.err = &Error{Op: opToken, kinds: []error{ErrClosed}}
		}
		t.mu.Lock()
		t.flight = nil
		t.mu.Unlock()
		close(f.done)
	})
	return f
}

// inTurn does what changes the token in memory, one after the other.
func (t *storedTokens) inTurn(ctx context.Context, do func(*visit) error) error {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
		v := &visit{storedTokens: t, left: t.times.store, out: time.Now().Before(t.away)}
		defer v.end()
		return do(v)
	case <-ctx.Done():
		return &Error{Op: opToken, cause: ctx.Err()}
	}
}

// obtain finds a token that is good and not the refused one: in the store if another process has put it
// there, else from the platform, one process at a time.
func (t *storedTokens) obtain(ctx context.Context, v *visit, refused string) (*token, error) {
	cur, now := t.now.Load(), time.Now()
	if cur != nil && cur.bad {
		refused = cur.Token
	}
	known := v.look(ctx)
	switch {
	case fits(known, cur, refused):
		return t.take(known), nil
	case refused == "" && cur != nil && now.Before(cur.renew):
		n := *cur
		n.seen = now
		t.now.Store(&n)
		return &n, nil
	case now.Before(t.rest):
		return nil, t.sorry
	case refused != "" && now.Before(t.shut):
		return t.confirmed(known, refused)
	}
	leave, known, err := v.lease(ctx, func(s *stored) bool { return fits(s, cur, refused) })
	if err != nil {
		return nil, err
	}
	defer leave()
	if fits(known, cur, refused) {
		return t.take(known), nil
	}
	return t.fetch(ctx, v, known, refused)
}

// fetch asks the platform and keeps what it says. known is what the store has, nil where there is none. Of
// the fetches that refused tokens cause the gate lets one through in 30 s over the fleet, since the
// platform is known to refuse good tokens by fits.
func (t *storedTokens) fetch(ctx context.Context, v *visit, known *stored, refused string) (*token, error) {
	reopen := func() {}
	if refused != "" {
		open, shut := v.gate(ctx)
		if t.shut = shut; open == nil {
			return t.confirmed(known, refused)
		}
		reopen = open
	}
	asked := time.Now()
	answer, err := t.client.fetchToken(ctx, false)
	if err == nil {
		return v.keep(ctx, known, answer, asked, refused), nil
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Code > 0 {
		t.rest, t.sorry = time.Now().Add(t.times.gate), err // it would say the same to the next call
	} else {
		t.shut = time.Time{}
		reopen()
	}
	return nil, err
}

// confirmed gives the refused token once more if the platform has given it again since, and an error
// otherwise: no other is to be had before the gate opens.
func (t *storedTokens) confirmed(known *stored, refused string) (*token, error) {
	if cur := t.now.Load(); cur != nil && cur.Again && cur.Token == refused {
		return cur, nil
	}
	if known != nil && known.Again && known.Token == refused && time.Now().Before(known.Expires) {
		return t.take(known), nil
	}
	return nil, &Error{
		Op: opToken, kinds: []error{ErrTokenRejected}, retryAt: t.shut,
		cause: errors.New("the platform refuses the token, and it was fetched anew only just now"),
	}
}

// take makes a token the one in memory.
func (t *storedTokens) take(s *stored) *token {
	n := s.token
	n.seen = time.Now()
	n.renew = n.Renew.Add(jitter(0, min(t.times.early, n.Expires.Sub(n.Renew))/6))
	t.now.Store(&n)
	return &n
}

// putOff lets a renewal that came to nothing rest while the token in memory is still good, and remembers if
// that is refused.
func (t *storedTokens) putOff(refused string) {
	cur := t.now.Load()
	if cur == nil {
		return
	}
	n, now := *cur, time.Now()
	n.seen, n.renew = now, now.Add(min(t.times.gate, n.Expires.Sub(now)/2))
	n.bad = n.bad || n.Token == refused
	t.now.Store(&n)
}

// renew asks the platform for a token whatever is kept, and keeps what it says. With force the platform
// voids the token that it has given before.
func (t *storedTokens) renew(ctx context.Context, force bool) error {
	return t.inTurn(ctx, func(v *visit) error {
		asked := time.Now()
		answer, err := t.client.fetchToken(ctx, force)
		if err != nil {
			return err
		}
		t.rest = time.Time{}
		cur, refused := t.now.Load(), ""
		if cur != nil && cur.bad {
			refused = cur.Token
		}
		if cur == nil || cur.bad || cur.Token != answer.AccessToken {
			v.keep(ctx, v.look(ctx), answer, asked, refused)
		}
		return nil
	})
}
