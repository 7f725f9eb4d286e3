package ws

import (
	"io"

	gobwas "github.com/gobwas/ws"
)

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
