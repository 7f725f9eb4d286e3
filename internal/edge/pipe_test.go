package edge

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"salon/internal/ws"
)

// Tests of this package that depend on time run in a synctest bubble, over pipes: a socket would block the bubble's clock.

// pipe makes a connection as a server sees it, and the client's end of its pipe, on which the handshake is done.
func pipe(t *testing.T) (server *ws.Conn, client net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	handshake := make(chan error, 1)
	go func() {
		_, err := io.WriteString(near, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
		if err == nil { // no more than the answer comes before the session begins
			_, err = http.ReadResponse(bufio.NewReader(near), nil)
		}
		handshake <- err
	}()
	server, err := upgrade(far, nil)
	if err := errors.Join(err, <-handshake); err != nil {
		t.Fatal(err)
	}
	return server, near
}

// Pipe makes a connection over a pipe, as a server and as a client see it.
func Pipe(t *testing.T, server *ws.Options, client *ws.DialOptions) (*ws.Conn, *ws.Conn) {
	t.Helper()
	type upgraded struct {
		conn *ws.Conn
		err  error
	}
	done := make(chan upgraded, 1)
	client.NetDial = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			conn, err := upgrade(far, server)
			done <- upgraded{conn, err}
		}()
		return near, nil
	}
	conn, err := ws.Dial(t.Context(), "ws://h", client)
	got := <-done
	if err := errors.Join(err, got.err); err != nil {
		t.Fatal(err)
	}
	return got.conn, conn
}

// upgrade does a server's part of the handshake.
func upgrade(far net.Conn, o *ws.Options) (*ws.Conn, error) {
	read := bufio.NewReader(far)
	r, err := http.ReadRequest(read)
	if err != nil {
		return nil, err
	}
	return ws.Upgrade(hijacked{conn: far, buffered: bufio.NewReadWriter(read, bufio.NewWriter(far))}, r, o)
}

// hijacked is a response whose connection can be taken over.
type hijacked struct {
	http.ResponseWriter
	conn     net.Conn
	buffered *bufio.ReadWriter
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.conn, h.buffered, nil }

// Frames of a client have a mask, which is 0 here.
var (
	pong      = []byte{0x8a, 0x80, 0, 0, 0, 0}
	textFrame = []byte{0x81, 0x81, 0, 0, 0, 0, 'x'}
)

const (
	opPing  = 0x9
	opClose = 0x8
)

// peer is a client: what came to it, by opcode.
type peer struct {
	conn net.Conn

	mu   sync.Mutex // guards what follows
	came map[byte][]time.Time
	code int // of the close frame
}

// newPeer makes a client that reads, unless it is deaf, and answers pings if it answers.
func newPeer(conn net.Conn, deaf, answers bool) *peer {
	p := &peer{conn: conn, came: map[byte][]time.Time{}}
	if !deaf {
		go p.read(answers)
	}
	return p
}

func (p *peer) read(answers bool) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(p.conn, head[:]); err != nil {
			return
		}
		payload := make([]byte, head[1]) // a server's control frames are short and have no mask
		if _, err := io.ReadFull(p.conn, payload); err != nil {
			return
		}
		op := head[0] & 0xf
		p.mu.Lock()
		p.came[op] = append(p.came[op], time.Now())
		if op == opClose {
			p.code = int(payload[0])<<8 | int(payload[1])
		}
		p.mu.Unlock()
		if op == opPing && answers {
			if _, err := p.conn.Write(pong); err != nil {
				return
			}
		}
	}
}

// times returns when frames of this kind came.
func (p *peer) times(op byte) []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.came[op]
}

func (p *peer) closed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.code
}

// send sends a frame each so often, until the connection ends.
func (p *peer) send(frame []byte, each time.Duration) {
	for {
		time.Sleep(each)
		if _, err := p.conn.Write(frame); err != nil {
			return
		}
	}
}

// mute is a way in that shows nothing and takes everything.
type mute struct{ told []int } // the codes of its goodbyes

func (*mute) Greet()                         {}
func (*mute) Handle(ws.Opcode, []byte) error { return nil }
func (m *mute) Bye(code int, _ string)       { m.told = append(m.told, code) }
func (*mute) Degraded(bool)                  {}

// muteServer makes a server of mute sessions. Call close at the end.
func muteServer(ping time.Duration) (s *Server, closeAll func()) {
	s = NewServer(Config{
		Dialects: map[string]Open{"": func(*Session, *Params) Dialect { return &mute{} }}, Logger: slog.New(slog.DiscardHandler),
		Ping: ping, Hello: 1000 * time.Hour,
	})
	return s, func() {
		for _, c := range s.all() {
			c.conn.Kill()
		}
		s.Stop()
	}
}

// visit has the server serve a pipe, and returns the client's end. Served is closed when the session has ended.
func (s *Server) visit(t *testing.T) (client net.Conn, served chan struct{}) {
	t.Helper()
	conn, client := pipe(t)
	served = make(chan struct{})
	go func() {
		defer close(served)
		s.Serve(conn, &Params{})
	}()
	return client, served
}
