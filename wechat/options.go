package wechat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"unicode"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// Option sets up a [Client].
type Option func(*settings) error

type settings struct {
	http      *http.Client
	base      string
	plain     bool
	store     store.Store
	tokens    TokenSource
	rules     RuleSet
	log       *slog.Logger
	hook      func(context.Context, Attempt)
	userAgent string
	limits    []Limit
	loose     bool
}

// WithHTTPClient sends requests through c, which is copied and never changed. Redirects are not followed
// whatever c says. Without this option the client has transports of its own: TLS 1.2 or later, 64 idle
// connections a host, and a fresh connection for whatever must not be sent twice.
func WithHTTPClient(c *http.Client) Option {
	return func(s *settings) error {
		if c == nil {
			return errors.New("nil HTTP client")
		}
		s.http = new(*c)
		return nil
	}
}

// WithTransport sends requests through rt: a proxy, a recorder, httpmock, or wechattest's fake platform.
func WithTransport(rt http.RoundTripper) Option {
	return func(s *settings) error {
		if rt == nil {
			return errors.New("nil transport")
		}
		s.http = &http.Client{Transport: rt}
		return nil
	}
}

// WithStore keeps what must survive a call in st. Without it everything is kept in memory, and each
// process fetches tokens for itself.
func WithStore(st store.Store) Option {
	return func(s *settings) error {
		if st == nil {
			return errors.New("nil store")
		}
		s.store = st
		return nil
	}
}

// WithTokens takes access tokens from ts, a central token server for example, instead of fetching them
// with the AppSecret, which may then be left out.
func WithTokens(ts TokenSource) Option {
	return func(s *settings) error {
		if ts == nil {
			return errors.New("nil token source")
		}
		s.tokens = ts
		return nil
	}
}

// WithRules chooses the rule set that the packages on top of this client judge by. The default is
// [Documented].
func WithRules(r RuleSet) Option {
	return func(s *settings) error {
		if r != Documented && r != Current {
			return fmt.Errorf("no such rule set: %v", r)
		}
		s.rules = r
		return nil
	}
}

// WithLogger logs each attempt at debug level and what needs attention above it. Nothing secret is ever
// logged, and no URL. The default logs nothing.
func WithLogger(l *slog.Logger) Option {
	return func(s *settings) error {
		if l == nil {
			return errors.New("nil logger")
		}
		s.log = l
		return nil
	}
}

// WithHook calls f after each attempt, from the goroutine that makes the call: a place for metrics and
// traces. It must be safe for concurrent use and quick. Several hooks are called in order.
func WithHook(f func(context.Context, Attempt)) Option {
	return func(s *settings) error {
		if f == nil {
			return errors.New("nil hook")
		}
		if before := s.hook; before != nil {
			s.hook = func(ctx context.Context, a Attempt) { before(ctx, a); f(ctx, a) }
		} else {
			s.hook = f
		}
		return nil
	}
}

// WithBaseURL sends requests to another access point than https://api.weixin.qq.com: the platform has
// api2, sh.api, sz.api and hk.api beside it, and a test has its own. Plain http is refused but for
// loopback addresses; see [WithPlainHTTP].
func WithBaseURL(base string) Option {
	return func(s *settings) error {
		s.base = base
		return nil
	}
}

// WithPlainHTTP allows a base URL without TLS beyond the loopback interface. Whoever is on the way can
// then read the AppSecret.
func WithPlainHTTP() Option {
	return func(s *settings) error {
		s.plain = true
		return nil
	}
}

// WithUserAgent sets the User-Agent header.
func WithUserAgent(ua string) Option {
	return func(s *settings) error {
		if ua == "" || strings.ContainsFunc(ua, unicode.IsControl) {
			return errors.New("user agent is empty or holds a control character")
		}
		s.userAgent = ua
		return nil
	}
}

// WithRateLimit lets at most perMinute calls in any minute through to the paths that begin with prefix,
// at most burst of them at once; the longest prefix that fits a path counts. It holds for one process:
// divide by the number of processes that share an account. The default is the platform's own limit for
// broadcast calls, 60 a minute, and none beyond.
func WithRateLimit(prefix string, perMinute, burst int) Option {
	return func(s *settings) error {
		switch {
		case !strings.HasPrefix(prefix, "/") || strings.ContainsAny(prefix, "?#"):
			return errors.New("rate limit: a prefix of a path does not begin with a slash, or holds a query")
		case perMinute < 1 || burst < 1:
			return fmt.Errorf("rate limit %s: %d a minute with a burst of %d: both must be at least 1", prefix, perMinute, burst)
		}
		s.limits = append(s.limits, Limit{Prefix: prefix, PerMinute: perMinute, Burst: burst})
		return nil
	}
}

// WithLooseCredentials skips the checks on the form of AppID and AppSecret, for sandbox and test
// accounts. Both must still be there, and the AppID must be fit to name the account in the store: letters,
// digits, dots, dashes and underscores.
func WithLooseCredentials() Option {
	return func(s *settings) error {
		s.loose = true
		return nil
	}
}

// baseURL parses an access point. url.Parse's own error would print what was given, so it is not used.
func baseURL(s string, plain bool) (scheme, host, path string, err error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return "", "", "", errors.New("base URL: not of the form https://host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", "", "", errors.New("base URL: user, query and fragment are not allowed")
	case u.Scheme == "https", u.Scheme == "http" && (plain || loopback(u.Hostname())):
		return u.Scheme, u.Host, strings.TrimSuffix(u.Path, "/"), nil
	case u.Scheme == "http":
		return "", "", "", errors.New("base URL: plain http would show the AppSecret to whoever is on the way; use https, or WithPlainHTTP")
	}
	return "", "", "", errors.New("base URL: the scheme must be https")
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
