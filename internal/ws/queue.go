package ws

import (
	"context"
	"net"
	"sync"
)

// maxPongs is how many pongs may wait. When there are more, the last one is replaced (RFC 6455, section 5.5.3).
const maxPongs = 64

// maxPooledFrames is the longest list of frames that is kept for reuse.
const maxPooledFrames = 1 << 10

// frameList is a list of frames in the order of writing.
type frameList struct{ frames [][]byte }

// frameLists is shared by all connections: it holds no state, only memory.
var frameLists = sync.Pool{New: func() any { return &frameList{frames: make([][]byte, 0, 4)} }}

func putFrameList(l *frameList) {
	if cap(l.frames) <= maxPooledFrames {
		clear(l.frames)
		l.frames = l.frames[:0]
		frameLists.Put(l)
	}
}

// writeQueue holds the frames that wait to be written, and counts their bytes until they are.
type writeQueue struct {
	terms *terms // immutable

	mu      sync.Mutex    // guards what follows, and writer's fields that say so
	waiting *frameList    // waits for the writer; nil when there is nothing
	bytes   int           // in waiting, and with the writer
	pongAt  int32         // index of the last pong in waiting
	pongs   uint8         // pongs in waiting, up to maxPongs
	pinged  bool          // a ping is in waiting
	sealed  bool          // the last frame, a close frame, was queued: nothing may follow
	broken  bool          // nothing more can be written
	drained chan struct{} // closed once half the bound is free, for waitDrain; nil while nobody waits
}

// encode returns m as this connection sends it.
func (q *writeQueue) encode(m *Message) []byte {
	f := m.frame(q.terms.window, q.terms.opts.compressFrom())
	if q.terms.client {
		f = maskFrame(f)
	}
	return f
}

func (q *writeQueue) control(op Opcode, payload []byte) []byte {
	f := newFrame(op, 0, payload)
	if q.terms.client {
		f = maskFrame(f)
	}
	return f
}

// push appends a frame, whatever the bound.
func (q *writeQueue) push(f []byte) {
	q.mu.Lock()
	q.append(f)
	q.mu.Unlock()
}

// tryPush appends a frame if the bound allows it.
func (q *writeQueue) tryPush(f []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes > 0 && q.bytes+len(f) > q.terms.opts.queueBytes() {
		return false
	}
	return q.append(f)
}

// append appends a frame unless nothing may be queued any more. The caller holds mu.
func (q *writeQueue) append(f []byte) bool {
	if q.sealed || q.broken {
		return false
	}
	if q.waiting == nil {
		q.waiting = frameLists.Get().(*frameList)
	}
	q.waiting.frames = append(q.waiting.frames, f)
	q.bytes += len(f)
	return true
}

// pushPing appends a ping, unless one waits already.
func (q *writeQueue) pushPing() {
	f := q.control(opPing, nil)
	q.mu.Lock()
	if !q.pinged && q.append(f) {
		q.pinged = true
	}
	q.mu.Unlock()
}

// pushPong appends the answer to a ping.
func (q *writeQueue) pushPong(payload []byte) {
	f := q.control(opPong, payload)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pongs < maxPongs {
		if q.append(f) {
			q.pongs++
			q.pongAt = int32(len(q.waiting.frames) - 1)
		}
		return
	}
	if q.sealed || q.broken {
		return
	}
	q.bytes += len(f) - len(q.waiting.frames[q.pongAt])
	q.waiting.frames[q.pongAt] = f
}

// seal appends a close frame, which is the last frame of a connection. It returns false when nothing can be queued any
// more.
func (q *writeQueue) seal(code int, reason string) bool {
	f := q.control(opClose, closePayload(code, reason))
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.append(f) {
		return false
	}
	q.sealed = true
	return true
}

// size tells how many bytes wait to be written.
func (q *writeQueue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// take returns everything that waits, and empties the queue. Its bytes still count. The caller holds mu.
func (q *writeQueue) take() *frameList {
	l := q.waiting
	q.waiting, q.pongs, q.pinged = nil, 0, false
	return l
}

// written takes n bytes off the count. The caller holds mu.
func (q *writeQueue) written(n int) {
	if q.broken {
		return
	}
	q.bytes -= n
	if q.drained != nil && q.bytes <= q.terms.opts.queueBytes()/2 {
		close(q.drained)
		q.drained = nil
	}
}

// drop discards what waits. Nothing can be queued any more.
func (q *writeQueue) drop() {
	q.mu.Lock()
	q.breakOff()
	q.mu.Unlock()
}

// breakOff is drop for a caller that holds mu.
func (q *writeQueue) breakOff() {
	q.broken = true
	q.waiting, q.bytes, q.pongs = nil, 0, 0
	if q.drained != nil {
		close(q.drained)
		q.drained = nil
	}
}

// waitDrain waits until at most half the bound waits to be written. Errors: the context's, and net.ErrClosed once nothing
// more can be written.
func (q *writeQueue) waitDrain(ctx context.Context) error {
	for {
		drained, err := q.draining()
		if drained == nil {
			return err
		}
		select {
		case <-drained:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// draining returns the channel to wait for. The channel is nil when there is nothing to wait for; the error then tells
// whether there is room.
func (q *writeQueue) draining() (<-chan struct{}, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.broken {
		return nil, net.ErrClosed
	}
	if q.bytes <= q.terms.opts.queueBytes()/2 {
		return nil, nil
	}
	if q.drained == nil {
		q.drained = make(chan struct{})
	}
	return q.drained, nil
}
