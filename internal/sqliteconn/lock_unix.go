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

// hasRights says that the system keeps who may use a file in its mode.
const hasRights = true

// ownedByUs tells whether a file belongs to the user that this process runs as.
func ownedByUs(info os.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}
