package ws

import (
	"net"
	"testing"
)

// TestSocketDone: the socket is done when it is closed and the last goroutine has ended, whichever comes last.
func TestSocketDone(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	var s socket
	s.start(near)
	isDone := func() bool {
		select {
		case <-s.doneChan():
			return true
		default:
			return false
		}
	}
	for range 2 {
		if !s.begin() {
			t.Fatal("an open socket runs no goroutine")
		}
	}
	s.end()
	if isDone() {
		t.Error("done while it is open")
	}
	s.shut()
	s.shut()
	if !s.ending() || isDone() {
		t.Error("done while a goroutine runs")
	}
	if s.end(); !isDone() {
		t.Error("not done although it is closed and no goroutine runs")
	}
	if s.begin() {
		t.Error("a closed socket runs a goroutine")
	}
}
