//go:build unix

package ws

import (
	"crypto/tls"
	"io"
	"net"
	"syscall"
)

// socketOf returns the way to a TCP or Unix socket's descriptor; nil for everything that is not just a socket. A type that
// embeds *net.TCPConn keeps the way; its own Read and Write are then not called, its Close is.
func socketOf(nc net.Conn) syscall.RawConn {
	if _, ok := nc.(*tls.Conn); ok {
		return nil
	}
	s, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// readReady reads once. It is called by RawConn.Read, whenever the descriptor may be readable; false lets the goroutine
// wait. A reader without bytes gives its buffer back before that.
func (c *Conn) readReady(fd uintptr) bool {
	in := &c.input
	for {
		n, err := readNow(fd, in.space())
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			in.rest()
			in.n, in.err = 0, ErrNothing
			return in.hasty
		case err == nil && n == 0:
			err = io.EOF
		}
		in.n, in.err = max(n, 0), err
		return true
	}
}

// writeReady writes output until the socket is full. For a patient writer it is called by RawConn.Write, where false lets
// the goroutine wait; for the others by RawConn.Control.
func (c *Conn) writeReady(fd uintptr) bool {
	out := &c.output
	for !out.empty() {
		p, scratch := out.gather(gatherRaw)
		n, err := writeNow(fd, p)
		out.ungather(scratch)
		if n > 0 {
			out.advance(n)
		}
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			if out.patient {
				c.progress(true)
			}
			return !out.patient
		case err != nil:
			out.err = err
			return true
		case n < len(p) && !out.patient: // full: to ask again would tell the same
			return true
		}
	}
	return true
}
