package ws

import (
	"io"
	"syscall"
)

const (
	readSize    = 4 << 10 // bytes asked of a socket at once when nothing tells how many will come
	waitingSize = 1 << 10 // bytes of the buffer of a connection that has to hold one while it waits
)

// input holds the bytes that were read and not used yet. Only the goroutine that has the reading role may use it.
type input struct {
	socket *socket // immutable

	buf  *buffer // b[r:w] was read and not used yet; nil when there is nothing
	r, w int32

	ready  func(fd uintptr) bool // readReady, made once; nil when the socket is not read directly
	target []byte                // where readReady reads to; nil means buf
	n      int32                 // how many bytes readReady got
	noWait bool                  // readReady returns at once when nothing has come
	err    error
}

func (in *input) start(s *socket, early []byte) {
	in.socket = s
	if s.raw != nil {
		in.ready = in.readReady
	}
	if len(early) > 0 {
		in.buf = getBuffer(max(len(early)+tailRoom, readSize))
		in.w = int32(copy(in.buf.b, early))
	}
}

func (in *input) buffered() int { return int(in.w - in.r) }

// peek returns the byte at offset i of what is buffered.
func (in *input) peek(i int32) byte { return in.buf.b[in.r+i] }

// take uses n bytes, which must be buffered.
func (in *input) take(n int) []byte {
	p := in.buf.b[in.r : in.r+int32(n)]
	in.r += int32(n)
	return p
}

// discard drops everything that is buffered.
func (in *input) discard() { in.r, in.w = 0, 0 }

// space returns where the next bytes go.
func (in *input) space() []byte {
	if in.target != nil {
		return in.target
	}
	if in.buf == nil {
		in.buf = getBuffer(readSize)
	}
	return in.buf.b[in.w : len(in.buf.b)-tailRoom]
}

// release returns an empty buffer to its pool.
func (in *input) release() {
	if in.buf != nil && in.r == in.w {
		putBuffer(in.buf)
		in.buf, in.r, in.w = nil, 0, 0
	}
}

// renew moves what is buffered to another buffer. The bytes that take returned stay valid.
func (in *input) renew() {
	if in.buf == nil {
		return
	}
	left := in.buf.b[in.r:in.w]
	in.buf = getBuffer(max(len(left)+tailRoom, readSize))
	in.r, in.w = 0, int32(copy(in.buf.b, left))
}

// compact makes room in the buffer for n bytes in one piece, including those that are buffered.
func (in *input) compact(n int) {
	if in.buf != nil && int(in.r)+n > len(in.buf.b)-tailRoom {
		in.w = int32(copy(in.buf.b, in.buf.b[in.r:in.w]))
		in.r = 0
	}
}

// await waits for bytes when none are buffered. Without wait it returns ErrNothing instead of waiting.
func (in *input) await(wait bool) error {
	in.noWait = !wait
	err := in.fill()
	in.noWait = false
	return err
}

// fill reads once into the buffer, which must have room.
func (in *input) fill() error {
	if in.ready == nil && in.buf == nil && !in.noWait {
		in.buf = getBuffer(waitingSize)
	}
	if in.r == in.w {
		in.r, in.w = 0, 0
	}
	in.target = nil
	n, err := in.receive()
	in.w += int32(n)
	return err
}

// need reads until n bytes are buffered in one piece. n is at most maxHeader or maxControl.
func (in *input) need(n int) error {
	for in.buffered() < n {
		in.compact(n)
		if err := in.fill(); err != nil {
			return err
		}
	}
	return nil
}

// readTo reads once into p, past the buffer.
func (in *input) readTo(p []byte) (int, error) {
	in.target = p
	return in.receive()
}

// receive reads once. It returns either bytes or an error.
func (in *input) receive() (int, error) {
	if in.ready == nil {
		return in.receiveCovered()
	}
	in.n, in.err = 0, nil
	if err := in.socket.raw.Read(in.ready); err != nil {
		return 0, err
	}
	if in.n > 0 {
		in.socket.touch()
		return int(in.n), nil
	}
	return 0, in.err
}

// receiveCovered is receive where package net or crypto/tls reads the socket.
func (in *input) receiveCovered() (int, error) {
	if below := pollableBelow(in.socket.nc); below != nil {
		below.noWait = in.noWait
	}
	n, err := in.socket.nc.Read(in.space())
	if n > 0 {
		in.socket.touch()
		return n, nil
	}
	if err == ErrNothing {
		in.release()
	}
	return 0, err
}

// readReady reads once from the descriptor. RawConn.Read calls it whenever the descriptor may be readable, and waits when
// it returns false. Before that, an empty buffer is returned to its pool, so that an idle connection holds none.
func (in *input) readReady(fd uintptr) bool {
	for {
		n, err := readNow(fd, in.space())
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			in.release()
			in.n, in.err = 0, ErrNothing
			return in.noWait
		case err == nil && n == 0:
			err = io.EOF
		}
		in.n, in.err = int32(max(n, 0)), err
		return true
	}
}
