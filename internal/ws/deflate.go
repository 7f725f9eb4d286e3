package ws

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

const (
	// maxWindow is the exponent of deflate's own window (RFC 1951): 32 KiB.
	maxWindow = 15

	// deflateLevel: see BenchmarkDeflate.
	deflateLevel = 5

	// maxStreams bounds the last blocks (BFINAL) in one message. To start again after one costs far more than the two bytes
	// that ask for it.
	maxStreams = 64
)

// deflateTail is what the sender took off (RFC 7692, section 7.2.1), and a last block that ends the stream.
var deflateTail = [tailRoom]byte{0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff}

// tailRoom is the room that inflate needs behind a message.
const tailRoom = 9

var errDeflate = errors.New("ws: not a deflate stream")

// The pools hold what is costly to make: a deflater takes some hundred kilobytes, an inflater some forty.
var (
	deflaters = sync.Pool{New: func() any { return newDeflater() }}
	inflaters = sync.Pool{New: func() any { return newInflater() }}
)

// deflater compresses one message at a time, and keeps nothing of it for the next.
type deflater struct {
	w   *flate.Writer
	out bytes.Buffer
}

func newDeflater() *deflater {
	w, err := flate.NewWriter(io.Discard, deflateLevel)
	if err != nil {
		panic(err) // the level is a constant
	}
	return &deflater{w: w}
}

// deflate returns the compressed payload of a message; it is valid until the next call.
func (d *deflater) deflate(payload []byte) []byte {
	if d.out.Cap() > largestBuffer {
		d.out = bytes.Buffer{}
	}
	d.out.Reset()
	d.w.Reset(&d.out)
	d.w.Write(payload) // into memory: cannot fail
	d.w.Flush()
	return bytes.TrimSuffix(d.out.Bytes(), deflateTail[:4])
}

// inflater inflates one message at a time.
type inflater struct {
	r interface {
		io.Reader
		flate.Resetter
	}
	src bytes.Reader
}

func newInflater() *inflater {
	d := &inflater{}
	d.r = flate.NewReader(&d.src).(interface {
		io.Reader
		flate.Resetter
	})
	return d
}

// inflate inflates a message of at most limit bytes with an inflater of the pool.
func inflate(p []byte, limit int, check *textCheck) (*buffer, int, error) {
	d := inflaters.Get().(*inflater)
	out, n, err := d.inflate(p, limit, check)
	d.src.Reset(nil)
	inflaters.Put(d)
	return out, n, err
}

// inflate inflates a message of at most limit bytes into a pooled buffer, and returns the buffer and the message's size.
// check, when it is not nil, checks the text. p must have room for deflateTail after its end; the bytes there are
// restored. Errors: a CloseError of code 1009 or 1007.
func (d *inflater) inflate(p []byte, limit int, check *textCheck) (*buffer, int, error) {
	var kept [tailRoom]byte
	room := p[len(p) : len(p)+tailRoom]
	copy(kept[:], room)
	copy(room, deflateTail[:])
	defer copy(room, kept[:])

	d.src.Reset(p[:len(p)+tailRoom])
	d.r.Reset(&d.src, nil)
	out, n := getBuffer(min(4*len(p), limit+1)), 0
	for streams := 1; ; {
		if n == len(out.b) {
			out = growBuffer(out, n, 2*n)
		}
		got, err := d.r.Read(out.b[n:])
		if check != nil && !check.feed(out.b[n:n+got]) {
			err = fault(CloseInvalidData, "text is not UTF-8")
		}
		if n += got; n > limit {
			err = fault(CloseTooBig, "message too big")
		}
		if err == io.EOF {
			if err = d.nextStream(out.b[:n]); streams == maxStreams && err == nil {
				err = errDeflate
			}
			streams++
		}
		switch {
		case err == nil:
			continue
		case err == errEnd:
			return out, n, nil
		}
		putBuffer(out)
		if _, ok := errors.AsType[*CloseError](err); !ok {
			err = fault(CloseInvalidData, "not a deflate stream")
		}
		return nil, 0, err
	}
}

// errEnd says that the whole message is inflated.
var errEnd = errors.New("ws: end of message")

// nextStream is called at the end of a last block (BFINAL). When it was the sender's, more blocks may follow, and they may
// refer to bytes from before it (RFC 7692, section 7.2.1).
func (d *inflater) nextStream(done []byte) error {
	const ours = tailRoom - 4 // the last block that inflate added
	switch left := d.src.Len(); {
	case left == 0: // as it should be: the last block was the one that inflate added
		return errEnd
	case left == ours: // the sender's last block was empty, and the bytes taken off were its end
		return errEnd
	case left == tailRoom: // the sender put no empty block behind its last block; this is accepted
		return errEnd
	case left < tailRoom:
		return errDeflate // a block was cut short, and part of the tail was read as its content
	}
	return d.r.Reset(&d.src, done[max(0, len(done)-1<<maxWindow):])
}
