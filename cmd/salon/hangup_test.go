//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"salon/test/harness"
)

// TestHangup sends SIGHUP to a server: it has its log file made again, as for a rotation, and goes on.
func TestHangup(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "salon.log")
	s := harness.Start(t, "--data", filepath.Join(dir, "data"), "--log-file", path)
	pid := s.Pid()
	for range 3 {
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		s.Signal(syscall.SIGHUP)
		harness.Eventually(t, "a new log file", func() bool {
			b, err := os.ReadFile(path)
			return err == nil && bytes.Contains(b, []byte("log file opened again"))
		})
	}
	if s.Pid() != pid {
		t.Error("it is another process")
	}
	s.Stop()
	if b, err := os.ReadFile(path); err != nil || !bytes.Contains(b, []byte("msg=stopped")) {
		t.Errorf("it did not stop in order after SIGHUP: %v, %s", err, b)
	}
}
