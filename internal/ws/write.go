package ws

import (
	"errors"
	"net"
	"syscall"
	"time"
)

const (
	// maxInlineRounds bounds how often a flush goes on with frames that others queue meanwhile.
	maxInlineRounds = 4
	// fullFrom is how long a write of package net has to take before the socket counts as having been full.
	fullFrom = 10 * time.Millisecond

	maxWrite      = 64 << 10 // bytes of one write to a socket
	maxPlainWrite = 16 << 10 // bytes of one write elsewhere: a TLS record
	maxGathered   = 16 << 10 // longer frames are not copied together with others
)

// errWrite says that the system refused a write. What it said does not matter: the connection is ended.
var errWrite = errors.New("ws: write failed")

// batch is the frames that the writer took from the queue.
type batch struct {
	list *frameList
	next int32 // list.frames[next:] is not written yet; the written part of the first of them is cut off
	sent int   // bytes that were written and not yet taken off the queue's count
}

func (b *batch) empty() bool { return b.list == nil || int(b.next) == len(b.list.frames) }

// gather returns what to write next: one frame, or several that are copied together into scratch. The caller returns
// scratch, when it is not nil, to its pool.
func (b *batch) gather(most int) (p []byte, scratch *buffer) {
	frames := b.list.frames[b.next:]
	if len(frames) == 1 || len(frames[0])+len(frames[1]) > maxGathered {
		return frames[0][:min(len(frames[0]), maxWrite)], nil
	}
	size := 0
	for _, f := range frames {
		if size += len(f); size >= most {
			size = most
			break
		}
	}
	scratch = getBuffer(size)
	n := 0
	for _, f := range frames {
		if n += copy(scratch.b[n:size], f); n == size {
			break
		}
	}
	return scratch.b[:n], scratch
}

// advance notes that n bytes are written.
func (b *batch) advance(n int) {
	b.sent += n
	frames := b.list.frames
	for n > 0 {
		f := frames[b.next]
		if n < len(f) {
			frames[b.next] = f[n:]
			return
		}
		n -= len(f)
		frames[b.next] = nil
		b.next++
	}
}

// writer writes what is queued. At any time at most one goroutine has the writing role: one that called flush, or one that
// the writer started because the socket is full.
type writer struct {
	socket socket
	queue  writeQueue

	// Only for the goroutine that has the writing role.
	batch  batch
	now    func(fd uintptr) // writeReady for a goroutine that does not wait, made once; nil when the socket is not written directly
	wait   bool             // it may wait for the socket
	failed bool             // a system call failed

	// Guarded by queue.mu.
	writing bool          // a goroutine has the writing role
	stopped chan struct{} // closed when none has it any more; nil while nobody waits
}

func (w *writer) start(t *terms, nc net.Conn) {
	w.queue.terms = t
	w.socket.start(nc)
	if w.socket.raw != nil {
		w.now = func(fd uintptr) { w.writeReady(fd) }
	}
}

// flush writes as much of the queue as the socket takes, and leaves the rest to a goroutine.
func (w *writer) flush() {
	q := &w.queue
	q.mu.Lock()
	if w.writing || q.broken || q.waiting == nil {
		q.mu.Unlock()
		return
	}
	w.writing = true
	w.takeBatch()
	q.mu.Unlock()
	if w.now != nil {
		for range maxInlineRounds {
			if err := w.writeSocket(false); err != nil {
				w.fail()
				return
			}
			if !w.batch.empty() {
				break
			}
			if w.finishBatch() {
				return
			}
		}
	}
	if !w.socket.begin() {
		w.fail()
		return
	}
	go w.writeRest()
}

// takeBatch makes what is queued the next batch. The caller holds queue.mu.
func (w *writer) takeBatch() {
	w.batch.list, w.batch.next = w.queue.take(), 0
}

