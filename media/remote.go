package media

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// ErrBlockedAddress is the kind of [OpenURL]'s refusal to connect to an address that is not public.
var ErrBlockedAddress = errors.New("blocked address")

const (
	remoteTime      = 30 * time.Second
	remoteRedirects = 3
)

// OpenURL fetches a file from an address that somebody else gave, and spools it as [Spool] does, at most
// limit+1 bytes. The caller closes the File.
//
// It cannot be made to reach what only this machine can reach. The URL is https on port 443, without user
// name. The address is judged after the name was resolved, when the connection is made, so that a name that
// resolves to another address by then gains nothing: private, loopback, link-local, carrier-grade NAT,
// multicast, unspecified, documentation, IPv4 inside IPv6 (mapped, NAT64, 6to4, Teredo) are
// [ErrBlockedAddress]. So is every one of at most three redirects. Proxies of the environment are not used, no
// cookies, credentials or Referer are sent, and compression is neither asked for nor undone. All of it takes
// at most 30 seconds.
//
// A URL of another form is an [*wechat.InputError]. Errors name the host and nothing else of the URL, as the
// rest is often a credential. The File is named by the last element of the path, whatever its content.
func OpenURL(ctx context.Context, rawURL string, limit int64) (*File, error) {
	return remote{}.open(ctx, rawURL, limit)
}

// remote fetches. Its zero value is what is used; tests have a network of their own.
type remote struct {
	resolver *net.Resolver
	dial     func(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error)
	tls      *tls.Config
}

func (r remote) open(ctx context.Context, rawURL string, limit int64) (*File, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, refuseURL("no URL") // the error would quote all of it
	}
	if err := checkURL(u); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, remoteTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, refuseURL("no URL")
	}
	transport := r.transport()
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	resp, err := client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL
		}
		return nil, fmt.Errorf("media: open url: host %s: %w", u.Hostname(), err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("media: open url: host %s: HTTP status %d", resp.Request.URL.Hostname(), resp.StatusCode)
	case resp.Header.Get("Content-Encoding") != "" && resp.Header.Get("Content-Encoding") != "identity":
		return nil, fmt.Errorf("media: open url: host %s: content is compressed, which was not asked for", resp.Request.URL.Hostname())
	}
	name := path.Base(resp.Request.URL.Path)
	if strings.Trim(name, "./") == "" {
		name = resp.Request.URL.Hostname()
	}
	return Spool(name, resp.Body, limit)
}

// transport connects to public addresses and shares nothing with other transports.
func (r remote) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Resolver: r.resolver, Control: control}
	dial := r.dial
	if dial == nil {
		dial = func(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
			return d.DialContext(ctx, network, address)
		}
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dial(ctx, dialer, network, address)
		},
		TLSClientConfig: r.tls, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second,
		MaxResponseHeaderBytes: 64 << 10, DisableCompression: true, DisableKeepAlives: true,
	}
}

// control judges the address that a connection is about to be made to.
func control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrBlockedAddress, address)
	}
	why := blocked(to.Addr())
	if why == "" && to.Port() != 443 {
		why = "on another port than 443"
	}
	if why != "" {
		return fmt.Errorf("%w: %s is %s", ErrBlockedAddress, to, why)
	}
	return nil
}

// checkRedirect judges where a redirect leads.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > remoteRedirects {
		return fmt.Errorf("more than %d redirects", remoteRedirects)
	}
	req.Header.Del("Referer") // the address of the file is nobody else's business
	if err := checkURL(req.URL); err != nil {
		return fmt.Errorf("redirect: %w", err)
	}
	return nil
}

// checkURL judges a URL without looking anything up.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "https":
		return refuseURL("not https")
	case u.Opaque != "" || u.Hostname() == "":
		return refuseURL("no host")
	case u.User != nil:
		return refuseURL("with a user name or password")
	case u.Port() != "443" && u.Port() != "" || strings.HasSuffix(u.Host, ":"):
		return refuseURL("on another port than 443")
	}
	if why := blockedHost(u.Hostname()); why != "" {
		return fmt.Errorf("media: open url: host %s: %w: %s", u.Hostname(), ErrBlockedAddress, why)
	}
	return nil
}

func refuseURL(message string) error {
	return wechat.Refuse("media: open url", []wechat.Problem{{
		Field: "url", Rule: "format", Message: message, Fix: "https://host/path",
	}})
}
