package broadcast_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const (
	sendAll = "/cgi-bin/message/mass/sendall"
	massGet = "/cgi-bin/message/mass/get"
)

// rounds is how often something random is tried: in short runs, usually, and where WECHAT_LONG is set.
func rounds(short, usual, long int) int {
	switch {
	case testing.Short():
		return short
	case os.Getenv("WECHAT_LONG") != "":
		return long
	}
	return usual
}

// rig is a platform with one account, a store, and clients of both.
type rig struct {
	tb       testing.TB
	platform *wechattest.Platform
	acct     *wechattest.Console
	store    *kit
	policy   quota.Policy
	tag      wechat.TagID
	wire     *recorder
	fetch    bool // tokens as a program fetches them
}

// newRig opens a verified service account with a few followers, all of whom carry a tag.
func newRig(tb testing.TB) *rig { return newRigOf(tb, wechattest.Service) }

func newRigOf(tb testing.TB, kind wechattest.Type) *rig {
	tb.Helper()
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{Type: kind, Verified: true})
	policy := quota.ServicePolicy(wechat.Documented)
	if kind == wechattest.Subscription {
		policy = quota.SubscriptionPolicy(wechat.Documented)
	}
	return &rig{
		tb: tb, platform: p, acct: acct, store: newKit(), policy: policy,
		tag: wechat.TagID(acct.AddTag("friends", acct.AddFollowers(3)...)), wire: &recorder{next: p.Transport()},
	}
}

// platformClient is a client on a store. Unless the rig fetches, its token costs no store and no request.
func (r *rig) platformClient(s store.Store, opts ...wechat.Option) *wechat.Client {
	r.tb.Helper()
	opts = append(opts, wechat.WithTransport(r.wire), wechat.WithStore(s), wechat.WithRateLimit("/cgi-bin/message/mass/", 1_000_000, 1_000_000))
	if !r.fetch {
		opts = append(opts, wechat.WithTokens(tokens{r.acct}))
	}
	c, err := wechat.New(wechat.Credentials{AppID: wechat.AppID(r.acct.AppID()), AppSecret: wechat.NewSecret(r.acct.Secret())}, opts...)
	if err != nil {
		r.tb.Fatal(err)
	}
	r.tb.Cleanup(func() { _ = c.Close() })
	return c
}

// client is a fresh process: nothing is shared but the store and the platform.
func (r *rig) client(opts ...wechat.Option) *broadcast.Client { return r.clientOn(r.store, opts...) }

func (r *rig) clientOn(s store.Store, opts ...wechat.Option) *broadcast.Client {
	r.tb.Helper()
	c := r.platformClient(s, opts...)
	return broadcast.New(c, broadcast.WithLedger(quota.New(s, c.AppID(), r.policy)))
}

func (r *rig) ledger() *quota.Ledger {
	return quota.New(r.store, wechat.AppID(r.acct.AppID()), r.policy)
}

// text is a broadcast of text to the tag.
func (r *rig) text(key string) broadcast.Message {
	return broadcast.Message{Key: key, To: broadcast.ToTag(r.tag), Content: broadcast.Text{Content: "hello " + key}}
}

// later moves both clocks, where there is no bubble.
func (r *rig) later(d time.Duration) {
	r.platform.Advance(d)
	r.store.advance(d)
}

// sent are the broadcasts that the platform carried out.
func (r *rig) sent() []wechattest.Broadcast { return r.platform.Broadcasts(r.acct.AppID()) }

// wantSent checks what the platform carried out against the ledger: as many, and nothing held or in doubt.
func (r *rig) wantSent(n int) {
	r.tb.Helper()
	if got := len(r.sent()); got != n {
		r.tb.Errorf("the platform carried out %d broadcasts, want %d", got, n)
	}
	r.wantCount(count{Used: n})
}

// count is what a ledger has counted.
type count struct{ Used, Held, Doubtful int }

func (r *rig) wantCount(want count) {
	r.tb.Helper()
	left, err := r.ledger().Remaining(r.tb.Context())
	if err != nil {
		r.tb.Fatalf("Remaining: %v", err)
	}
	b := left.Balances[0]
	if got := (count{b.Used, b.Held, b.Doubtful}); got != want {
		r.tb.Errorf("the ledger has %+v, want %+v", got, want)
	}
}

// wantUntouched checks that nothing was sent, no token fetched and nothing written.
func (r *rig) wantUntouched() {
	r.tb.Helper()
	if n := len(r.wire.requests()); n != 0 {
		r.tb.Errorf("%d requests left, want none", n)
	}
	if n := r.store.swaps.Load(); n != 0 {
		r.tb.Errorf("the store was written %d times, want never", n)
	}
}

