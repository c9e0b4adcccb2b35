package wechattest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Platform is a fake WeChat platform with any number of accounts. Make one with [New].
//
// A Platform is safe for concurrent use. It starts no goroutines but those of [Platform.Listen].
type Platform struct {
	latency  time.Duration
	delivery time.Duration
	mediaCap int64

	endpoints map[string]endpoint // read only
	ahead     atomic.Int64        // of the clock

	mu       sync.Mutex
	rng      *rand.Rand
	caller   netip.Addr
	accounts map[string]*Console // by AppID
	tokens   map[string]*token   // every token still remembered, by value
	faults   []*Injected
	media    map[string]*media
	shelf    shelf
	lastID   int64
	counters
	log ledger
}

// counters counts what reached the platform and what it carried out, by path.
type counters struct{ requests, executions map[string]int }

func newCounters() counters {
	return counters{requests: map[string]int{}, executions: map[string]int{}}
}

// Option changes a platform as [New] makes it.
type Option func(*Platform)

// WithSeed chooses the random numbers from which tokens, ids and rids are made. Platforms of one seed that
// are asked the same things make the same ones. The default is 1.
func WithSeed(seed uint64) Option {
	return func(p *Platform) { p.rng = rand.New(rand.NewPCG(seed, seed)) }
}

// WithLatency makes every answer wait for d after the request was carried out.
func WithLatency(d time.Duration) Option { return func(p *Platform) { p.latency = d } }

// WithDelivery sets how long a broadcast is SENDING before mass/get says SEND_SUCCESS. The default is one
// second.
func WithDelivery(d time.Duration) Option { return func(p *Platform) { p.delivery = d } }

// WithKeptMedia sets how many bytes of uploaded media the platform keeps for media/get, over all accounts;
// the oldest contents make room first. The size and SHA-256 of an upload are always kept. The default is
// 64 MiB; 0 keeps nothing, so that large uploads cost no memory. To get a medium whose content is not kept
// answers errcode -1.
func WithKeptMedia(bytes int64) Option { return func(p *Platform) { p.mediaCap = bytes } }

// New makes a platform without accounts.
func New(opts ...Option) *Platform {
	p := &Platform{
		delivery: time.Second,
		mediaCap: 64 << 20,
		rng:      rand.New(rand.NewPCG(1, 1)),
		caller:   netip.AddrFrom4([4]byte{203, 0, 113, 7}),
		accounts: map[string]*Console{},
		tokens:   map[string]*token{},
		media:    map[string]*media{},
		lastID:   3_000_000_000, // ids of broadcasts do not fit in 32 bits
		counters: newCounters(),
	}
	p.endpoints = allEndpoints()
	for _, opt := range opts {
		opt(p)
	}
	return p
}

// SetCallerIP sets the address that the platform takes all callers to have, in process and on a port. The
// default is 203.0.113.7. A call from outside an account's whitelist is refused with it in the message.
func (p *Platform) SetCallerIP(ip netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.caller = ip
}

// Requests counts the requests that reached the platform on a path, such as "/cgi-bin/stable_token".
// Requests that died before they had a connection are not among them; those that the platform never read
// or never answered are.
func (p *Platform) Requests(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[path]
}

// Executions counts the requests on a path that the platform carried out: what they asked for was done,
// whether or not the caller was told. A request that was refused with an errcode is not among them.
func (p *Platform) Executions(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.executions[path]
}

// Format prints the platform without its secrets and tokens, whatever the verb.
func (p *Platform) Format(f fmt.State, _ rune) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(f, "fake platform with %d accounts", len(p.accounts))
}

// hex returns n random hexadecimal digits. The platform is locked.
func (p *Platform) hex(n int) string { return p.draw("0123456789abcdef", n) }

// draw returns n random characters of an alphabet. The platform is locked.
func (p *Platform) draw(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[p.rng.IntN(len(alphabet))]
	}
	return string(b)
}

// nextID returns the id of a broadcast, article or menu. The platform is locked.
func (p *Platform) nextID() int64 {
	p.lastID += 1 + p.rng.Int64N(9)
	return p.lastID
}

// nextRID returns the id that ends an errmsg. The platform is locked.
func (p *Platform) nextRID(now time.Time) string {
	return fmt.Sprintf("%08x-%08x-%08x", uint32(now.Unix()), p.rng.Uint32(), p.rng.Uint32())
}

// Client returns an HTTP client whose every request is answered by the platform, in process.
func (p *Platform) Client() *http.Client { return &http.Client{Transport: p.Transport()} }

// web64 is the alphabet of tokens, media ids and OpenIDs.
const web64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
