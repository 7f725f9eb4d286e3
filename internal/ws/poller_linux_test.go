package ws

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func text(s string) []byte { return frame{op: byte(Text), payload: s}.encode(true) }

func closeFrame(code uint16) []byte {
	return frame{op: byte(opClose), payload: string([]byte{byte(code >> 8), byte(code)})}.encode(true)
}

// wants reads a frame and compares it.
func (p *peer) wants(op Opcode, payload string) {
	p.t.Helper()
	want, err := show(op, 0, []byte(payload))
	if err != nil {
		p.t.Fatal(err)
	}
	if got, err := p.receive(); got != want || err != nil {
		p.t.Fatalf("got %s, %v; want %s", got, err, want)
	}
}

func (p *peer) wantsClose(code uint16) {
	p.t.Helper()
	p.wants(opClose, string([]byte{byte(code >> 8), byte(code)}))
}

func newPoller(t *testing.T) *Poller {
	t.Helper()
	p, err := NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return p
}

// echoWatched has p watch c, and sends back what comes. ended gets the error at the end.
func echoWatched(p *Poller, c *Conn, ended chan<- error) {
	var calls atomic.Int64 // one reader at a time, that looks again as long as it was called
	p.Watch(c, func() {
		if calls.Add(1) > 1 {
			return
		}
		go func() {
			for seen := calls.Load(); ; {
				op, payload, err := c.TryRead()
				switch {
				case err == nil:
					c.Queue(NewMessage(op, bytes.Clone(payload)))
					c.Flush()
				case err != ErrNothing:
					ended <- err
					return
				default:
					if calls.CompareAndSwap(seen, 0) {
						return
					}
					seen = calls.Load()
				}
			}
		}()
	})
}

// watched makes a connection that a poller watches and that sends back what comes. ended gets the error at its end.
func watched(t *testing.T, o *Options) (_ *Conn, remote *peer, _ <-chan error) {
	t.Helper()
	p := newPoller(t)
	conns := make(chan *Conn, 1)
	remote = peerOf(t, o, true, func(c *Conn) {
		conns <- c
		<-c.Done()
	})
	t.Cleanup(func() { remote.Close() })
	c := <-conns
	if !c.Watchable() {
		t.Fatal("a TCP connection is not watchable")
	}
	ended := make(chan error, 1)
	echoWatched(p, c, ended)
	return c, remote, ended
}

func TestWatchedConnection(t *testing.T) {
	_, remote, ended := watched(t, &Options{})
	for i := range 200 { // some while the one before is handled, some after everything was at rest
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
	remote.Close()
	if err := <-ended; err != io.EOF {
		t.Errorf("ended with %v", err)
	}
}

// A message that has begun is waited for, wherever it is cut.
func TestWatchedInPieces(t *testing.T) {
	_, remote, ended := watched(t, &Options{})
	frame := text(strings.Repeat("x", 300))
	for cut := 1; cut < len(frame); cut += 37 {
		remote.send(frame[:cut])
		remote.send(frame[cut:])
		remote.wants(Text, strings.Repeat("x", 300))
	}
	remote.send(frame[:100])
	remote.Close()
	if err := <-ended; err != io.ErrUnexpectedEOF {
		t.Errorf("ended with %v", err)
	}
}

// Whichever side closes, also while nobody reads, the peer gets a close frame and the poller's callback is called.
func TestWatchedCloses(t *testing.T) {
	t.Run("this side", func(t *testing.T) {
		c, remote, ended := watched(t, &Options{})
		remote.send(text("a"))
		remote.wants(Text, "a")
		c.Close(4200, "restart")
		remote.wantsClose(4200)
		remote.send(closeFrame(4200))
		remote.Close()
		if err := <-ended; err != net.ErrClosed {
			t.Errorf("ended with %v", err)
		}
	})
	t.Run("this side, while somebody looks, and the peer is silent", func(t *testing.T) {
		c, remote, _ := watched(t, &Options{CloseTimeout: 50 * time.Millisecond})
		remote.send(text("a"))
		remote.wants(Text, "a")
		until(t, "nobody reads", func() bool { return c.closing.tryBeginRead() == nil })
		c.Close(4200, "restart")
		c.closing.stopRead() // nothing had come
		remote.wantsClose(4200)
		<-c.Done()
	})
	t.Run("the peer", func(t *testing.T) {
		_, remote, ended := watched(t, &Options{})
		remote.send(closeFrame(1000))
		remote.wantsClose(1000)
		if err, ok := (<-ended).(*CloseError); !ok || err.Code != 1000 || !err.Remote {
			t.Errorf("ended with %v", err)
		}
	})
	t.Run("killed", func(t *testing.T) {
		c, remote, ended := watched(t, &Options{})
		remote.send(text("a"))
		remote.wants(Text, "a")
		c.Kill()
		if err := <-ended; err != net.ErrClosed {
			t.Errorf("ended with %v", err)
		}
	})
	t.Run("by a fault", func(t *testing.T) {
		_, remote, ended := watched(t, &Options{})
		remote.send([]byte{0xff, 0x80, 0, 0, 0, 0}) // no such opcode
		remote.wantsClose(1002)
		if err, ok := (<-ended).(*CloseError); !ok || err.Code != 1002 {
			t.Errorf("ended with %v", err)
		}
	})
}

// A connection that is given to a closed poller is ended, and its callback is called.
func TestWatchAfterClose(t *testing.T) {
	p, err := NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	c, _ := accepted(t, &Options{})
	called := make(chan struct{}, 8)
	p.Watch(c, func() { called <- struct{}{} })
	<-called
	if _, _, err := c.TryRead(); err != net.ErrClosed {
		t.Errorf("TryRead: %v", err)
	}
}
