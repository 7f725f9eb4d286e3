package sqlitedrivers

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Footprint opens six connections, uses each once, and writes how long that took and what memory the process has (Linux).
func Footprint(out io.Writer, open func(path string) (DB, error)) error {
	dir, err := os.MkdirTemp("", "footprint")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	began := time.Now()
	for i := range 6 {
		db, err := open(filepath.Join(dir, "history.db"))
		if err != nil {
			return err
		}
		defer db.Close()
		if err := db.Exec(fmt.Sprintf("PRAGMA journal_mode = WAL; CREATE TABLE t%d (x INTEGER)", i)); err != nil {
			return err
		}
	}
	took := time.Since(began)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			_, err = fmt.Fprintf(out, "open-ms %d rss-kB %s\n", took.Milliseconds(), strings.Fields(kb)[0])
		}
	}
	return err
}
