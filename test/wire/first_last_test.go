package wire

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	gobwas "github.com/gobwas/ws"
)

func TestTextModeAsksFirst(t *testing.T) {
	if line := dial(t, start(t, "--hello-timeout=1h"), "?lang=en").line(); line != "Your name? Send it alone, or as Hello|name" {
		t.Errorf("asked %q", line)
	}
}

// Who says goodbye gets the answer and an end in order: a connection that is reset may take the answer with it.
func TestGoodbyeIsNoReset(t *testing.T) {
	n := start(t)
	conn, _, _, err := gobwas.Dial(t.Context(), "ws"+strings.TrimPrefix(n.URL(), "http")+"?lang=en")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if err := gobwas.WriteFrame(conn, gobwas.MaskFrame(gobwas.NewCloseFrame(gobwas.NewCloseFrameBody(1000, "")))); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(conn)
	if err != nil || !bytes.HasSuffix(all, []byte{0x88, 2, 1000 >> 8, 1000 & 0xff}) {
		t.Errorf("got %q, %v", all, err)
	}
}
