package ws

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// script is a net.Conn that returns given bytes in pieces of a given size, and keeps what is written.
type script struct {
	net.Conn // nil: nothing else is called
	says     []byte
	piece    int
	written  bytes.Buffer
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.says) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.says[:min(len(s.says), s.piece)])
	s.says = s.says[n:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error) { return s.written.Write(p) }
func (s *script) Close() error                { return nil }
func (s *script) SetDeadline(time.Time) error { return nil }

// outcome is what a connection returned and wrote for the bytes that it read.
type outcome struct {
	messages []string
	end      string
	written  string // where it ended by the protocol: otherwise answers may be dropped
}

// readScript reads until the end, and checks every message against the limits.
func readScript(t testing.TB, says []byte, piece, limit int, server bool) (o outcome) {
	s := &script{says: bytes.Clone(says), piece: piece}
	c := newConn(s, nil, terms{opts: &Options{MaxMessage: limit}, window: maxWindow, client: !server})
	for {
		op, p, err := c.Read()
		if b := c.in.buf; b != nil && len(b.b) > largestBuffer+4*limit {
			t.Fatalf("a buffer of %d bytes, for messages up to %d", len(b.b), limit)
		}
		if err != nil {
			<-c.Done()
			o.end = err.Error()
			if _, ok := errors.AsType[*CloseError](err); ok && server { // a client masks at random
				o.written = s.written.String()
			} else if !ok && err != io.EOF && err != io.ErrUnexpectedEOF {
				t.Fatalf("Read failed with %v", err)
			}
			return o
		}
		if len(p) > limit {
			t.Fatalf("message of %d bytes", len(p))
		}
		o.messages = append(o.messages, string(append([]byte{byte(op)}, p...)))
	}
}

// FuzzRead reads any bytes. Reading must fail only by the rules, and never hold more than the limits. The outcome must not
// depend on the pieces in which the bytes arrive. Messages that were accepted must be accepted when they are sent again.
func FuzzRead(f *testing.F) {
	for _, group := range [][]conversation{framing(), pings(), reserved(), fragments(), closes(), compressed(), texts()} {
		for _, c := range group {
			for _, client := range []bool{true, false} {
				var b []byte
				for _, frame := range c.send {
					b = append(b, frame.encode(client)...)
				}
				if len(b) < 2000 {
					f.Add(b, uint8(3), client)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, says []byte, piece uint8, server bool) {
		const limit = 4 << 10
		whole := readScript(t, says, len(says)+1, limit, server)
		pieces := readScript(t, says, int(piece)+1, limit, server)
		// A fault may be found before an end, or a frame earlier in text; the messages before it are the same.
		if !slices.Equal(whole.messages, pieces.messages) || whole.end != pieces.end || whole.written != pieces.written {
			t.Fatalf("whole %.300q\nin pieces of %d %.300q", whole, int(piece)+1, pieces)
		}
		var again []byte
		for _, m := range whole.messages {
			frame := newFrame(Opcode(m[0]), 0, []byte(m[1:]))
			if server {
				frame = maskFrame(frame)
			}
			again = append(again, frame...)
		}
		if second := readScript(t, again, len(again)+1, limit, server); !slices.Equal(second.messages, whole.messages) || second.end != "EOF" {
			t.Fatalf("sent again: %.300q, first %.300q", second, whole)
		}
	})
}
