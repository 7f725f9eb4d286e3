//go:build unix

package tui

import (
	"os"
	"os/signal"
	"syscall"
)

// resizes reports each change of the size of the terminal, until stop.
func resizes() (changed <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGWINCH)
	return c, func() { signal.Stop(c) }
}
