package wire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"salon/internal/node"
	"salon/internal/protocol"
)

// dialFrom connects as a page of an origin does, which asked for host.
func dialFrom(t *testing.T, n *node.Node, host, origin string, subprotocols ...string) *peer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(n.URL(), "http")+"ws",
		&websocket.DialOptions{HTTPHeader: h, Host: host, Subprotocols: subprotocols})
	if err != nil {
		t.Fatalf("origin %q, host %q: %v", origin, host, err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &peer{t: t, conn: conn}
}

// startLogging starts a node whose log goes to the file that is returned.
func startLogging(t *testing.T, args ...string) (*node.Node, func() string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	n := start(t, append(args, "--log-file="+file)...)
	return n, func() string {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

func TestOrigins(t *testing.T) {
	n := start(t, "--origin=friend.example", "--origin=https://Port.example:443", "--origin=[2001:DB8::0:1]")
	own := strings.TrimSuffix(strings.TrimPrefix(n.URL(), "http://"), "/")
	for _, c := range []struct {
		host, origin string
		welcome      bool
	}{
		{own, "http://" + own, true},
		{own, "null", true},
		{own, "", true},
		{own, "https://friend.example", true},
		{own, "https://FRIEND.example:8443", true},
		{own, "https://port.example", true},
		{own, "https://[2001:db8::1]", true},
		{"h", "https://h", true},
		{"h:443", "https://h", true},
		{"h", "https://h:443", true},
		{"h:80", "http://h", true},
		{"H", "http://h:80", true},
		{"h:8080", "http://H:8080", true},
		{"[::1]:443", "https://[::1]", true},
		{"[0:0::1]", "http://[::1]:80", true},
		{"[FE80::A]:8888", "http://[fe80::a]:8888", true},
		{"h:443", "http://h", false},
		{"h:80", "https://h", false},
		{"h:8080", "http://h", false},
		{own, "https://port.example:8443", false},
		{own, "https://evil.example", false},
		{own, "http://" + own + ".evil.example", false},
		{own, "https://evil.example/" + own, false},
		{own, "https://evil@" + own, false},
		{own, "garbage", false},
	} {
		p := dialFrom(t, n, c.host, c.origin, protocol.Subprotocol)
		if c.welcome {
			p.send(`{"type":"ping"}`)
			p.next("pong", "error") // hello_first will do
			continue
		}
		b := p.next("bye", "pong", "error")
		if b["code"] != 4005.0 || b["reason"] == "" || b["message"] == "" {
			t.Errorf("origin %q, host %q: %v", c.origin, c.host, b)
		}
		if code := p.closed(); code != 4005 {
			t.Errorf("origin %q, host %q: closed with %d", c.origin, c.host, code)
		}
	}
}

func TestRefusedOriginInTextMode(t *testing.T) {
	n := start(t, "--lang=fr")
	p := dialFrom(t, n, "h", "https://evil.example")
	if line := p.line(); !strings.Contains(line, "--origin") || !strings.Contains(line, "adresse") {
		t.Errorf("told %q", line)
	}
	if code := p.closed(); code != 4005 {
		t.Errorf("closed with %d", code)
	}
}

func TestRefusedOriginIsLoggedOnce(t *testing.T) {
	n, log := startLogging(t)
	for range 5 {
		dialFrom(t, n, "chat.example:8888", "https://evil.example", protocol.Subprotocol).next("bye")
	}
	got := log()
	if c := strings.Count(got, "origin="); c != 1 {
		t.Errorf("%d warnings: %s", c, got)
	}
	if !strings.Contains(got, "origin=https://evil.example") || !strings.Contains(got, "host=chat.example:8888") {
		t.Errorf("the names are not in %s", got)
	}
}

// TestSpoiledUpgradeIsReported: a proxy that speaks HTTP/1.0, or keeps Upgrade to itself, is what an operator must find.
func TestSpoiledUpgradeIsReported(t *testing.T) {
	const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	for request, want := range map[string]string{
		"GET /ws HTTP/1.0\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + key: "HTTP/1.0",
		"GET /ws HTTP/1.0\r\nHost: h\r\nConnection: close\r\n" + key:                         "HTTP/1.0",
		"GET / HTTP/1.0\r\nHost: h\r\nConnection: close\r\n" + key:                           "HTTP/1.0",
		"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + key:                         "without Upgrade",
	} {
		n, log := startLogging(t)
		nc, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(n.URL(), "http://"), "/"))
		if err != nil {
			t.Fatal(err)
		}
		nc.SetDeadline(time.Now().Add(patience))
		fmt.Fprint(nc, request, "\r\n")
		res, err := http.ReadResponse(bufio.NewReader(nc), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		nc.Close()
		if res.StatusCode == http.StatusOK || res.StatusCode == http.StatusSwitchingProtocols {
			t.Errorf("%q: %s", request, res.Status)
		}
		if want == "HTTP/1.0" && !strings.Contains(string(body), want) {
			t.Errorf("%q is answered %q", request, body)
		}
		if got := log(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, want) {
			t.Errorf("%q is logged as %s", request, got)
		}
	}
}