// writeRest writes until nothing is queued, and waits for the socket when it is full.
func (w *writer) writeRest() {
	defer w.socket.end()
	for {
		if err := w.writeBatch(); err != nil {
			w.fail()
			return
		}
		if w.finishBatch() {
			return
		}
	}
}

// writeBatch writes the whole batch, and waits for the socket when it is full.
func (w *writer) writeBatch() error {
	if w.now != nil {
		return w.writeSocket(true)
	}
	for !w.batch.empty() {
		p, scratch := w.batch.gather(maxPlainWrite)
		began := time.Now()
		n, err := w.socket.nc.Write(p)
		if scratch != nil {
			putBuffer(scratch)
		}
		w.batch.advance(n)
		w.progress(time.Since(began) >= fullFrom)
		if err != nil {
			return err
		}
	}
	return nil
}

// writeSocket writes to the descriptor: all of the batch when it may wait, or as much as the socket takes.
func (w *writer) writeSocket(wait bool) error {
	w.wait = wait
	var err error
	if wait {
		err = w.socket.raw.Write(w.writeReady)
	} else {
		err = w.socket.raw.Control(w.now) // a write that does not wait need not prepare for waiting
	}
	if err != nil {
		return err
	}
	if w.failed {
		return errWrite
	}
	return nil
}

// writeReady writes the batch until the socket is full. RawConn.Write calls it for a writer that waits, and waits for the
// socket when it returns false. RawConn.Control calls it for a writer that does not.
func (w *writer) writeReady(fd uintptr) bool {
	for !w.batch.empty() {
		p, scratch := w.batch.gather(maxWrite)
		n, err := writeNow(fd, p)
		if scratch != nil {
			putBuffer(scratch)
		}
		if n > 0 {
			w.batch.advance(n)
		}
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			if w.wait {
				w.progress(true)
			}
			return !w.wait
		case err != nil:
			w.failed = true
			return true
		case n < len(p) && !w.wait: // the socket is full: another call would find the same
			return true
		}
	}
	return true
}

// progress counts what a waiting writer wrote. When the socket had been full, the peer has shown that it is alive.
func (w *writer) progress(wasFull bool) {
	if w.batch.sent == 0 {
		return
	}
	if wasFull {
		w.socket.touch()
	}
	w.queue.mu.Lock()
	w.count()
	w.queue.mu.Unlock()
}

// count takes what was written off the queue's count. The caller holds queue.mu.
func (w *writer) count() {
	w.queue.written(w.batch.sent)
	w.batch.sent = 0
}

// finishBatch is called when the batch is written. It takes what was queued meanwhile as the next batch, or gives the
// writing role back and returns true.
func (w *writer) finishBatch() bool {
	putFrameList(w.batch.list)
	w.batch.list = nil
	q := &w.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	w.count()
	if q.waiting != nil && !q.broken {
		w.takeBatch()
		return false
	}
	w.stop()
	return true
}

// stop gives the writing role back. The caller holds queue.mu.
func (w *writer) stop() {
	w.writing = false
	if w.stopped != nil {
		close(w.stopped)
		w.stopped = nil
	}
}

// fail gives the writing role back after an error: nothing more can be written, and the socket is closed.
func (w *writer) fail() {
	q := &w.queue
	q.mu.Lock()
	w.batch.list = nil // not returned to the pool: failures are rare, and nothing depends on it
	w.batch.sent = 0
	q.breakOff()
	w.stop()
	q.mu.Unlock()
	if !w.socket.ending() && w.socket.begin() {
		go func() { // closing may wait, and a flush must not
			defer w.socket.end()
			w.socket.shut()
		}()
	}
}

// waitStopped waits until no goroutine has the writing role. The socket's deadline has to bound the wait.
func (w *writer) waitStopped() {
	q := &w.queue
	q.mu.Lock()
	if !w.writing {
		q.mu.Unlock()
		return
	}
	if w.stopped == nil {
		w.stopped = make(chan struct{})
	}
	stopped := w.stopped
	q.mu.Unlock()
	<-stopped
}
