//go:build !unix

package ws

import "errors"

// What this system can do.
const (
	directIO    = false // sockets are read and written by system calls of our own, not by package net
	pollerWorks = false // there is a Poller
)

func readNow(uintptr, []byte) (int, error)  { return 0, errors.ErrUnsupported }
func writeNow(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
