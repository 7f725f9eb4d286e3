package crash

import (
	"fmt"
	"io"
	"net"
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

// readToEnd reads until the peer closes; the error says that it did not in time.
func readToEnd(c net.Conn) (int64, error) {
	if err := c.SetReadDeadline(time.Now().Add(harness.Patience)); err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, c)
}
