package sqliteconn

import (
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes f's lock, which ends with f or with the process, and tells whether nobody else had it.
func tryLock(f *os.File) (bool, error) {
	// Far behind the end, so that the process id in the file stays readable.
	at := &windows.Overlapped{OffsetHigh: 1}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if err == windows.ERROR_LOCK_VIOLATION {
		return false, nil
	}
	return err == nil, err
}

// hasRights says that the mode of a file does not tell who may use it.
const hasRights = false

func ownedByUs(os.FileInfo) bool { return false }
