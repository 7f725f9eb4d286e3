package ws

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// dial connects, and kills the connection at the test's end.
func dial(t testing.TB, url string, o *DialOptions) *Conn {
	t.Helper()
	c, err := Dial(testContext(t), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Kill()
		<-c.Done()
	})
	return c
}

func TestDialAgreesOn(t *testing.T) {
	s := serve(t, &Options{Compress: true, Subprotocols: []string{"salon"}}, func(c *Conn) { echo(c) })
	for _, test := range []struct {
		o          DialOptions
		protocol   string
		compressed bool
	}{
		{DialOptions{}, "", false},
		{DialOptions{Compress: true, Subprotocols: []string{"other", "salon"}}, "salon", true},
		{DialOptions{Subprotocols: []string{"other"}}, "", false},
	} {
		c := dial(t, wsURL(s), &test.o)
		if c.Subprotocol() != test.protocol || c.Compressed() != test.compressed {
			t.Errorf("%q, %v; want %q, %v", c.Subprotocol(), c.Compressed(), test.protocol, test.compressed)
		}
		if got, want := c.RemoteAddr().String(), s.Listener.Addr().String(); got != want {
			t.Errorf("RemoteAddr is %s, want %s", got, want)
		}
		exchange(t, c, strings.Repeat("salut ", 100))
		c.Close(CloseNormal, "")
	}
}

// exchange sends a text to an echo and waits for it.
func exchange(t testing.TB, c *Conn, text string) {
	t.Helper()
	c.Queue(NewMessage(Text, []byte(text)))
	c.Flush()
	if op, p, err := c.Read(); err != nil || op != Text || string(p) != text {
		t.Fatalf("got %d %.40q %v", op, p, err)
	}
}

func TestDialRequest(t *testing.T) {
	var got *http.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		w.Header().Set("Retry-After", "7")
		http.Error(w, "later", http.StatusServiceUnavailable)
	}))
	defer s.Close()
	_, err := Dial(testContext(t), strings.Replace(wsURL(s), "ws://", "ws://ada:secret@", 1)+"/ws?room=a%20b#x", &DialOptions{
		Header: http.Header{"Origin": {"null"}, "Host": {"chat.example"}},
	})
	status, ok := errors.AsType[*StatusError](err)
	if !ok || status.Status != 503 || status.Header.Get("Retry-After") != "7" || status.Body != "later\n" {
		t.Errorf("error %v", err)
	}
	user, password, _ := got.BasicAuth()
	if got.RequestURI != "/ws?room=a%20b" || got.Host != "chat.example" || got.Header.Get("Origin") != "null" || user != "ada" || password != "secret" {
		t.Errorf("request %s of %s: %v", got.RequestURI, got.Host, got.Header)
	}
}

// answering is a server that answers every handshake with what answer returns for its key.
func answering(t *testing.T, answer func(key string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var server sync.WaitGroup
	server.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(nc)); err == nil {
				io.WriteString(nc, answer(r.Header.Get("Sec-WebSocket-Key")))
			}
			nc.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		server.Wait()
	})
	return "ws://" + l.Addr().String()
}

func TestDialRefusesAnswers(t *testing.T) {
	const begin = "HTTP/1.1 101 Switching Protocols\r\n"
	const up = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	accept := func(key string) string { return "Sec-WebSocket-Accept: " + acceptKey(key) + "\r\n" }
	for name, answer := range map[string]func(string) string{
		"no upgrade":      func(k string) string { return begin + "Connection: Upgrade\r\n" + accept(k) + "\r\n" },
		"no connection":   func(k string) string { return begin + "Upgrade: websocket\r\n" + accept(k) + "\r\n" },
		"no accept":       func(string) string { return begin + up + "\r\n" },
		"wrong accept":    func(string) string { return begin + up + accept("x") + "\r\n" },
		"accept twice":    func(k string) string { return begin + up + accept(k) + accept(k) + "\r\n" },
		"other protocol":  func(k string) string { return begin + up + accept(k) + "Sec-WebSocket-Protocol: b\r\n\r\n" },
		"two protocols":   func(k string) string { return begin + up + accept(k) + "Sec-WebSocket-Protocol: a, a\r\n\r\n" },
		"other extension": func(k string) string { return begin + up + accept(k) + "Sec-WebSocket-Extensions: x\r\n\r\n" },
		"keeps a window": func(k string) string {
			return begin + up + accept(k) + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
		},
		"no HTTP":         func(string) string { return "SSH-2.0-x\r\n" },
		"nothing":         func(string) string { return "" },
		"endless headers": func(string) string { return begin + strings.Repeat("X-Long: x\r\n", maxAnswer) },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Dial(testContext(t), answering(t, answer), &DialOptions{Compress: true, Subprotocols: []string{"a"}})
			if err == nil {
				c.Kill()
				t.Error("taken for a handshake")
			}
		})
	}
}

