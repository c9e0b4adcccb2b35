package wechat_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// shapes lists how a secret could show in a text: as it is, escaped for a URL, in base64 at any of the three
// alignments, in hex, and as the bytes of a printed slice.
func shapes(secret string) map[string]string {
	b := []byte(secret)
	decimal := strings.Trim(fmt.Sprintf("%d", b), "[]")
	goBytes := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte{"), "}")
	out := map[string]string{
		"raw":        secret,
		"query":      url.QueryEscape(secret),
		"path":       url.PathEscape(secret),
		"hex":        hex.EncodeToString(b),
		"HEX":        strings.ToUpper(hex.EncodeToString(b)),
		"hex spaced": fmt.Sprintf("% x", b),
		"decimal":    decimal,
		"Go bytes":   goBytes,
	}
	for shift := range 3 {
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			// The characters at the ends depend on the neighbours as well.
			s := enc.EncodeToString(append(make([]byte, shift), b...))
			out[fmt.Sprint(name, shift)] = s[(shift*8+5)/6 : len(s)-1]
		}
	}
	return out
}

// findLeak names the shape in which a text gives a secret away, and is empty where it does not.
func findLeak(text, secret string) string {
	for name, shape := range shapes(secret) {
		if strings.Contains(text, shape) {
			return name
		}
	}
	return ""
}

// wantNoLeak fails where a text gives any of the secrets away.
func wantNoLeak(tb testing.TB, what, text string, secrets ...string) {
	tb.Helper()
	for _, s := range secrets {
		if shape := findLeak(text, s); shape != "" {
			tb.Errorf("%s gives the secret away (%s):\n%s", what, shape, text[:min(len(text), 2000)])
			return
		}
	}
}

// TestLeaksAreFound tests the instrument: it must find each shape, wherever it stands.
func TestLeaksAreFound(t *testing.T) {
	const secret = "c0ffee11deadbeef/+22facade33badc="
	for pad := range 4 {
		text := strings.Repeat("x", pad) + secret + "yz"
		for _, s := range []string{
			text, url.QueryEscape(text), url.PathEscape(text), hex.EncodeToString([]byte(text)), fmt.Sprintf("%X", text), fmt.Sprintf("% x", text),
			base64.StdEncoding.EncodeToString([]byte(text)), base64.URLEncoding.EncodeToString([]byte(text)),
			fmt.Sprintf("%v", []byte(text)), fmt.Sprintf("%#v", []byte(text)), fmt.Sprintf("%q", text), "…" + text + "…",
		} {
			if findLeak(s, secret) == "" {
				t.Errorf("no leak found in %q", s)
			}
		}
	}
	if shape := findLeak("c0ffee11deadbeef/+22facade33bad [redacted] 99 48 102", secret); shape != "" {
		t.Errorf("a leak (%s) is found where there is none", shape)
	}
}
