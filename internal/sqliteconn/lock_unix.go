//go:build unix && !aix && !solaris

package sqliteconn

import (
	"os"
	"syscall"
)

// tryLock takes f's lock, which ends with f or with the process, and tells whether nobody else had it.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		return false, nil
	}
	return err == nil, err
}
