package wechat

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// connect sets up the two HTTP clients: one that keeps connections, one with a fresh connection for each
// request, for what must not be sent twice. A client given by the user serves as both.
func (c *core) connect(given *http.Client) {
	if given != nil {
		given.CheckRedirect = refuseRedirect
		if given.Transport == nil {
			given.Transport = http.DefaultTransport
		}
		given.Transport = plainTransport{given.Transport}
		c.http, c.fresh = given, given
		return
	}
	kept, fresh := ownTransport(), ownTransport()
	fresh.DisableKeepAlives = true
	c.own = []*http.Transport{kept, fresh}
	c.http = &http.Client{Transport: plainTransport{kept}, CheckRedirect: refuseRedirect}
	c.fresh = &http.Client{Transport: plainTransport{fresh}, CheckRedirect: refuseRedirect}
}

// disconnect closes the idle connections of the client's own transports.
func (c *core) disconnect() {
	for _, t := range c.own {
		t.CloseIdleConnections()
	}
}

// plainTransport hides CloseIdleConnections: the retry loop calls it after each failed call, which would
// make every other caller dial again.
type plainTransport struct{ http.RoundTripper }

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func ownTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        30 * time.Second,
		ExpectContinueTimeout:  time.Second,
		ForceAttemptHTTP2:      false,
		MaxResponseHeaderBytes: 256 << 10,
		// A compressed answer could unfold to any size.
		DisableCompression: true,
	}
}
