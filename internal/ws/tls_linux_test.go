package ws

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// wire is the client's socket below TLS. It keeps what the server sent, and can hold back what the client sends.
type wire struct {
	net.Conn
	came bytes.Buffer // all bytes from the server
	hold bool         // Write only adds to held
	held bytes.Buffer
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.came.Write(p[:n])
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	if w.hold {
		return w.held.Write(p)
	}
	return w.Conn.Write(p)
}

// tlsPeer is a client that speaks TLS to a polled connection.
type tlsPeer struct {
	*peer
	wire    *wire
	secrets bytes.Buffer // the key log of the client's handshake
}

// watchedTLS makes a connection over TLS that a poller watches and that sends back what comes. ended gets the error at its
// end.
func watchedTLS(t *testing.T, version uint16) (remote *tlsPeer, ended <-chan error) {
	t.Helper()
	poller := newPoller(t)
	ends := make(chan error, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Upgrade(w, r, &Options{})
		if err != nil {
			t.Error(err)
			return
		}
		if !c.Watchable() {
			t.Error("a TLS connection is not watchable")
		}
		t.Cleanup(func() {
			c.Kill()
			<-c.Done()
		})
		echoWatched(poller, c, ends)
	}))
	s.Listener = Listener(s.Listener)
	s.StartTLS()
	t.Cleanup(s.Close)

	nc, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	remote = &tlsPeer{wire: &wire{Conn: nc}}
	config := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.ServerName, config.MinVersion, config.MaxVersion, config.KeyLogWriter = "example.com", version, version, &remote.secrets
	config.NextProtos = nil
	config.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256} // of TLS 1.2
	remote.peer = newPeer(t, tls.Client(remote.wire, config), true)
	remote.send([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"))
	answer, err := http.ReadResponse(remote.br, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v, %v", answer, err)
	}
	return remote, ends
}

var tlsVersions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func TestWatchedTLS(t *testing.T) {
	for name, version := range tlsVersions {
		t.Run(name, func(t *testing.T) {
			remote, ended := watchedTLS(t, version)
			for i := range 100 { // some while the one before is handled, some after everything was at rest
				line := strings.Repeat(fmt.Sprintf("message %d ", i), 1+i%7*300)
				remote.send(text(line))
				if i%3 == 0 {
					remote.send(frame{op: byte(opPing), payload: "p"}.encode(true))
					remote.send(text("again"))
				}
				remote.wants(Text, line)
				if i%3 == 0 {
					remote.wants(opPong, "p")
					remote.wants(Text, "again")
				}
			}
			large := noText(1 << 19) // many records of the largest size
			remote.send(text(large))
			remote.wants(Text, large)
			remote.Conn.(*tls.Conn).CloseWrite() // close_notify
			if err := <-ended; err != io.EOF {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// TestWatchedTLSInPieces: a record that comes in pieces is kept until it is whole, wherever it is cut, also when it holds
// several messages, and when another record is cut behind it.
func TestWatchedTLSInPieces(t *testing.T) {
	for name, version := range tlsVersions {
		t.Run(name, func(t *testing.T) {
			remote, ended := watchedTLS(t, version)
			line := strings.Repeat("x", 300)
			for cut := 1; cut < 700; cut += 29 {
				remote.wire.hold = true
				remote.send(append(text("first"), text(line)...))
				remote.send(text("second record"))
				remote.wire.hold = false
				record := bytes.Clone(remote.wire.held.Bytes())
				remote.wire.held.Reset()
				cut := min(cut, len(record))
				remote.wire.Write(record[:cut])
				remote.wire.Write(record[cut:])
				remote.wants(Text, "first")
				remote.wants(Text, line)
				remote.wants(Text, "second record")
			}
			remote.wire.hold = true
			remote.send(text(line))
			remote.wire.Conn.Write(remote.wire.held.Bytes()[:100])
			remote.wire.Conn.Close()
			if err := <-ended; err != io.ErrUnexpectedEOF {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// TestTryReadTLSPartialRecord: part of a record is nothing to read, and loses nothing.
func TestTryReadTLSPartialRecord(t *testing.T) {
	conns := make(chan *Conn, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Upgrade(w, r, &Options{}); err == nil {
			conns <- c
		}
	}))
	s.Listener = Listener(s.Listener)
	s.StartTLS()
	defer s.Close()
	nc, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	below := &wire{Conn: nc}
	remote := newPeer(t, tls.Client(below, &tls.Config{InsecureSkipVerify: true}), true)
	remote.send([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"))
	c := <-conns
	defer func() {
		c.Kill()
		<-c.Done()
	}()
	if _, _, err := c.TryRead(); err != ErrNothing {
		t.Fatalf("TryRead before anything came: %v", err)
	}
	below.hold = true
	remote.send(text("whole"))
	for i := range below.held.Len() {
		nc.Write(below.held.Bytes()[i : i+1])
		if i+1 < below.held.Len() {
			if _, p, err := c.TryRead(); err != ErrNothing {
				t.Fatalf("TryRead after %d bytes: %q, %v", i+1, p, err)
			}
		}
	}
	until(t, "the message", func() bool {
		_, p, err := c.TryRead()
		if err != nil && err != ErrNothing {
			t.Fatal(err)
		}
		return string(p) == "whole"
	})
	if _, _, err := c.TryRead(); err != ErrNothing || c.in.input.buf != nil {
		t.Error("a connection with nothing to read holds a buffer")
	}
}

// TestWatchedTLSKeyUpdate: the client changes its key and asks for the same, once while nothing else comes, and once with
// the update cut in two.
func TestWatchedTLSKeyUpdate(t *testing.T) {
	remote, ended := watchedTLS(t, tls.VersionTLS13)
	k := newKeys13(t, remote)
	for round := range 6 {
		update := k.seal(recordHandshake, []byte{24, 0, 0, 1, 1}) // key_update, update_requested
		k.next()
		half := len(update) * (round % 2) / 2
		remote.wire.Write(update[:half])
		remote.wire.Write(update[half:])
		line := fmt.Sprint("after update ", round)
		remote.wire.Write(k.seal(recordData, text(line)))
		remote.wants(Text, line) // read with the server's next key
	}
	remote.wire.Write(k.seal(recordAlert, []byte{1, 0})) // close_notify
	if err := <-ended; err != io.EOF {
		t.Errorf("ended with %v", err)
	}
}

// TestWatchedTLSRenegotiation: a client that begins a second handshake is refused.
func TestWatchedTLSRenegotiation(t *testing.T) {
	remote, ended := watchedTLS(t, tls.VersionTLS12)
	hello := append([]byte{1, 0, 0, 41, 3, 3}, make([]byte, 32)...)                 // client_hello, TLS 1.2, random
	hello = append(hello, 0, 0, 2, 0xc0, 0x2f, 1, 0)                                // no session, one cipher suite, no compression
	remote.wire.Write(seal12(t, remote, recordHandshake, hello))                    // the client has sent Finished and one record
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "unexpected") { // alert unexpected_message
		t.Errorf("ended with %v", err)
	}
}

const (
	recordAlert     = 21
	recordHandshake = 22
	recordData      = 23
)

// secret returns a secret of the client's key log.
func (p *tlsPeer) secret(label string) (random, secret []byte) {
	p.t.Helper()
	for line := range strings.Lines(p.secrets.String()) {
		if f := strings.Fields(line); f[0] == label {
			random, _ = hex.DecodeString(f[1])
			secret, _ = hex.DecodeString(f[2])
			return random, secret
		}
	}
	p.t.Fatalf("no %s in the key log", label)
	return nil, nil
}

// keys13 seals the client's records of TLS 1.3 in place of crypto/tls, which sends no key update by itself.
type keys13 struct {
	t      *testing.T
	secret []byte
	seq    uint64
}

// newKeys13 takes over after the request for the upgrade, the only record sent so far with the client's first key.
func newKeys13(t *testing.T, p *tlsPeer) *keys13 {
	t.Helper()
	if s := p.Conn.(*tls.Conn).ConnectionState().CipherSuite; s != tls.TLS_AES_128_GCM_SHA256 {
		t.Fatalf("the test does not know how to seal records of %s", tls.CipherSuiteName(s))
	}
	_, secret := p.secret("CLIENT_TRAFFIC_SECRET_0")
	return &keys13{t: t, secret: secret, seq: 1}
}

// expand is HKDF-Expand-Label of RFC 8446, section 7.1.
func (k *keys13) expand(label string, size int) []byte {
	label = "tls13 " + label
	info := append([]byte{0, byte(size), byte(len(label))}, label...)
	out, err := hkdf.Expand(sha256.New, k.secret, string(append(info, 0)), size)
	if err != nil {
		k.t.Fatal(err)
	}
	return out
}

// next changes the key (RFC 8446, section 7.2).
func (k *keys13) next() { k.secret, k.seq = k.expand("traffic upd", sha256.Size), 0 }

func (k *keys13) seal(kind byte, content []byte) []byte {
	nonce := k.expand("iv", 12)
	for i, b := range binary.BigEndian.AppendUint64(nil, k.seq) {
		nonce[4+i] ^= b
	}
	k.seq++
	inner := append(bytes.Clone(content), kind)
	head := binary.BigEndian.AppendUint16([]byte{recordData, 3, 3}, uint16(len(inner)+16))
	return gcm(k.t, k.expand("key", 16)).Seal(head, nonce, inner, head)
}

// seal12 seals the client's third record of TLS 1.2: Finished and the request for the upgrade came before.
func seal12(t *testing.T, p *tlsPeer, kind byte, content []byte) []byte {
	t.Helper()
	random, master := p.secret("CLIENT_RANDOM")
	serverRandom := p.wire.came.Bytes()[11:43] // the ServerHello: record header 5, message header 4, version 2
	seed := append(append([]byte("key expansion"), serverRandom...), random...)
	block := prf12(master, seed, 40)
	key, salt := block[:16], block[32:36]
	const seq = 2
	explicit := binary.BigEndian.AppendUint64(nil, seq)
	additional := append(binary.BigEndian.AppendUint64(nil, seq), kind, 3, 3)
	additional = binary.BigEndian.AppendUint16(additional, uint16(len(content)))
	head := binary.BigEndian.AppendUint16([]byte{kind, 3, 3}, uint16(8+len(content)+16))
	return gcm(t, key).Seal(append(head, explicit...), append(bytes.Clone(salt), explicit...), content, additional)
}

// prf12 is P_SHA256 of RFC 5246, section 5.
func prf12(secret, seed []byte, size int) (out []byte) {
	sum := func(parts ...[]byte) []byte {
		h := hmac.New(sha256.New, secret)
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	for a := sum(seed); len(out) < size; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:size]
}

func gcm(t *testing.T, key []byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}
