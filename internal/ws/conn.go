// Package ws implements WebSocket connections (RFC 6455) with permessage-deflate (RFC 7692), for servers and clients.
//
// The package owns the network connection from the handshake to its end. A [Message] is framed once and compressed once,
// and the same bytes go to every connection. An idle connection holds no buffer and no goroutine: the goroutine that
// calls [Conn.Read] reads, and the goroutine that calls [Conn.Flush] writes as long as the socket takes the bytes without
// waiting. When the socket is full, a goroutine of the connection writes the rest. It ends when the queue is empty.
//
// Compression never keeps a window from one message to the next, in either direction.
//
// RFC 6455 and RFC 7692 leave some decisions to the endpoint. This package decides as follows. A length that is not in
// its shortest form is a protocol error (1002). So are the codes 1004 to 1006, 1015 to 2999 and above 4999 in a close
// frame. Compressed bytes that are not a deflate stream are answered with 1007. A message over the limit is answered with
// 1009 as soon as a header or the inflated bytes show it. Text is checked as it arrives, and compressed text when it is
// inflated.
//
// The parts of a connection, from the bottom up:
//
//	socket          the network connection, and the goroutines that the connection runs on it
//	writeQueue      the frames that wait to be written
//	writer          takes frames from the queue and writes them
//	input           the bytes that were read and not used yet
//	assembler       makes messages and control frames of the bytes
//	closeHandshake  decides who may read, and brings the connection to its end
//
// Goroutines: at most one that writes while the socket is full, and one that completes the closing handshake. Both end
// with the connection. [Conn.Done] tells when they have ended.
//
// Locks: closeHandshake.mu before writeQueue.mu before socket.mu. Each is held for a few instructions, and never during
// I/O or a wait.
package ws

import (
	"context"
	"net"
	"time"
)

// Conn is a connection, made by [Upgrade] or [Dial]. Only one goroutine at a time may call Read or TryRead. All other
// methods are safe for concurrent use. The caller has to read until Read fails, or end the connection with Close or Kill.
type Conn struct {
	terms   terms
	writer  writer // with the socket and the queue
	in      assembler
	closing closeHandshake
}

// newConn makes a connection of nc after the handshake. early is what the peer has sent behind the handshake.
func newConn(nc net.Conn, early []byte, t terms) *Conn {
	c := &Conn{terms: t}
	c.writer.start(&c.terms, nc)
	c.in.start(&c.terms, &c.writer.socket, early)
	c.closing.start(&c.in, &c.writer)
	return c
}

// Subprotocol returns the subprotocol that was agreed on, "" for none.
func (c *Conn) Subprotocol() string { return c.terms.subprotocol }

// RemoteAddr returns the peer's address, as the network connection has it.
func (c *Conn) RemoteAddr() net.Addr { return c.writer.socket.nc.RemoteAddr() }

// Compressed tells whether permessage-deflate was agreed on.
func (c *Conn) Compressed() bool { return c.terms.window != 0 }

// Idle tells how long before now the peer last showed that it is alive: bytes arrived from it, or a full socket had room
// again. A write into a socket that has room does not count, because it succeeds with a dead peer, too.
func (c *Conn) Idle(now time.Time) time.Duration { return c.writer.socket.idle(now) }

// Read returns the next whole message. Its payload is valid until the next Read. Read also answers pings and the peer's
// close frame.
//
// Errors: a *CloseError when the peer closed the connection or broke the rules (it was then sent a close frame with that
// code); io.EOF when the peer's end came without a close frame, and io.ErrUnexpectedEOF when it came inside a message;
// net.ErrClosed after Close or Kill on this side; or the error of the network connection. An error is final: the
// connection then ends by itself.
func (c *Conn) Read() (Opcode, []byte, error) {
	if err := c.closing.beginRead(); err != nil {
		return 0, nil, err
	}
	for {
		op, p, err := c.closing.readMessage(true)
		if err != nil {
			return 0, nil, c.closing.failRead(err)
		}
		if c.closing.endRead() {
			return op, p, nil
		}
	}
}

// TryRead is Read without waiting for a message to begin, for a connection that a [Poller] watches. Once a message has
// begun, TryRead waits for the rest of it. Errors: [ErrNothing], and those of Read.
func (c *Conn) TryRead() (Opcode, []byte, error) {
	if err := c.closing.tryBeginRead(); err != nil {
		return 0, nil, err
	}
	for {
		op, p, err := c.closing.readMessage(false)
		if err == ErrNothing {
			c.closing.stopRead()
			return 0, nil, err
		}
		if err != nil {
			return 0, nil, c.closing.failRead(err)
		}
		if c.closing.endRead() {
			return op, p, nil
		}
	}
}

// Queue appends m to the queue of what waits to be written, whatever the bound: it is for answers to what the peer asked
// for. Nothing is written before Flush. A connection that is closing takes nothing more.
func (c *Conn) Queue(m *Message) { c.writer.queue.push(c.writer.queue.encode(m)) }

// TryQueue is Queue within the bound. When more than Options.QueueBytes would wait, or when the connection is closing, it
// queues nothing and returns false. A message that is alone in the queue may be of any size.
func (c *Conn) TryQueue(m *Message) bool { return c.writer.queue.tryPush(c.writer.queue.encode(m)) }

// Queued tells how many bytes wait to be written.
func (c *Conn) Queued() int { return c.writer.queue.size() }

// Flush has the queue written. It never waits: it writes as much as the socket takes, and leaves the rest to a goroutine.
func (c *Conn) Flush() { c.writer.flush() }

// WaitDrain flushes and waits until at most half of Options.QueueBytes waits to be written. It is for callers that produce
// more on behalf of the peer, so that a peer that asks and does not read fills no memory. Errors: the context's, and
// net.ErrClosed once the connection can write no more.
func (c *Conn) WaitDrain(ctx context.Context) error {
	c.writer.flush()
	return c.writer.queue.waitDrain(ctx)
}

// Ping sends a ping. A ping that still waits to be written serves for both.
func (c *Conn) Ping() {
	c.writer.queue.pushPing()
	c.writer.flush()
}

// Close ends the connection properly. What is queued is still written, then a close frame with code and reason (cut to 123
// bytes), and the peer has Options.CloseTimeout to answer. Close does not wait: a Read in progress, or else a goroutine of
// the connection, completes the closing handshake. code has to be one that may be sent (RFC 6455, section 7.4; others
// become 1011), or 0 for none. Only the first Close counts.
func (c *Conn) Close(code int, reason string) { c.closing.close(code, reason) }

// Kill ends the connection at once. What waits to be written is lost, also what the socket holds.
func (c *Conn) Kill() {
	c.writer.socket.discardOnClose()
	c.closing.shut()
}

// Done returns a channel that is closed when the socket is closed and none of the connection's goroutines is left.
func (c *Conn) Done() <-chan struct{} { return c.writer.socket.doneChan() }

// Watchable tells whether a [Poller] can watch the connection.
func (c *Conn) Watchable() bool { return c.writer.socket.pollable() }
