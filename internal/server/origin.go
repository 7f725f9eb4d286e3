package server

import (
	"net/http"
	"net/url"
	"strings"

	"salon/internal/chat"
)

// origins tells whose pages may connect.
type origins struct {
	all   bool
	hosts map[string]bool
}

func newOrigins(list []string) (*origins, error) {
	o := &origins{hosts: map[string]bool{}}
	for _, h := range list {
		if h == "*" {
			o.all = true
			continue
		}
		if _, after, ok := strings.Cut(h, "://"); ok {
			h = after
		}
		if h == "" || strings.ContainsAny(h, "/ ") {
			return nil, chat.Problemf("--origin: %q is no host", h)
		}
		o.hosts[strings.ToLower(h)] = true
	}
	return o, nil
}

// allow tells whether the page that asks may connect: one of this host or a listed one, one opened from a file, and
// programs, which have no origin. No cookie ever identifies anybody, so a page gains nothing but what its user gives it.
func (o *origins) allow(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "null" || o.all {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	return strings.EqualFold(u.Host, r.Host) || o.hosts[strings.ToLower(u.Host)] || o.hosts[strings.ToLower(u.Hostname())]
}
