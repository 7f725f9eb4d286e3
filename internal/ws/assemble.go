package ws

import "io"

const (
	// directSize is the payload from which on a frame is read to where it belongs, past the input buffer.
	directSize = 2 << 10
	// firstAnnounced is how much memory the length in a header gets before any of the payload has come.
	firstAnnounced = 16 << 10
)

// message is a message of which some frames have come. The zero value is the one of which none has.
type message struct {
	op         Opcode // 0 before the first frame
	compressed bool
	check      bool // text that is checked as it arrives
	text       textCheck
	whole      []byte // the payload, when it lies in one piece in the input buffer
	size       int    // otherwise: its bytes in assembler.buf
}

// assembler makes messages and control frames of the bytes that come, and applies the rules of RFC 6455, section 5. Only
// the goroutine that has the reading role may use it.
type assembler struct {
	terms *terms // immutable
	input input
	buf   *buffer // the message that is being assembled, or was returned last, when it is not in the input buffer
}

func (a *assembler) start(t *terms, s *socket, early []byte) {
	a.terms = t
	a.input.start(s, early)
}

// reset takes back the message that next returned last.
func (a *assembler) reset() {
	if a.buf != nil {
		putBuffer(a.buf)
		a.buf = nil
	}
}

// abandon leaves the message that next returned last to its caller, which may still use it, although the connection goes
// on reading without being asked.
func (a *assembler) abandon() {
	a.buf = nil
	a.input.renew()
}

// next reads frames until m is whole, or until a control frame has come. It returns the opcode and the payload of either.
func (a *assembler) next(m *message) (Opcode, []byte, error) {
	for {
		h, err := a.readHeader()
		if err != nil {
			return 0, nil, insideMessage(err)
		}
		if err := a.judge(&h, m); err != nil {
			return 0, nil, err
		}
		if h.control() {
			p, err := a.readControl(&h)
			return h.op, p, insideMessage(err)
		}
		if err := a.readData(&h, m); err != nil {
			return 0, nil, insideMessage(err)
		}
		if h.fin {
			p, err := a.complete(m)
			return m.op, p, err
		}
	}
}

