package main

import (
	"net"
	"net/url"
	"strings"
)

// forOthers gives the addresses under which other machines find a server at address that listens on all networks: those of
// own, which are this machine's, that lead into a network. There are none for a server that listens on one address.
func forOthers(listens, address string, own []net.Addr) (urls []string) {
	if ip := net.ParseIP(listens); ip == nil || !ip.IsUnspecified() {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	port := u.Port()
	for _, a := range own {
		n, ok := a.(*net.IPNet)
		if !ok || !n.IP.IsGlobalUnicast() || n.IP.To4() == nil && strings.Contains(listens, ".") {
			continue
		}
		u.Host = net.JoinHostPort(n.IP.String(), port)
		urls = append(urls, u.String())
	}
	return urls
}
