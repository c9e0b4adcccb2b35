package wechat

import (
	"crypto/tls"
	"net/http"
	"testing"
	"time"
)

// The client's own transports; what they do on the wire is tested from outside.
func TestOwnTransports(t *testing.T) {
	c, err := New(Credentials{AppID: "wx0123456789abcdef"}, WithTokens(StaticToken("a-static-token")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	kept, fresh := c.http.Transport.(plainTransport).RoundTripper.(*http.Transport), c.fresh.Transport.(plainTransport).RoundTripper.(*http.Transport)
	if kept == fresh || kept == http.DefaultTransport {
		t.Error("the transports are not the client's own")
	}
	if kept.DisableKeepAlives || !fresh.DisableKeepAlives {
		t.Errorf("keep-alives off: %v for reads, %v for what must not be sent twice; want false and true", kept.DisableKeepAlives, fresh.DisableKeepAlives)
	}
	for _, tr := range []*http.Transport{kept, fresh} {
		if tr.MaxIdleConnsPerHost != 64 || tr.IdleConnTimeout != 30*time.Second || !tr.DisableCompression ||
			tr.TLSClientConfig.MinVersion != tls.VersionTLS12 || tr.TLSClientConfig.InsecureSkipVerify ||
			tr.TLSHandshakeTimeout != 5*time.Second || tr.DialContext == nil || tr.MaxResponseHeaderBytes != 256<<10 {
			t.Errorf("transport settings: %+v", tr)
		}
	}
	for _, h := range []*http.Client{c.http, c.fresh} {
		if _, ok := h.Transport.(interface{ CloseIdleConnections() }); ok {
			t.Error("the retry loop could close the connections of other calls")
		}
		if h.Jar != nil || h.Timeout != 0 {
			t.Errorf("client settings: %+v", h)
		}
	}
}
