package ws

import "sync"

// buffer is a piece of memory from a pool.
type buffer struct {
	b []byte // all of it
}

// Sizes of pooled buffers: 1 KiB to 1 MiB, each four times the one before. Larger buffers are not pooled.
const (
	smallestBuffer = 1 << 10
	largestBuffer  = 1 << 20
	bufferClasses  = 6
)

// buffers are the pools, one for each size. All connections share them: they hold no state, only memory.
var buffers [bufferClasses]sync.Pool

// getBuffer returns a buffer of n bytes or more.
func getBuffer(n int) *buffer {
	size := smallestBuffer
	for class := range buffers {
		if n <= size {
			if b, ok := buffers[class].Get().(*buffer); ok {
				return b
			}
			return &buffer{b: make([]byte, size)}
		}
		size *= 4
	}
	return &buffer{b: make([]byte, n)}
}

// putBuffer returns b to its pool. Nobody may use its memory any more.
func putBuffer(b *buffer) {
	size := smallestBuffer
	for class := range buffers {
		if len(b.b) == size {
			buffers[class].Put(b)
			return
		}
		size *= 4
	}
}

// growBuffer returns a buffer of n bytes or more that begins with the first used bytes of b, and returns b to its pool.
func growBuffer(b *buffer, used, n int) *buffer {
	bigger := getBuffer(n)
	copy(bigger.b, b.b[:used])
	putBuffer(b)
	return bigger
}