func TestDialRefusesURLs(t *testing.T) {
	for _, url := range []string{"", "http://a", "ws://", "ws://:80", "chat.example", "ws://a b", "ws:chat"} {
		if _, err := Dial(testContext(t), url, nil); err == nil {
			t.Errorf("%q: no error", url)
		}
	}
}

// TestDialCancelled: Dial to a server that accepts and sends nothing ends with its context.
func TestDialCancelled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(testContext(t))
	go func() {
		nc, err := l.Accept()
		if err == nil {
			http.ReadRequest(bufio.NewReader(nc))
			cancel()
			io.Copy(io.Discard, nc)
			nc.Close()
		}
	}()
	if _, err := Dial(ctx, "ws://"+l.Addr().String(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestTLS(t *testing.T) {
	var handlers sync.WaitGroup
	defer handlers.Wait()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Upgrade(w, r, &Options{Compress: true, MaxMessage: 1 << 23}); err == nil {
			handlers.Go(func() { echo(c) })
		}
	}))
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c := dial(t, strings.Replace(s.URL, "https", "wss", 1), &DialOptions{Compress: true, MaxMessage: 1 << 23, TLS: &tls.Config{RootCAs: roots}})
	for _, text := range []string{"", "a", strings.Repeat("salut ", 1000), strings.Repeat("x", 1<<20), noText(1 << 18)} {
		exchange(t, c, text)
	}
	for i := range 1000 { // many frames in one record
		c.Queue(NewMessage(Text, []byte(strings.Repeat("y", i))))
	}
	c.Flush()
	for i := range 1000 {
		if _, p, err := c.Read(); err != nil || len(p) != i {
			t.Fatalf("message %d has %d bytes, %v", i, len(p), err)
		}
	}
	if end := closeWhileReading(c, 4001, "enough"); end == nil || end.Code != 4001 || !end.Remote {
		t.Errorf("error %v", end)
	}
	<-c.Done()
	if _, err := Dial(testContext(t), strings.Replace(s.URL, "https", "wss", 1), nil); err == nil {
		t.Error("a certificate of nobody known was taken")
	}
}

// noText is n bytes of text that deflate cannot make much of.
func noText(n int) string {
	b := []byte(noise(n))
	for i := range b {
		b[i] = ' ' + b[i]%95
	}
	return string(b)
}

// TestPipe: a connection works over a net.Conn that is not a socket.
func TestPipe(t *testing.T) {
	near, far := net.Pipe()
	server := newConn(far, nil, terms{opts: &Options{}})
	var served sync.WaitGroup
	served.Go(func() { echo(server) })
	client := newConn(near, nil, terms{opts: &Options{}, client: true})
	for n := range 40 {
		exchange(t, client, strings.Repeat("a", n*n*n))
	}
	if end := closeWhileReading(client, CloseGoingAway, ""); end == nil || end.Code != CloseGoingAway {
		t.Errorf("error %v", end)
	}
	<-client.Done()
	served.Wait()
}

// isReading tells whether a goroutine reads.
func isReading(c *Conn) bool {
	c.closing.mu.Lock()
	defer c.closing.mu.Unlock()
	return c.closing.reading
}

// closeWhileReading closes the connection while a Read is in progress, and returns the error of that Read. It returns nil
// when the error is not a CloseError.
func closeWhileReading(c *Conn, code int, reason string) *CloseError {
	var err error
	var reader sync.WaitGroup
	reader.Go(func() { _, _, err = c.Read() })
	for !isReading(c) {
		runtime.Gosched()
	}
	c.Close(code, reason)
	reader.Wait()
	end, _ := errors.AsType[*CloseError](err)
	return end
}
