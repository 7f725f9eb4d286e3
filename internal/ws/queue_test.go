package ws

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

func newQueue(bound int) *writeQueue {
	return &writeQueue{terms: &terms{opts: &Options{QueueBytes: bound}}}
}

// waits tells what is queued, as bytes.
func (q *writeQueue) waits() string {
	if q.waiting == nil {
		return ""
	}
	return string(bytes.Join(q.waiting.frames, nil))
}

func TestQueueBound(t *testing.T) {
	q := newQueue(10)
	for _, step := range []struct {
		frame string
		want  bool
	}{{"larger than the bound", true}, {"x", false}} {
		if got := q.tryPush([]byte(step.frame)); got != step.want {
			t.Errorf("tryPush(%q) with %d bytes waiting: %v", step.frame, q.size(), got)
		}
	}
	q.push([]byte("answer"))
	if want := "larger than the boundanswer"; q.waits() != want || q.size() != len(want) {
		t.Errorf("%q waits, %d bytes", q.waits(), q.size())
	}
	q.take()
	q.written(q.size() - 4)
	if q.waits() != "" || q.size() != 4 {
		t.Errorf("%q waits, %d bytes, after all but 4 bytes were written", q.waits(), q.size())
	}
	if q.tryPush([]byte("7 bytes")) || !q.tryPush([]byte("6bytes")) {
		t.Error("frames with the writer do not count against the bound")
	}
}

// TestQueueControlFrames: one ping waits at a time, and of too many pongs the last counts.
func TestQueueControlFrames(t *testing.T) {
	q := newQueue(0)
	q.pushPing()
	q.pushPing()
	if want := "\x89\x00"; q.waits() != want {
		t.Errorf("%q waits after two pings, want one", q.waits())
	}
	for i := range maxPongs + 10 {
		q.pushPong(bytes.Repeat([]byte("p"), i))
	}
	var want strings.Builder
	want.WriteString("\x89\x00")
	for i := range maxPongs - 1 {
		want.Write(newFrame(opPong, 0, bytes.Repeat([]byte("p"), i)))
	}
	want.Write(newFrame(opPong, 0, bytes.Repeat([]byte("p"), maxPongs+9)))
	if q.waits() != want.String() || q.size() != want.Len() {
		t.Errorf("%q waits, %d bytes; want %q", q.waits(), q.size(), want.String())
	}
	q.take()
	q.pushPing()
	q.pushPong(nil)
	if want := "\x89\x00\x8a\x00"; q.waits() != want {
		t.Errorf("%q waits after the queue was taken, want %q", q.waits(), want)
	}
}

// TestQueueSealed: nothing follows the close frame.
func TestQueueSealed(t *testing.T) {
	q := newQueue(0)
	if !q.seal(CloseNormal, "bye") || q.seal(CloseNormal, "again") || q.tryPush([]byte("late")) {
		t.Error("the queue takes one close frame, and nothing after it")
	}
	q.push([]byte("late"))
	q.pushPing()
	q.pushPong(nil)
	if want := "\x88\x05\x03\xe8bye"; q.waits() != want {
		t.Errorf("%q waits, want %q", q.waits(), want)
	}
}

func TestQueueWaitDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(10)
		q.push(make([]byte, 8))
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := q.waitDrain(cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("waitDrain with a cancelled context: %v", err)
		}
		ended := make(chan error, 1)
		go func() { ended <- q.waitDrain(t.Context()) }()
		write := func(n int) {
			q.mu.Lock()
			q.written(n)
			q.mu.Unlock()
			synctest.Wait()
		}
		if write(2); len(ended) != 0 {
			t.Error("waitDrain returned with more than half the bound waiting")
		}
		if write(1); len(ended) != 1 || <-ended != nil {
			t.Error("waitDrain did not return with half the bound free")
		}
		q.push(make([]byte, 8))
		go func() { ended <- q.waitDrain(t.Context()) }()
		synctest.Wait()
		q.drop()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("waitDrain when the queue was dropped: %v", err)
		}
		if q.tryPush(nil) || q.size() != 0 {
			t.Error("a dropped queue takes frames")
		}
	})
}

// TestBatch writes in steps of every size, which may end inside a frame. The bytes stay the same.
func TestBatch(t *testing.T) {
	frames := []string{"a", "", strings.Repeat("b", 40), "cc", strings.Repeat("d", maxGathered), "e"}
	for _, step := range []int{1, 7, 41, maxWrite} {
		b := batch{list: &frameList{}}
		for _, f := range frames {
			b.list.frames = append(b.list.frames, []byte(f))
		}
		var got []byte
		for !b.empty() {
			p, scratch := b.gather(maxWrite)
			n := min(step, len(p))
			got = append(got, p[:n]...)
			if scratch != nil {
				putBuffer(scratch)
			}
			b.advance(n)
			if n == 0 {
				t.Fatalf("nothing to write after %d bytes", len(got))
			}
		}
		if want := strings.Join(frames, ""); string(got) != want || b.sent != len(want) {
			t.Errorf("in steps of %d: %d bytes written, %d counted, want %d", step, len(got), b.sent, len(want))
		}
	}
}
