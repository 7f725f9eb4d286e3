//go:build unix && !linux

package ws

import "syscall"

// What this system can do.
const (
	directIO    = true  // sockets are read and written by system calls of our own, not by package net
	pollerWorks = false // there is a Poller
)

// readNow and writeNow make one system call each on a descriptor that never waits.
func readNow(fd uintptr, p []byte) (int, error)  { return syscall.Read(int(fd), p) }
func writeNow(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }
