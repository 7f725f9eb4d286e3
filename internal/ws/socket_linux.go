package ws

import (
	"syscall"
	"unsafe"
)

// What this system can do.
const (
	directIO    = true // sockets are read and written by system calls of our own, not by package net
	pollerWorks = true // there is a Poller
)

// readNow, writeNow and epollNow make one system call each that never waits. The calls are not announced to the Go
// runtime, as calls that may wait are. While there are announced calls, the runtime's monitor looks every 20 µs whether
// one of them waits. In a server that has a little to do all the time, that costs more than the calls; see
// docs/PERFORMANCE.md. Each call copies 64 KiB at most, except for the rest of a longer message.
func readNow(fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return result(n, errno)
}

func writeNow(fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return result(n, errno)
}

func result(n uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// epollNow returns how many events epoll has, 0 on an error.
func epollNow(epoll uintptr, events []syscall.EpollEvent) int {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, epoll,
		uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}
