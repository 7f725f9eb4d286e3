package load

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

func parseServers(servers []string) ([]netip.AddrPort, error) {
	if len(servers) == 0 {
		return nil, errors.New("no server to connect to")
	}
	var addresses []netip.AddrPort
	for _, s := range servers {
		a, err := netip.ParseAddrPort(s)
		if err != nil || !a.Addr().Is4() {
			return nil, fmt.Errorf("server %q is no IPv4 address and port", s)
		}
		addresses = append(addresses, a)
	}
	return addresses, nil
}

// dial connects member i and asks for the upgrade; the rest comes in the loop.
func (f *Fleet) dial(i int, server netip.AddrPort) error {
	fd, err := connect(i, server, f.plan.Segment)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", server, err)
	}
	sample := i%f.plan.Sample == 0
	m := &member{index: i, room: f.room(i), fd: fd, sample: sample, full: sample || f.isSender(i)}
	if m.full {
		f.full++
	}
	f.members = append(f.members, m)
	if f.plan.Tokens != nil {
		m.token = f.plan.Tokens[i]
	}
	m.out = []byte(f.request(server))
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
	if err := unix.EpollCtl(f.epoll, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	f.flush(m)
	return nil
}

// connect opens the i-th connection to server. Sources go round 127.0.1.1 to 127.0.1.200, so that ports never run out.
func connect(i int, server netip.AddrPort, segment int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	source := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 1, byte(1 + i%200)}}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.Bind(fd, source),
	)
	if err == nil && segment > 0 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment)
	}
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(server.Port()), Addr: server.Addr().As4()})
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
	}
	return fd, err
}

// request is the upgrade. The key is fixed: nothing between here and the server could mistake an old answer for a new one.
func (f *Fleet) request(server netip.AddrPort) string {
	path, subprotocol := f.plan.Dialect.Endpoint()
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", path, server)
	b.WriteString("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
	if subprotocol != "" {
		fmt.Fprintf(&b, "Sec-WebSocket-Protocol: %s\r\n", subprotocol)
	}
	if f.plan.Compress {
		b.WriteString("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// upgrade takes p, the next part of the response, sends the greeting once it is complete, and gives what came behind it.
func (f *Fleet) upgrade(m *member, p []byte) (rest []byte, err error) {
	m.in = append(m.in, p...)
	response, rest, ok := bytes.Cut(m.in, []byte("\r\n\r\n"))
	if !ok {
		return nil, nil
	}
	if !bytes.HasPrefix(response, []byte("HTTP/1.1 101 ")) {
		return nil, fmt.Errorf("the server refuses the upgrade: %.200s", response)
	}
	squash := bytes.Contains(bytes.ToLower(response), []byte("permessage-deflate"))
	if squash != f.plan.Compress {
		return nil, fmt.Errorf("compression is asked for: %t, agreed: %t", f.plan.Compress, squash)
	}
	m.upgraded, m.in = true, nil
	for _, payload := range f.plan.Dialect.Greet(m.index, m.room, m.token, f.plan.Last) {
		f.queue(m, opText, []byte(payload))
	}
	return rest, nil
}
