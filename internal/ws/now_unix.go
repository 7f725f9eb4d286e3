//go:build unix && !linux

package ws

import "syscall"

// readNow and writeNow are one system call each on a descriptor that never waits.
func readNow(fd uintptr, p []byte) (int, error)  { return syscall.Read(int(fd), p) }
func writeNow(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }
