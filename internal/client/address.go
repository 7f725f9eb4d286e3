package client

import (
	"net/url"
	"strings"

	"salon/internal/chat"
)

// ParseAddress returns the URL to dial for an address that a person writes: "host", "host:port", or a URL with the scheme
// http, https, ws or wss. Without a path the path is /ws. Without a scheme and a port the port is 8888.
// Errors: [*chat.Problem].
func ParseAddress(address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", chat.Problemf("the server's address is empty")
	}
	bare := !strings.Contains(address, "://")
	if bare {
		address = "ws://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", chat.Problemf("the server's address: %w", err)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return "", chat.Problemf("the server's address: unknown scheme %q", u.Scheme)
	}
	if u.Hostname() == "" {
		return "", chat.Problemf("the server's address: no host in %q", address)
	}
	if bare && u.Port() == "" {
		u.Host += ":8888"
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	u.Fragment = ""
	return u.String(), nil
}
