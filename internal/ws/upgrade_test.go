package ws

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// request returns a valid request with some headers replaced. nil removes a header; several values are several lines.
func request(replace map[string][]string) string {
	headers := map[string][]string{
		"Host": {"chat.example"}, "Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-WebSocket-Version": {"13"}, "Sec-WebSocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	line := "GET /ws HTTP/1.1"
	for name, values := range replace {
		if name == "line" {
			line = values[0]
			continue
		}
		headers[name] = values
	}
	var b strings.Builder
	b.WriteString(line + "\r\n")
	for name, values := range headers {
		for _, v := range values {
			b.WriteString(name + ": " + v + "\r\n")
		}
	}
	return b.String() + "\r\n"
}

func TestUpgrade(t *testing.T) {
	s := serve(t, &Options{Compress: true, Subprotocols: []string{"b", "a"}}, func(c *Conn) { echo(c) })
	type h = map[string][]string
	for _, test := range []struct {
		name   string
		change h
		status int
		answer h // headers of the answer; nil for absent
	}{
		{"right", h{}, 101, h{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Accept": {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, "Sec-Websocket-Protocol": nil, "Sec-Websocket-Extensions": nil}},
		{"lists in any case", h{"Connection": {"keep-alive, UPGRADE"}, "Upgrade": {"h2c", "WebSocket"}}, 101, nil},
		{"our preference", h{"Sec-WebSocket-Protocol": {"a, b"}}, 101, h{"Sec-Websocket-Protocol": {"b"}}},
		{"protocols in lines", h{"Sec-WebSocket-Protocol": {"x", "a"}}, 101, h{"Sec-Websocket-Protocol": {"a"}}},
		{"unknown protocol", h{"Sec-WebSocket-Protocol": {"x, B"}}, 101, h{"Sec-Websocket-Protocol": nil}},
		{"extension", h{"Sec-WebSocket-Extensions": {"permessage-deflate; client_max_window_bits"}}, 101, h{"Sec-Websocket-Extensions": {deflateOffer}}},
		{"unknown extension", h{"Sec-WebSocket-Extensions": {"x-other"}}, 101, h{"Sec-Websocket-Extensions": nil}},
		{"own origin", h{"Origin": {"https://CHAT.example"}}, 101, nil},
		{"post", h{"line": {"POST /ws HTTP/1.1"}}, 405, h{"Allow": {"GET"}}},
		{"head", h{"line": {"HEAD /ws HTTP/1.1"}}, 405, nil},
		{"HTTP/1.0", h{"line": {"GET /ws HTTP/1.0"}}, 400, nil},
		{"no connection", h{"Connection": nil}, 426, h{"Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}}},
		{"other connection", h{"Connection": {"keep-alive, upgrade-insecure"}}, 426, nil},
		{"no upgrade", h{"Upgrade": nil}, 426, nil},
		{"other upgrade", h{"Upgrade": {"websocket2"}}, 426, nil},
		{"no version", h{"Sec-WebSocket-Version": nil}, 426, h{"Sec-Websocket-Version": {"13"}}},
		{"version 8", h{"Sec-WebSocket-Version": {"8"}}, 426, h{"Sec-Websocket-Version": {"13"}}},
		{"versions", h{"Sec-WebSocket-Version": {"13, 8"}}, 426, nil},
		{"version twice", h{"Sec-WebSocket-Version": {"13", "13"}}, 400, nil},
		{"no key", h{"Sec-WebSocket-Key": nil}, 400, nil},
		{"key twice", h{"Sec-WebSocket-Key": {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="}}, 400, nil},
		{"key of 15", h{"Sec-WebSocket-Key": {"dGhlIHNhbXBsZSBub25j"}}, 400, nil},
		{"key of 18", h{"Sec-WebSocket-Key": {"dGhlIHNhbXBsZSBub25jZWFh"}}, 400, nil},
		{"key not base64", h{"Sec-WebSocket-Key": {"dGhlIHNhbXBsZSBub25jZQ!!"}}, 400, nil},
		{"foreign origin", h{"Origin": {"https://evil.example"}}, 403, nil},
		{"origin null", h{"Origin": {"null"}}, 403, nil},
		{"origin with own host in its path", h{"Origin": {"https://evil.example/chat.example"}}, 403, nil},
		{"origins", h{"Origin": {"https://chat.example", "https://evil.example"}}, 403, nil},
		{"malformed protocol", h{"Sec-WebSocket-Protocol": {"a b"}}, 400, nil},
		{"empty protocol", h{"Sec-WebSocket-Protocol": {""}}, 400, nil},
		{"malformed extension", h{"Sec-WebSocket-Extensions": {"permessage-deflate;"}}, 400, nil},
		{"body", h{"Content-Length": {"4"}}, 400, nil},
		{"chunked body", h{"Transfer-Encoding": {"chunked"}}, 400, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			nc, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(patience))
			io.WriteString(nc, request(test.change))
			answer, err := http.ReadResponse(bufio.NewReader(nc), nil)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != test.status {
				t.Errorf("status %d, want %d", answer.StatusCode, test.status)
			}
			for name, want := range test.answer {
				if got := answer.Header[name]; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestUpgradeWithOwnCheck(t *testing.T) {
	o := &Options{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == "null" }}
	s := serve(t, o, func(c *Conn) { echo(c) })
	for origin, want := range map[string]int{"null": 101, "http://" + s.Listener.Addr().String(): 403} {
		r, _ := http.NewRequest("GET", s.URL, nil)
		r.Header = http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Origin": {origin},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		}
		answer, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("origin %q: %d, want %d", origin, answer.StatusCode, want)
		}
	}
}

// TestUpgradeWithFramesAtOnce: a client may send right behind its request, before the answer.
func TestUpgradeWithFramesAtOnce(t *testing.T) {
	s := serve(t, &Options{}, func(c *Conn) { echo(c) })
	long := strings.Repeat("x", 6000) // more than net/http reads at once
	for _, payloads := range [][]string{{"a"}, {"a", "b", "c"}, {long}, {"a", long, "b"}} {
		nc, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		p := newPeer(t, nc, true)
		send := []byte(request(nil))
		for _, payload := range payloads {
			send = append(send, frame{op: 1, payload: payload}.encode(true)...)
		}
		p.send(send)
		if answer, err := http.ReadResponse(p.br, nil); err != nil || answer.StatusCode != 101 {
			t.Fatal(answer, err)
		}
		for _, payload := range payloads {
			if got, err := p.receive(); err != nil || got != q("text", payload) {
				t.Errorf("%q, %v; want %s", got, err, q("text", payload))
			}
		}
	}
}

// TestUpgradeWithoutHijack: a request whose connection cannot be taken over is answered.
func TestUpgradeWithoutHijack(t *testing.T) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request(nil))))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if c, err := Upgrade(w, r, nil); c != nil || err == nil || w.Code != http.StatusInternalServerError {
		t.Errorf("%v, %v, %d", c, err, w.Code)
	}
}
