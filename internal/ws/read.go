package ws

import (
	"errors"
	"io"
	"net"

	gobwas "github.com/gobwas/ws"
)

// errRest says that there is nothing left to look at, and no message begun.
var errRest = errors.New("ws: at rest")

// Read returns the next whole message; its payload is valid until the next Read. On the way it answers pings and the
// peer's close frame.
//
// Errors: a *CloseError for a peer that closed or broke the rules (it has been told by a close frame with that code);
// io.EOF for one that went without a word and io.ErrUnexpectedEOF for one that did so inside a message; net.ErrClosed
// after Close or Kill on this side; or the socket's. An error is final: the connection then ends by itself.
func (c *Conn) Read() (Opcode, []byte, error) {
	if err := c.beginRead(); err != nil {
		return 0, nil, err
	}
	for {
		op, p, err := c.readMessage()
		if err != nil {
			return 0, nil, c.failRead(err)
		}
		if c.deliver() {
			return op, p, nil
		}
	}
}

// beginRead takes the reading role.
func (c *Conn) beginRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readErr != nil {
		return c.readErr
	}
	if c.is(finishing | shutting) {
		return net.ErrClosed
	}
	c.state |= reading
	return nil
}

// deliver gives the reading role back, with a message for the caller. It is false where this side closes and nobody wants
// the message any more.
func (c *Conn) deliver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(closing) {
		return false
	}
	c.state &^= reading
	return true
}

// readMessage is Read for whoever has the reading role. It waits for the first byte of a message by itself, so that a
// goroutine at rest has a small stack.
func (c *Conn) readMessage() (Opcode, []byte, error) {
	in := &c.input
	if in.msg != nil {
		putBuffer(in.msg)
		in.msg = nil
	}
	for {
		if in.buffered() == 0 {
			if err := c.fill(); err != nil {
				return 0, nil, err
			}
		}
		op, p, err := c.nextMessage()
		if err != errRest {
			return op, p, err
		}
	}
}

// message is one that is being put together.
type message struct {
	op         Opcode // 0 before the first frame
	compressed bool
	check      bool // it is text that is checked as it arrives
	text       textCheck
	whole      []byte // where it lies in one piece in input.buf
	size       int    // otherwise: its bytes in input.msg
}

// nextMessage handles frames until a message is whole.
func (c *Conn) nextMessage() (Opcode, []byte, error) {
	var m message
	for {
		if m.op == 0 && c.input.buffered() == 0 {
			return 0, nil, errRest
		}
		h, err := c.readHeader()
		if err != nil {
			return 0, nil, noEOF(err)
		}
		if err := c.judge(&h, &m); err != nil {
			return 0, nil, err
		}
		if h.control() {
			if err := c.readControl(&h); err != nil {
				return 0, nil, err
			}
			continue
		}
		if err := c.readData(&h, &m); err != nil {
			return 0, nil, noEOF(err)
		}
		if h.fin {
			return c.complete(&m)
		}
	}
}

func (c *Conn) readHeader() (header, error) {
	if err := c.need(2); err != nil {
		return header{}, err
	}
	// What can be judged by two bytes should not wait for more.
	in := &c.input
	n := headerSize(in.buf.b[in.r+1])
	if err := c.need(n); err != nil {
		return header{}, err
	}
	return parseHeader(in.take(n))
}

// judge applies the rules for a header in the state that m tells, and begins a message where one begins.
func (c *Conn) judge(h *header, m *message) error {
	switch {
	case h.masked == c.client:
		return fault(CloseProtocolError, "wrong masking")
	case h.op > Binary && h.op < opClose || h.op > opPong:
		return fault(CloseProtocolError, "reserved opcode")
	case h.control():
		switch {
		case h.rsv != 0:
			return fault(CloseProtocolError, "reserved bits")
		case !h.fin:
			return fault(CloseProtocolError, "control frame in fragments")
		case h.length > maxControl:
			return fault(CloseProtocolError, "control frame too long")
		}
		return nil
	case h.op == opContinuation && m.op == 0:
		return fault(CloseProtocolError, "continuation of nothing")
	case h.op != opContinuation && m.op != 0:
		return fault(CloseProtocolError, "message inside a message")
	case h.rsv&^bitRSV1 != 0, h.rsv != 0 && (c.window == 0 || h.op == opContinuation):
		return fault(CloseProtocolError, "reserved bits")
	}
	if m.op == 0 {
		m.op, m.compressed = h.op, h.rsv != 0
		m.check = m.op == Text && !m.compressed
	}
	if h.length > int64(c.payloadLimit(m.compressed)-m.size) {
		return fault(CloseTooBig, "message too big")
	}
	return nil
}

