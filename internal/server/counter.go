package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"salon/internal/chat"
)

// counter counts connections by address. One address is an IPv4 address or an IPv6 /64, which is what one home has.
type counter struct {
	most    int // 0 for no limit
	proxies []netip.Prefix

	mu       sync.Mutex // guards what follows
	sockets  map[netip.Addr]int
	sessions map[netip.Addr]int
}

// unfinished is how many connections of an address beyond its limit are heard at all, so that they can be told why they are
// turned away; the others are closed unheard.
const unfinished = 64

func newCounter(most int, proxies []string) (*counter, error) {
	c := &counter{most: most, sockets: map[netip.Addr]int{}, sessions: map[netip.Addr]int{}}
	for _, s := range proxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, errA := netip.ParseAddr(s)
			if errA != nil {
				return nil, chat.Problemf("--proxy: %q is no address or CIDR", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		c.proxies = append(c.proxies, p)
	}
	return c, nil
}

// state follows the sockets that net/http has: those that have not become sessions.
func (c *counter) state(conn net.Conn, st http.ConnState) {
	if c.most == 0 || st != http.StateNew && st != http.StateClosed && st != http.StateHijacked {
		return
	}
	a := parse(conn.RemoteAddr().String())
	if c.isProxy(a) {
		return
	}
	a = home(a)
	c.mu.Lock()
	defer c.mu.Unlock()
	if st != http.StateNew {
		down(c.sockets, a)
		return
	}
	c.sockets[a]++
	if c.sockets[a]+c.sessions[a] > c.most+unfinished {
		conn.Close() // net/http then reports it closed
	}
}

// session counts a session in; ok is false when that is one too many: then it counts as unfinished. done counts it out.
func (c *counter) session(r *http.Request) (done func(), ok bool) {
	if c.most == 0 {
		return func() {}, true
	}
	a := home(parse(c.address(r)))
	c.mu.Lock()
	defer c.mu.Unlock()
	in, ok := c.sessions, c.sessions[a] < c.most
	if !ok {
		in = c.sockets
	}
	in[a]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		down(in, a)
	}, ok
}

func down(m map[netip.Addr]int, a netip.Addr) {
	if m[a]--; m[a] <= 0 {
		delete(m, a)
	}
}

// address gives whom a request comes from: the last in X-Forwarded-For that is no proxy of ours, when a proxy of ours sent
// it.
func (c *counter) address(r *http.Request) string {
	from := parse(r.RemoteAddr)
	list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(list) - 1; i >= 0 && c.isProxy(from); i-- {
		a := parse(strings.TrimSpace(list[i]))
		if !a.IsValid() {
			break
		}
		from = a
	}
	return from.Unmap().String()
}

func (c *counter) isProxy(a netip.Addr) bool {
	for _, p := range c.proxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// parse reads an address as proxies write it: with or without a port, an IPv6 address with or without brackets, all of it perhaps
// in quotes (RFC 7239, section 6). The zero Addr is for what is none.
func parse(s string) netip.Addr {
	if n := len(s); n > 1 && s[0] == '"' && s[n-1] == '"' {
		s = strings.TrimSpace(s[1 : n-1])
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	if n := len(s); n > 1 && s[0] == '[' && s[n-1] == ']' {
		s = s[1 : n-1]
	}
	a, _ := netip.ParseAddr(s)
	return a.Unmap().WithZone("")
}

func home(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}
