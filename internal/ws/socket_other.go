//go:build !unix

package ws

import (
	"net"
	"syscall"
)

// Elsewhere sockets are read and written with waiting, like TLS.
func socketOf(net.Conn) syscall.RawConn { return nil }

func (c *Conn) readReady(uintptr) bool { return true }

func (c *Conn) writeReady(uintptr) bool { return true }
