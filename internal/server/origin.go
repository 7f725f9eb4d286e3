package server

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"salon/internal/chat"
)

// origins tells whose pages may connect.
type origins struct {
	all   bool
	hosts map[site]bool
}

// site is a host, and a port. Two spellings of the same site are equal.
type site struct {
	host string // in lower case; an IPv6 address without brackets, in its shortest form
	port string // "" where none is given and the scheme has none of its own
}

func newOrigins(list []string) (*origins, error) {
	o := &origins{hosts: map[site]bool{}}
	for _, h := range list {
		if h == "*" {
			o.all = true
			continue
		}
		name := h
		if _, after, ok := strings.Cut(h, "://"); ok {
			name = after
		}
		s := siteOf(name)
		if s.host == "" || strings.ContainsAny(name, "/ @?#") {
			return nil, chat.Problemf("--origin: %q is no host", h)
		}
		o.hosts[s] = true
	}
	return o, nil
}

// allow tells whether the page that asks may connect: one of this host or a listed one, one opened from a file, and
// programs, which have no origin. No cookie ever identifies anybody, so a page gains nothing but what its user gives it.
//
// A proxy in front of the server may end TLS, so the server does not know the scheme that the page was asked for with. A
// Host without a port therefore stands for the standard port of the Origin's scheme.
func (o *origins) allow(r *http.Request) bool {
	given := r.Header.Values("Origin")
	if len(given) > 1 {
		return o.all
	}
	if len(given) == 0 || given[0] == "" || given[0] == "null" || o.all {
		return true
	}
	u, err := url.Parse(given[0])
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" {
		return false // an origin is a scheme and a host, RFC 6454, section 6.2
	}
	page, usual := siteOf(u.Host), standardPort(u.Scheme)
	if page.port == "" {
		page.port = usual
	}
	asked := siteOf(r.Host)
	if asked.port == "" {
		asked.port = usual
	}
	return page == asked || o.hosts[page] || o.hosts[site{host: page.host}]
}

// siteOf reads host, host:port, [v6] or [v6]:port.
func siteOf(s string) site {
	host, port, err := net.SplitHostPort(s)
	if err != nil { // no port
		host, port = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), ""
	}
	host = strings.ToLower(host)
	if a, err := netip.ParseAddr(host); err == nil {
		host = a.String()
	}
	return site{host: host, port: port}
}

// standardPort returns the port that an origin of a scheme leaves out.
func standardPort(scheme string) string {
	switch scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	}
	return ""
}
