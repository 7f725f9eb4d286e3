package ws

import "sync"

const (
	gatherRaw   = 64 << 10 // bytes written at once, to a socket
	gatherPlain = 16 << 10 // bytes written at once, elsewhere: a TLS record
	gatherFrom  = 16 << 10 // longer frames are not copied together with others
)

// frames is a list of frames in the order of writing.
type frames struct{ list [][]byte }

// maxPooledFrames is the longest list kept for the next.
const maxPooledFrames = 1 << 10

// frameLists is shared by all connections: it holds no state, only memory.
var frameLists = sync.Pool{New: func() any { return &frames{list: make([][]byte, 0, 4)} }}

func putFrames(f *frames) {
	if cap(f.list) <= maxPooledFrames {
		clear(f.list)
		f.list = f.list[:0]
		frameLists.Put(f)
	}
}

// output is the writer's side of a connection: what it took from the queue.
type output struct {
	frames  *frames
	next    int              // frames.list[next:] is not written; of the first of them, the beginning may be, and is cut off
	sent    int              // bytes written, not yet taken off Conn.queued
	patient bool             // the writer may wait
	now     func(fd uintptr) // writeReady for one who does not wait, bound once
	err     error
}

func (o *output) empty() bool { return o.frames == nil || o.next == len(o.frames.list) }

// gather returns what to write next: a frame, or several copied together into scratch.
func (o *output) gather(most int) (p []byte, scratch *buffer) {
	list := o.frames.list[o.next:]
	if len(list) == 1 || len(list[0])+len(list[1]) > gatherFrom {
		return list[0][:min(len(list[0]), gatherRaw)], nil
	}
	size := 0
	for _, f := range list {
		if size += len(f); size >= most {
			size = most
			break
		}
	}
	scratch = getBuffer(size)
	n := 0
	for _, f := range list {
		if n += copy(scratch.b[n:size], f); n == size {
			break
		}
	}
	return scratch.b[:n], scratch
}

func (o *output) ungather(scratch *buffer) {
	if scratch != nil {
		putBuffer(scratch)
	}
}

// advance notes that n bytes are written.
func (o *output) advance(n int) {
	o.sent += n
	list := o.frames.list
	for n > 0 {
		f := list[o.next]
		if n < len(f) {
			list[o.next] = f[n:]
			return
		}
		n -= len(f)
		list[o.next] = nil
		o.next++
	}
}
