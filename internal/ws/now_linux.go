package ws

import (
	"syscall"
	"unsafe"
)

// readNow, writeNow and pollNow are one system call each that never waits. The runtime is not told of them, as it is of calls
// that may: while there are such, its monitor looks every 20 µs whether one of them blocks, which in a server that has a
// little to do all the time costs more than the calls; see docs/PERFORMANCE.md. What is copied meanwhile is 64 KiB at
// most, save for the rest of a longer message.
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

// pollNow gives how many events epoll has, none for an error.
func pollNow(epoll uintptr, events []syscall.EpollEvent) int {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, epoll,
		uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}
