package protocol

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"salon/internal/chat"
)

// DefaultPort is the port of a server whose address has neither a scheme nor a port.
const DefaultPort = "8888"

// ParseAddress returns the URL of a server for an address that a person writes: "host", "host:port", an IPv6 address with
// or without brackets ("::1", "[::1]:8888", "fe80::1%eth0"), or a URL with the scheme http, https, ws or wss. The scheme of
// the result is ws or wss. Without a scheme and a port the port is [DefaultPort]. Errors: [*chat.Problem].
func ParseAddress(typed string) (*url.URL, error) {
	address := strings.TrimSpace(typed)
	if address == "" {
		return nil, chat.Problemf("the server's address is empty")
	}
	scheme, rest, complete := strings.Cut(address, "://")
	if !complete {
		scheme, rest = "ws", address
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	u, err := url.Parse(scheme + "://" + bracketed(host) + path)
	if err != nil {
		return nil, chat.Problemf("the server's address: %w", err)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return nil, chat.Problemf("the server's address: unknown scheme %q", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, chat.Problemf("the server's address: no host in %q", address)
	}
	if !complete && u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), DefaultPort)
	}
	u.Fragment = ""
	return u, nil
}

// bracketed writes an IPv6 address as a URL does: in brackets, and with its zone escaped (RFC 6874). It returns any other
// host as it is.
func bracketed(host string) string {
	address, port := host, ""
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if address, port, ok = strings.Cut(inner, "]"); !ok {
			return host
		}
	}
	ip, err := netip.ParseAddr(strings.Replace(address, "%25", "%", 1))
	if err != nil { // the zone may be called 25
		ip, err = netip.ParseAddr(address)
	}
	switch {
	case err != nil:
		return host
	case ip.Is4():
		return ip.String() + port
	case ip.Zone() != "":
		return "[" + ip.WithZone("").String() + "%25" + url.PathEscape(ip.Zone()) + "]" + port
	}
	return "[" + ip.String() + "]" + port
}