// payloadLimit bounds what a message has on the wire. Deflate may make it a little longer (5 bytes for each stored block
// of some kilobytes); what it inflates to is bounded by inflate.
func (c *Conn) payloadLimit(compressed bool) int {
	limit := c.opts.maxMessage()
	if compressed {
		limit += limit>>8 + 64
	}
	return limit
}

// readData adds a data frame's payload to m.
func (c *Conn) readData(h *header, m *message) error {
	in := &c.input
	left := int(h.length)
	if h.fin && h.op != opContinuation && in.buffered() >= left {
		m.whole = in.take(left)
		return m.add(m.whole, h, 0)
	}
	for done := 0; left > 0; {
		piece, err := c.readPiece(m, left)
		if err != nil {
			return err
		}
		if err := m.add(piece, h, done); err != nil {
			return err
		}
		done += len(piece)
		left -= len(piece)
	}
	return nil
}

// readPiece puts the next bytes of a frame, left of which are still to come, at the end of the message.
func (c *Conn) readPiece(m *message, left int) ([]byte, error) {
	in := &c.input
	if in.buffered() == 0 && left < directSize {
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
	in.reserve(m.size, left)
	room := in.msg.b[m.size : len(in.msg.b)-len(deflateTail)]
	if len(room) > left {
		room = room[:left]
	}
	var n int
	if in.buffered() > 0 {
		n = copy(room, in.take(min(len(room), in.buffered())))
	} else {
		var err error
		if n, err = c.readTo(room); err != nil {
			return nil, err
		}
	}
	m.size += n
	return room[:n], nil
}

// reserve makes room in the message, which has size bytes, for some of the next left bytes. It takes the peer's word for a
// length only up to firstAnnounce; beyond that, memory grows with what really came.
func (in *input) reserve(size, left int) {
	want := size + left + len(deflateTail)
	switch {
	case in.msg == nil:
		in.msg = getBuffer(min(want, firstAnnounce))
	case size+len(deflateTail) == len(in.msg.b):
		in.msg = growBuffer(in.msg, size, min(want, 2*len(in.msg.b)))
	}
}

// add unmasks and checks a piece of a frame's payload that begins done bytes into it.
func (m *message) add(p []byte, h *header, done int) error {
	if h.masked {
		gobwas.Cipher(p, h.mask, done)
	}
	if m.check && !m.text.feed(p) {
		return fault(CloseInvalidData, "text is not UTF-8")
	}
	return nil
}

// complete makes what is returned of a message whose last frame has come.
func (c *Conn) complete(m *message) (Opcode, []byte, error) {
	in := &c.input
	p := m.whole
	if p == nil && in.msg != nil {
		p = in.msg.b[:m.size]
	}
	if m.compressed {
		var err error
		if p, err = c.inflate(m, p); err != nil {
			return 0, nil, err
		}
	}
	if !m.text.done() {
		return 0, nil, fault(CloseInvalidData, "text ends inside a character")
	}
	return m.op, p, nil
}

func (c *Conn) inflate(m *message, p []byte) ([]byte, error) {
	if p == nil { // fragments without a byte
		p = make([]byte, 0, len(deflateTail))
	}
	var check *textCheck
	if m.op == Text {
		check = &m.text
	}
	d := inflaters.Get().(*inflater)
	out, n, err := d.inflate(p, c.opts.maxMessage(), check)
	d.src.Reset(nil)
	inflaters.Put(d)
	if err != nil {
		return nil, err
	}
	if in := &c.input; in.msg != nil {
		putBuffer(in.msg)
	}
	c.input.msg = out
	return out.b[:n], nil
}

// noEOF is for an end of the connection inside a frame or a message.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readControl handles a control frame.
func (c *Conn) readControl(h *header) error {
	n := int(h.length)
	if err := c.need(n); err != nil {
		return noEOF(err)
	}
	p := c.input.take(n)
	if h.masked {
		gobwas.Cipher(p, h.mask, 0)
	}
	switch h.op {
	case opPing:
		c.pong(p)
	case opClose:
		end, err := parseClose(p)
		if err != nil {
			return err
		}
		return end
	}
	return nil
}
