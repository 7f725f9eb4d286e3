package ws

import gobwas "github.com/gobwas/ws"

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

// readData adds a data frame's payload to m.
func (c *Conn) readData(h *header, m *message) error {
	in := &c.input
	left := int(h.length)
	if h.fin && h.op != opContinuation && in.buffered() >= left {
		m.whole = in.take(left)
		return m.add(m.whole, h, 0)
	}
	for done := 0; left > 0; {
		piece, err := c.readPiece(m, left, h.fin)
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

// readPiece puts the next bytes of a frame, left of which are still to come, at the end of the message. last tells whether
// the frame is its last.
func (c *Conn) readPiece(m *message, left int, last bool) ([]byte, error) {
	in := &c.input
	if in.buffered() == 0 && left < directSize {
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
	in.reserve(m.size, left, c.payloadLimit(m.compressed), last)
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

// reserve makes room in the message, which has size bytes, for some of the next left bytes, after which it ends or not. It
// takes the peer's word for a length only up to firstAnnounce; beyond that, memory grows with what really came, and by
// doubling: fragments can be as small as their sender likes. It need not hold more than most bytes.
func (in *input) reserve(size, left, most int, last bool) {
	want := size + left + len(deflateTail)
	switch {
	case in.msg == nil:
		in.msg = getBuffer(min(want, firstAnnounce))
	case size+len(deflateTail) == len(in.msg.b):
		double := min(2*len(in.msg.b), most+len(deflateTail))
		if last {
			double = min(want, double)
		}
		in.msg = growBuffer(in.msg, size, double)
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
