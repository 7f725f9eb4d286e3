package node

import (
	"os"
	"sync"

	"salon/internal/chat"
)

// logFile is a log file that can be opened again: a program that rotates logs renames it and has a new one made.
type logFile struct {
	path string

	mu   sync.Mutex // guards what follows
	file *os.File
}

func openLogFile(path string) (*logFile, error) {
	l := &logFile{path: path}
	return l, l.reopen()
}

// Write appends a line.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Write(line)
}

// reopen opens the file that has the path now, and makes it if it is not there. On an error the file that was open stays in use.
func (l *logFile) reopen() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return chat.Problemf("log file: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close() // each line was written when it was logged
	}
	l.file = f
	return nil
}

// Close closes the file.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
