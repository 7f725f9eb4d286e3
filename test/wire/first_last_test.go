package wire

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTextModeAsksFirst(t *testing.T) {
	if line := dial(t, start(t, "--hello-timeout=1h"), "?lang=en").line(); line != "Your name? Send it alone, or as Hello|name" {
		t.Errorf("asked %q", line)
	}
}

// Who says goodbye gets the answer and an end in order: a connection that is reset may take the answer with it.
func TestGoodbyeIsNoReset(t *testing.T) {
	n := start(t)
	conn, err := net.Dial("tcp", strings.Trim(n.URL(), "htp:/"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	io.WriteString(conn, "GET /?lang=en HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	answers := bufio.NewReader(conn)
	if answer, err := http.ReadResponse(answers, nil); err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v, %v", answer, err)
	}
	// A close frame with code 1000, masked with the key 0.
	if _, err := conn.Write([]byte{0x88, 0x82, 0, 0, 0, 0, 1000 >> 8, 1000 & 0xff}); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(answers)
	if err != nil || !bytes.HasSuffix(all, []byte{0x88, 2, 1000 >> 8, 1000 & 0xff}) {
		t.Errorf("got %q, %v", all, err)
	}
}
