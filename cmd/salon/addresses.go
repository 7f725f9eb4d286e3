package main

import (
	"net"
	"net/url"
	"strings"
)

// ownAddresses returns the addresses of this machine on the networks that it is connected to. An interface that is not
// connected to anything, as the bridges of a container engine that runs none, is not counted. After an error the list is
// shorter: it is only shown to people.
func ownAddresses() (own []net.Addr) {
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagRunning == 0 {
			continue
		}
		addresses, _ := i.Addrs()
		own = append(own, addresses...)
	}
	return own
}

// forOthers returns the URLs by which other machines reach a server. own are the addresses of this machine. The server is at
// address for this machine; listens is the address that it listens on. There are no URLs unless it listens on all networks.
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