// insideMessage is for an end of the connection inside a frame or a message.
func insideMessage(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (a *assembler) readHeader() (header, error) {
	in := &a.input
	if err := in.need(2); err != nil {
		return header{}, err
	}
	n := headerSize(in.peek(1))
	if err := in.need(n); err != nil {
		return header{}, err
	}
	return parseHeader(in.take(n))
}

// judge applies the rules for a header. Which ones apply depends on what has come of the message. A first data frame
// begins the message.
func (a *assembler) judge(h *header, m *message) error {
	switch {
	case h.masked == a.terms.client:
		return fault(CloseProtocolError, "wrong masking")
	case h.op > Binary && h.op < opClose || h.op > opPong:
		return fault(CloseProtocolError, "reserved opcode")
	case h.control():
		return judgeControl(h)
	case h.op == opContinuation && m.op == 0:
		return fault(CloseProtocolError, "continuation of nothing")
	case h.op != opContinuation && m.op != 0:
		return fault(CloseProtocolError, "message inside a message")
	case h.rsv&^bitRSV1 != 0, h.rsv != 0 && (a.terms.window == 0 || h.op == opContinuation):
		return fault(CloseProtocolError, "reserved bits")
	}
	if m.op == 0 {
		m.op, m.compressed = h.op, h.rsv != 0
		m.check = m.op == Text && !m.compressed
	}
	if h.length > int64(a.payloadLimit(m.compressed)-m.size) {
		return fault(CloseTooBig, "message too big")
	}
	return nil
}

func judgeControl(h *header) error {
	switch {
	case h.rsv != 0:
		return fault(CloseProtocolError, "reserved bits")
	case !h.fin:
		return fault(CloseProtocolError, "control frame in fragments")
	case h.length > maxControl:
		return fault(CloseProtocolError, "control frame too long")
	}
	return nil
}

// payloadLimit bounds the bytes of a message on the wire. Deflate may make a message a little longer (5 bytes for each
// stored block of some kilobytes). inflate bounds what the message inflates to.
func (a *assembler) payloadLimit(compressed bool) int {
	limit := a.terms.opts.maxMessage()
	if compressed {
		limit += limit>>8 + 64
	}
	return limit
}

// readControl returns the payload of a control frame.
func (a *assembler) readControl(h *header) ([]byte, error) {
	n := int(h.length)
	if err := a.input.need(n); err != nil {
		return nil, err
	}
	p := a.input.take(n)
	if h.masked {
		xorMask(p, h.mask, 0)
	}
	return p, nil
}

// readData adds a data frame's payload to m.
func (a *assembler) readData(h *header, m *message) error {
	left := int(h.length)
	if h.fin && h.op != opContinuation && a.input.buffered() >= left {
		m.whole = a.input.take(left)
		return m.add(m.whole, h, 0)
	}
	for done := 0; left > 0; {
		piece, err := a.readPiece(m, left, h.fin)
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

// readPiece puts the next bytes of a frame at the end of the message. left bytes of the frame are still to come. last
// tells whether the frame is the message's last.
func (a *assembler) readPiece(m *message, left int, last bool) ([]byte, error) {
	in := &a.input
	if in.buffered() == 0 && left < directSize {
		if err := in.fill(); err != nil {
			return nil, err
		}
	}
	a.reserve(m.size, left, a.payloadLimit(m.compressed), last)
	room := a.buf.b[m.size : len(a.buf.b)-tailRoom]
	if len(room) > left {
		room = room[:left]
	}
	var n int
	if in.buffered() > 0 {
		n = copy(room, in.take(min(len(room), in.buffered())))
	} else {
		var err error
		if n, err = in.readTo(room); err != nil {
			return nil, err
		}
	}
	m.size += n
	return room[:n], nil
}

// reserve makes room in the message, which has size bytes, for at least some of the next left bytes. last tells whether
// the message ends after them. The length that a header announces is trusted only up to firstAnnounced. Beyond that,
// memory grows with what has really come. It grows by doubling, because fragments may be as small as the sender likes. It
// need not hold more than most bytes.
func (a *assembler) reserve(size, left, most int, last bool) {
	want := size + left + tailRoom
	switch {
	case a.buf == nil:
		a.buf = getBuffer(min(want, firstAnnounced))
	case size+tailRoom == len(a.buf.b):
		double := min(2*len(a.buf.b), most+tailRoom)
		if last {
			double = min(want, double)
		}
		a.buf = growBuffer(a.buf, size, double)
	}
}

// add unmasks and checks a piece of a frame's payload. The piece begins done bytes into the payload.
func (m *message) add(p []byte, h *header, done int) error {
	if h.masked {
		xorMask(p, h.mask, done)
	}
	if m.check && !m.text.feed(p) {
		return fault(CloseInvalidData, "text is not UTF-8")
	}
	return nil
}

// complete returns the payload of a message whose last frame has come.
func (a *assembler) complete(m *message) ([]byte, error) {
	p := m.whole
	if p == nil && a.buf != nil {
		p = a.buf.b[:m.size]
	}
	if m.compressed {
		var err error
		if p, err = a.inflate(m, p); err != nil {
			return nil, err
		}
	}
	if !m.text.done() {
		return nil, fault(CloseInvalidData, "text ends inside a character")
	}
	return p, nil
}

func (a *assembler) inflate(m *message, p []byte) ([]byte, error) {
	if p == nil { // fragments without a byte
		p = make([]byte, 0, tailRoom)
	}
	var check *textCheck
	if m.op == Text {
		check = &m.text
	}
	out, n, err := inflate(p, a.terms.opts.maxMessage(), check)
	if err != nil {
		return nil, err
	}
	a.reset()
	a.buf = out
	return out.b[:n], nil
}
