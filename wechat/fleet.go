package wechat

import (
	"context"
	"encoding/json"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// token is an access token as the store keeps it, its times by the store's clock. Generation only grows:
// who has read one is never content with an older one.
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
	bad   bool      // it was refused, and no other could be had
}

// stored is a token with the version it has in the store. Its times are by this process's clock, which is
// skew ahead of the store's.
type stored struct {
	token
	version uint64
	skew    time.Duration
}

// fits reports whether what the store has is worth taking instead of fetching: it lives, is not due, and
// is neither what was refused nor older than what we have. A token that was refused and confirmed since is
// worth another try.
func fits(s *stored, cur *token, refused string) bool {
	switch now := time.Now(); {
	case s == nil || s.Token == "" || !now.Before(s.Expires):
		return false
	case cur != nil && s.Generation < cur.Generation:
		return false
	case refused == "":
		return now.Before(s.Renew)
	case s.Token == refused:
		return s.Again && cur != nil && s.Generation > cur.Generation
	}
	return true
}

// visit is what one flight does at the store. A store that fails, or takes too long over it all, is left
// out for the rest of the flight, and a slow one for some time after: each process can then still fetch for
// itself.
type visit struct {
	*storedTokens
	left time.Duration
	out  bool
}

// end leaves the store out for a while if it has taken much of its time.
func (v *visit) end() {
	if spent := v.times.store - v.left; spent > v.times.store/4 {
		v.away = time.Now().Add(10 * spent)
	}
}

// do carries out one operation on the store.
func (v *visit) do(ctx context.Context, op func(context.Context) error) {
	if v.out {
		return
	}
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, v.left)
	defer cancel()
	err := op(limited)
	if v.left -= time.Since(start); err != nil && ctx.Err() == nil { // or else it was not the store's fault
		v.out = true
		v.client.log.WarnContext(ctx, "wechat token store is out of use", "error", err.Error())
	}
}

// look reads the token. It returns nil where the store cannot be used, and a token of generation 0 where it
// has none or nothing that makes sense, which the next write replaces.
func (v *visit) look(ctx context.Context) *stored {
	var s *stored
	v.do(ctx, func(ctx context.Context) error {
		r, err := v.client.store.Get(ctx, v.key)
		if err != nil {
			return err
		}
		s = &stored{version: r.Version, skew: time.Since(r.Now)}
		var n token
		if r.Version == 0 || json.Unmarshal(r.Value, &n) != nil || !n.plausible(r.Now) {
			return nil //nolint:nilerr // what makes no sense is as good as none, and the next write replaces it
		}
		s.token, s.Expires, s.Renew = n, n.Expires.Add(s.skew), n.Renew.Add(s.skew)
		return nil
	})
	return s
}

// plausible reports whether a record is one that this code could have written.
func (n *token) plausible(now time.Time) bool {
	return n.Token != "" && len(n.Token) <= longestToken && n.Generation > 0 && n.Generation < 1<<62 &&
		n.Expires.Before(now.Add(longestLife+time.Minute)) && !n.Renew.After(n.Expires)
}

// swap changes a key if it has the version.
func (v *visit) swap(ctx context.Context, key string, version uint64, value string, ttl time.Duration) (r store.Record, swapped bool) {
	v.do(ctx, func(ctx context.Context) (err error) {
		r, swapped, err = v.client.store.Swap(ctx, key, version, []byte(value), ttl)
		return err
	})
	return r, swapped
}

// claim takes a key for a while unless another process has it. What an earlier flight of this process could
// not give back is its own.
func (v *visit) claim(ctx context.Context, key string, ttl time.Duration) (giveBack func(), got bool) {
	r, got := v.swap(ctx, key, 0, v.by, ttl)
	if !got && string(r.Value) == v.by {
		r, got = v.swap(ctx, key, r.Version, v.by, ttl)
	}
	return func() { v.swap(context.WithoutCancel(ctx), key, r.Version, "", 0) }, got
}

// lease waits until this process may fetch, or ready says that another one has. It returns what the store
// has by then, read after the lease was taken.
func (v *visit) lease(ctx context.Context, ready func(*stored) bool) (leave func(), s *stored, err error) {
	for {
		leave, got := v.claim(ctx, v.key+"/lease", v.times.lease)
		s := v.look(ctx)
		switch {
		case got:
			return leave, s, nil
		case s == nil || ready(s):
			return func() {}, s, nil
		}
		if err := sleep(ctx, jitter(v.times.poll/2, v.times.poll)); err != nil {
			return nil, nil, &Error{Op: opToken, cause: err}
		}
		v.left = v.times.store // the wait is another process's, not the store's
	}
}

// gate asks whether a fetch that a refused token causes may be made now. reopen is nil if not; otherwise it
// opens the gate again, for a fetch that came to nothing. shut is until when not to ask again.
func (v *visit) gate(ctx context.Context) (reopen func(), shut time.Time) {
	reopen, got := v.claim(ctx, v.key+"/gate", v.times.gate)
	if got || v.out {
		return reopen, time.Now().Add(v.times.gate)
	}
	return nil, time.Now().Add(v.times.gate / 10)
}

// keep stores a fetched token, unless the store has a newer one by now, and takes it into memory. known is
// what the store had before the fetch, nil where it is left out.
func (v *visit) keep(ctx context.Context, known *stored, a tokenAnswer, asked time.Time, refused string) *token {
	life := a.life()
	n := &stored{token: token{
		Token: a.AccessToken, Generation: asked.UnixMilli(), Expires: asked.Add(life), Again: a.AccessToken == refused, By: v.by,
	}}
	if n.Renew = v.times.renewal(time.Now(), life); n.Renew.After(n.Expires) {
		n.Renew = n.Expires
	}
	if life <= v.times.keep {
		return &n.token
	}
	if cur := v.now.Load(); cur != nil {
		n.Generation = max(n.Generation, cur.Generation+1)
	}
	ctx = context.WithoutCancel(ctx)
	for known != nil {
		n.Generation = max(n.Generation, known.Generation+1)
		if v.write(ctx, known, n.token, life) {
			break
		}
		known = v.look(ctx)
		if known != nil && known.Generation >= n.Generation && fits(known, nil, refused) {
			return v.take(known)
		}
	}
	return v.take(n)
}

// write replaces what the store has, if that is still what is known.
func (v *visit) write(ctx context.Context, known *stored, n token, life time.Duration) bool {
	n.Expires, n.Renew = n.Expires.Add(-known.skew).UTC(), n.Renew.Add(-known.skew).UTC()
	value, _ := json.Marshal(n)
	_, swapped := v.swap(ctx, v.key, known.version, string(value), life)
	return swapped
}
