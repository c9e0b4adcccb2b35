package media

import (
	"net/netip"
	"strings"
)

// reserved are the addresses that no public host has, by RFC 6890 and its registries, and one that a cloud
// uses for its own. Of IPv6 only 2000::/3 is given out at all; what lies outside is not listed: loopback,
// link-local, unique local, multicast, NAT64 (64:ff9b::/96), IPv4-mapped.
var reserved = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("168.63.129.16/32"), "a cloud's own"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation"},
	{netip.MustParsePrefix("192.31.196.0/24"), "reserved"},
	{netip.MustParsePrefix("192.52.193.0/24"), "reserved"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a relay to IPv6"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("192.175.48.0/24"), "reserved"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("2001::/23"), "reserved"}, // Teredo among them, which holds an IPv4 address
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"}, // holds an IPv4 address
	{netip.MustParsePrefix("2620:4f:8000::/48"), "reserved"},
	{netip.MustParsePrefix("3fff::/20"), "for documentation"},
}

var globalUnicast = netip.MustParsePrefix("2000::/3")

// blocked says why an address is none that a stranger may name, and nothing if it is public.
func blocked(a netip.Addr) string {
	if !a.IsValid() {
		return "no address"
	}
	if a.Zone() != "" {
		return "of one link"
	}
	a = a.Unmap()
	if a.Is6() && !globalUnicast.Contains(a) {
		return "not public"
	}
	for _, r := range reserved {
		if r.prefix.Contains(a) {
			return r.what
		}
	}
	return ""
}

// blockedHost says why a URL's host is refused before it is looked up: it is an address that is blocked, or a
// number that some resolver may take for one ("2130706433", "0x7f.1"). Names are judged by what they resolve to.
func blockedHost(host string) string {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Is4In6() {
			return "an IPv4 address in the form of IPv6"
		}
		return blocked(a)
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := strings.ToLower(labels[len(labels)-1])
	if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") && strings.Trim(last[2:], "0123456789abcdef") == "" {
		return "a number and no name"
	}
	if last == "localhost" {
		return "this machine"
	}
	return ""
}
