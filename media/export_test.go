package media

import (
	"context"
	"crypto/tls"
	"net"
)

// OpenURLVia is OpenURL in a network of the test's own.
func OpenURLVia(
	ctx context.Context, rawURL string, limit int64, resolver *net.Resolver, config *tls.Config,
	dial func(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error),
) (*File, error) {
	return remote{resolver, dial, config}.open(ctx, rawURL, limit)
}
