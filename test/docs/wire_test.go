package docs

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"salon/test/harness"
)

// counted counts the bytes that a connection receives, below WebSocket and HTTP.
type counted struct {
	net.Conn
	in *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in.Add(int64(n))
	return n, err
}

// TestLongMessageOnTheWire: 60,000 bytes that repeat themselves reach a member in less than 3,000, handshake included, and its
// program gets them whole. Without compression they take what they are, which shows that the counting counts.
func TestLongMessageOnTheWire(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	for mode, small := range map[websocket.CompressionMode]bool{
		websocket.CompressionContextTakeover: true, // the server does not agree to the takeover, only to the compression
		websocket.CompressionDisabled:        false,
	} {
		s := harness.Start(t, "--data", t.TempDir(), "--lang", "en")
		grace, in := enter(t, ctx, s, "grace", mode)
		ada, _ := enter(t, ctx, s, "ada", mode)
		text := strings.Repeat("la mer, ", 7500)
		if err := ada.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		waitFor(t, ctx, grace, "ada said: "+text)
		t.Logf("compression %t: %d bytes of text, %d bytes on the wire in all", small, len(text), in.Load())
		if n := in.Load(); small && n >= 3000 || !small && n < int64(len(text)) {
			t.Errorf("compression %t: %d bytes on the wire", small, n)
		}
	}
}

// enter joins in text mode with a foreign client.
func enter(t *testing.T, ctx context.Context, s *harness.Server, name string, mode websocket.CompressionMode) (*websocket.Conn, *atomic.Int64) {
	t.Helper()
	in := &atomic.Int64{}
	dialer := &net.Dialer{}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, addr)
		return counted{c, in}, err
	}}
	c, _, err := websocket.Dial(ctx, s.URL(), &websocket.DialOptions{
		CompressionMode: mode, HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	c.SetReadLimit(1 << 20)
	if err := c.Write(ctx, websocket.MessageText, []byte("Hello|"+name)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, c, "Welcome "+name+", you are in lobby. /help lists the commands.")
	return c, in
}

func waitFor(t *testing.T, ctx context.Context, c *websocket.Conn, want string) {
	t.Helper()
	for {
		_, line, err := c.Read(ctx)
		if err != nil {
			t.Fatalf("while waiting for %.40q: %v", want, err)
		}
		if string(line) == want {
			return
		}
	}
}
