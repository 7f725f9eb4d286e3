package ws

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of a test. It only ends a test that hangs.
const patience = time.Minute

// serve runs a server that gives each connection to handle, and waits for all of them at the test's end.
func serve(t testing.TB, o *Options, handle func(*Conn)) *httptest.Server {
	t.Helper()
	var handlers sync.WaitGroup
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1) // before the upgrade: after it, the server's Close does not wait for this function
		c, err := Upgrade(w, r, o)
		if err != nil {
			handlers.Done()
			return
		}
		go func() {
			defer handlers.Done()
			handle(c)
			c.Kill()
			<-c.Done()
		}()
	}))
	t.Cleanup(func() {
		s.Close()
		handlers.Wait()
	})
	return s
}

func wsURL(s *httptest.Server) string { return "ws" + strings.TrimPrefix(s.URL, "http") }

// echo sends every message back until Read fails, and returns how it failed once the connection is gone.
func echo(c *Conn) error {
	for {
		op, p, err := c.Read()
		if err != nil {
			<-c.Done()
			return err
		}
		c.Queue(NewMessage(op, bytes.Clone(p)))
		c.Flush()
	}
}

// peer exchanges bytes with a connection under test.
type peer struct {
	t testing.TB
	net.Conn
	br     *bufio.Reader
	client bool // it is the client, and masks
}

// peerOf returns a peer whose other end is a connection in the role given, which handle gets.
func peerOf(t testing.TB, o *Options, server bool, handle func(*Conn)) *peer {
	t.Helper()
	if server {
		return dialRaw(t, serve(t, o, handle).Listener.Addr().String(), deflateOffer)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var handler sync.WaitGroup
	handler.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := Dial(ctx, "ws://"+l.Addr().String(), &DialOptions{
			Compress: o.Compress, MaxMessage: o.MaxMessage, QueueBytes: o.QueueBytes, CloseTimeout: o.CloseTimeout,
			CompressFrom: o.CompressFrom,
		})
		if err != nil {
			t.Error(err)
			return
		}
		handle(c)
		c.Kill()
		<-c.Done()
	})
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, nc, false)
	t.Cleanup(func() {
		nc.Close()
		handler.Wait()
	})
	r, err := http.ReadRequest(p.br)
	if err != nil {
		t.Fatal(err)
	}
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		acceptKey(r.Header.Get("Sec-WebSocket-Key")) + "\r\n"
	if o.Compress {
		answer += "Sec-WebSocket-Extensions: " + deflateOffer + "\r\n"
	}
	p.send([]byte(answer + "\r\n"))
	return p
}

func newPeer(t testing.TB, nc net.Conn, client bool) *peer {
	nc.SetDeadline(time.Now().Add(patience))
	return &peer{t: t, Conn: nc, br: bufio.NewReader(nc), client: client}
}

// dialRaw does the handshake by hand.
func dialRaw(t testing.TB, address, offer string) *peer {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	p := newPeer(t, nc, true)
	request := "GET / HTTP/1.1\r\nHost: " + address + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	if offer != "" {
		request += "Sec-WebSocket-Extensions: " + offer + "\r\n"
	}
	p.send([]byte(request + "\r\n"))
	answer, err := http.ReadResponse(p.br, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v %v", answer, err)
	}
	return p
}

func (p *peer) send(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatalf("send: %v", err)
	}
}

// frame is a frame to send, which may break the rules.
type frame struct {
	op      byte
	payload string
	more    bool  // without FIN
	rsv     byte  // 4 is RSV1, 2 RSV2, 1 RSV3
	form    int   // bytes of the length field: 2 or 8 forces them
	claim   int64 // length to claim instead of the payload's
	unmask  bool  // masked wrongly
}

func (f frame) encode(client bool) []byte {
	b0 := f.op | f.rsv<<4
	if !f.more {
		b0 |= bitFin
	}
	length := int64(len(f.payload))
	if f.claim != 0 {
		length = f.claim
	}
	b := []byte{b0, 0}
	switch form := f.form; {
	case form == 8 || form == 0 && (length >= 1<<16 || length < 0):
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, uint64(length))
	case form == 2 || length > 125:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(length))
	default:
		b[1] = byte(length)
	}
	payload := []byte(f.payload)
	if client != f.unmask {
		b[1] |= bitMask
		mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
		b = append(b, mask[:]...)
		for i := range payload {
			payload[i] ^= mask[i%4]
		}
	}
	return append(b, payload...)
}

// receive reads a frame and describes it: `text "abc"`, `pong ""`, `close 1002`. It checks the rules for a single frame.
func (p *peer) receive() (string, error) {
	var head [2]byte
	if _, err := io.ReadFull(p.br, head[:]); err != nil {
		return "", err
	}
	rest := make([]byte, headerSize(head[1])-2)
	if _, err := io.ReadFull(p.br, rest); err != nil {
		return "", err
	}
	h, err := parseHeader(append(head[:], rest...))
	if err != nil {
		return "", err
	}
	if h.masked == p.client || !h.fin {
		return "", errors.New("frame masked wrongly or in fragments")
	}
	payload := make([]byte, h.length)
	if _, err := io.ReadFull(p.br, payload); err != nil {
		return "", err
	}
	if h.masked {
		for i := range payload {
			payload[i] ^= h.mask[i%4]
		}
	}
	return show(h.op, h.rsv, payload)
}

func show(op Opcode, rsv byte, payload []byte) (string, error) {
	name := map[Opcode]string{Text: "text", Binary: "binary", opPing: "ping", opPong: "pong", opClose: "close"}[op]
	switch {
	case name == "" || op > Binary && rsv != 0 || rsv&^bitRSV1 != 0:
		return "", fmt.Errorf("frame with opcode %d and bits %x", op, rsv)
	case op == opClose && len(payload) == 0:
		return "close", nil
	case op == opClose:
		return fmt.Sprintf("close %d", binary.BigEndian.Uint16(payload)), nil
	case rsv != 0:
		name = "deflated " + name
		d := newInflater()
		b, n, err := d.inflate(append(payload, make([]byte, 9)...)[:len(payload)], 64<<20, nil)
		if err != nil {
			return "", err
		}
		payload = b.b[:n]
	}
	if len(payload) > 100 {
		return fmt.Sprintf("%s of %d, %08x", name, len(payload), crc32.ChecksumIEEE(payload)), nil
	}
	return fmt.Sprintf("%s %q", name, payload), nil
}

// receiveAll reads frames until the end, which must be a clean one.
func (p *peer) receiveAll() []string {
	p.t.Helper()
	var all []string
	for {
		s, err := p.receive()
		if err == io.EOF {
			p.Close()
			return all
		}
		if err != nil {
			p.t.Errorf("receive: %v", err)
			p.Close() // or the other side would wait for ever
			return all
		}
		all = append(all, s)
		if !p.client && strings.HasPrefix(s, "close") {
			p.Close() // the server's part (RFC 6455, section 7.1.1)
			return all
		}
	}
}
