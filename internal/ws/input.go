package ws

const (
	readSize      = 4 << 10 // bytes asked of a socket at once, where nothing tells how many come
	restSize      = 1 << 10 // of those who must hold a buffer while they wait
	directSize    = 2 << 10 // what is longer is read to where it belongs, not through the buffer
	firstAnnounce = 16 << 10
)

// input is the reader's side of a connection.
type input struct {
	buf  *buffer // what was read and not yet used: b[r:w]; nil at rest
	r, w int32
	msg  *buffer // the message that Read returned last, where it is not in buf

	ready  func(fd uintptr) bool // readReady, bound once
	target []byte                // where readReady reads to; nil is buf
	hasty  bool                  // readReady does not wait
	n      int                   // what it got
	err    error
}

func (in *input) preload(p []byte) {
	if len(p) > 0 {
		in.buf = getBuffer(max(len(p)+len(deflateTail), readSize))
		in.w = int32(copy(in.buf.b, p))
	}
}

func (in *input) buffered() int { return int(in.w - in.r) }

// take uses n bytes, which must be buffered.
func (in *input) take(n int) []byte {
	p := in.buf.b[in.r : in.r+int32(n)]
	in.r += int32(n)
	return p
}

// space is where the next bytes go.
func (in *input) space() []byte {
	if in.target != nil {
		return in.target
	}
	if in.buf == nil {
		in.buf = getBuffer(readSize)
	}
	return in.buf.b[in.w : len(in.buf.b)-len(deflateTail)] // see inflate
}

// rest gives an empty buffer back.
func (in *input) rest() {
	if in.buf != nil && in.r == in.w {
		putBuffer(in.buf)
		in.buf, in.r, in.w = nil, 0, 0
	}
}

// abandon leaves the message that Read returned last to its caller, who may still use it: the connection goes on reading
// without being asked, and must not write over it.
func (in *input) abandon() {
	in.msg = nil
	if in.buf == nil {
		return
	}
	left := in.buf.b[in.r:in.w]
	in.buf = getBuffer(max(len(left)+len(deflateTail), readSize))
	in.r, in.w = 0, int32(copy(in.buf.b, left))
}

// compact makes room in the buffer for n bytes in one piece, those that are buffered included.
func (in *input) compact(n int) {
	if in.buf != nil && int(in.r)+n > len(in.buf.b)-len(deflateTail) {
		in.w = int32(copy(in.buf.b, in.buf.b[in.r:in.w]))
		in.r = 0
	}
}

// fill reads once into the buffer, which must have room.
func (c *Conn) fill() error {
	in := &c.input
	if c.raw == nil && in.buf == nil {
		in.buf = getBuffer(restSize)
	}
	if in.r == in.w {
		in.r, in.w = 0, 0
	}
	in.target = nil
	n, err := c.receive()
	in.w += int32(n)
	return err
}

// need reads until n bytes are buffered in one piece; n is at most maxHeader + maxControl.
func (c *Conn) need(n int) error {
	for c.input.buffered() < n {
		c.input.compact(n)
		if err := c.fill(); err != nil {
			return err
		}
	}
	return nil
}

// readTo reads once into p.
func (c *Conn) readTo(p []byte) (int, error) {
	c.input.target = p
	return c.receive()
}

// receive reads once, waiting where it must. It returns either bytes or an error.
func (c *Conn) receive() (int, error) {
	in := &c.input
	if c.raw == nil {
		n, err := c.nc.Read(in.space())
		if n > 0 {
			c.touch()
			return n, nil
		}
		return 0, err
	}
	in.n, in.err = 0, nil
	if err := c.raw.Read(in.ready); err != nil {
		return 0, err
	}
	if in.n > 0 {
		c.touch()
		return in.n, nil
	}
	return 0, in.err
}
