package ws

import (
	"syscall"
	"unsafe"
)

// readNow and writeNow are one system call each on a descriptor that never waits. The runtime is not told of them, as it is of
// calls that may: to be ready for one that blocks costs more than half of what the call itself does, see docs/PERFORMANCE.md.
// At most 64 KiB are copied meanwhile.
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