// wantState checks a job and what it says.
func wantState(tb testing.TB, j broadcast.Job, err error, want broadcast.State, kinds ...error) {
	tb.Helper()
	if j.State != want {
		tb.Errorf("the job is %q (%s), want %q; error %v", j.State, j.Reason, want, err)
	}
	if len(kinds) == 0 && err != nil {
		tb.Errorf("error %v, want none", err)
	}
	for _, kind := range kinds {
		if !errors.Is(err, kind) {
			tb.Errorf("error %v, want %v", err, kind)
		}
	}
}

// wantIs checks the kind of an error.
func wantIs(tb testing.TB, err, kind error) {
	tb.Helper()
	if !errors.Is(err, kind) {
		tb.Errorf("error %v, want %v", err, kind)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func diff(tb testing.TB, what string, want, got any) {
	tb.Helper()
	if d := cmp.Diff(want, got); d != "" {
		tb.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// tokens takes the account's token from its console.
type tokens struct{ acct *wechattest.Console }

func (s tokens) Token(context.Context, string) (string, error) { return s.acct.Token(), nil }

// recorder is a transport that remembers what left, and can answer in the platform's stead.
type recorder struct {
	next http.RoundTripper
	// before is asked before each request; an answer of its own keeps the request from the platform.
	before func(*http.Request) (*http.Response, error)

	mu  sync.Mutex
	all []request
}

// request is what left.
type request struct {
	At         time.Time
	Path, Body string
}

func (t *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	t.mu.Lock()
	t.all = append(t.all, request{time.Now(), r.URL.Path, string(body)})
	before := t.before
	t.mu.Unlock()
	if before != nil {
		if resp, err := before(r); resp != nil || err != nil {
			return resp, err
		}
	}
	return t.next.RoundTrip(r)
}

func (t *recorder) requests() []request {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.all)
}

// posts are the requests that would send.
func (t *recorder) posts() []request {
	return slices.DeleteFunc(t.requests(), func(r request) bool { return r.Path != sendAll })
}

// kit is a store whose clock can be shifted, whose operations are counted, and which can fail.
type kit struct {
	store.Store
	shift              atomic.Int64 // added to Now, in nanoseconds
	gets, swaps, lists atomic.Int64
	// fault is asked before each operation: whether it takes effect, and the error it gives nevertheless.
	fault func(op, key string) (happens bool, err error)
	// after is told of each operation that took effect.
	after func(op, key string)
}

var errCable = errors.New("cable cut")

func newKit() *kit { return &kit{Store: store.NewMemory()} }

func (k *kit) advance(d time.Duration) { k.shift.Add(int64(d)) }

func (k *kit) shifted(r store.Record) store.Record {
	r.Now = r.Now.Add(time.Duration(k.shift.Load()))
	return r
}

func (k *kit) around(op, key string, do func() error) error {
	happens, fails := true, error(nil)
	if k.fault != nil {
		happens, fails = k.fault(op, key)
	}
	if !happens {
		return fails
	}
	if err := do(); err != nil {
		return err
	}
	if k.after != nil {
		k.after(op, key)
	}
	return fails
}

func (k *kit) Get(ctx context.Context, key string) (r store.Record, err error) {
	k.gets.Add(1)
	err = k.around("get", key, func() error {
		r, err = k.Store.Get(ctx, key)
		return err
	})
	if err != nil {
		return store.Record{}, err
	}
	return k.shifted(r), nil
}

func (k *kit) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (r store.Record, swapped bool, err error) {
	k.swaps.Add(1)
	err = k.around("swap", key, func() error {
		r, swapped, err = k.Store.Swap(ctx, key, version, value, ttl)
		return err
	})
	if err != nil {
		return store.Record{}, false, err
	}
	return k.shifted(r), swapped, nil
}

func (k *kit) List(ctx context.Context, prefix, after string) iter.Seq2[store.Record, error] {
	k.lists.Add(1)
	return func(yield func(store.Record, error) bool) {
		if err := k.around("list", prefix, func() error { return nil }); err != nil {
			yield(store.Record{}, err)
			return
		}
		for r, err := range k.Store.List(ctx, prefix, after) {
			if !yield(k.shifted(r), err) {
				return
			}
		}
	}
}

// picture is a permanent image of the account, recording a permanent voice.
func (r *rig) picture() media.Item {
	return media.Item{ID: wechat.MediaID(r.acct.AddMaterial("image", "a.jpg", []byte("\xff\xd8\xff\xe0jpeg"))), Kind: media.Image, Permanent: true}
}

func (r *rig) recording() media.Item {
	return media.Item{ID: wechat.MediaID(r.acct.AddMaterial("voice", "a.amr", []byte("#!AMR\n"))), Kind: media.Voice, Permanent: true}
}
