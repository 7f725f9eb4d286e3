package crash

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"salon/test/harness"
)

func dialTCP(t *testing.T, s *harness.Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// readToEnd reads until the peer closes or resets the connection. The error says that the peer did neither.
func readToEnd(c net.Conn) (int64, error) {
	if err := c.SetReadDeadline(time.Now().Add(harness.Patience)); err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, c)
	if errors.Is(err, syscall.ECONNRESET) {
		err = nil
	}
	return n, err
}
