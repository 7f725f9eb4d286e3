package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"salon/internal/chat"
)

// sendOf is a send of a text of so many bytes.
func sendOf(cid string, size int) send {
	return send{ev: chat.Event{CID: cid, Text: strings.Repeat("x", size)}}
}

// putAll puts n sends of so many bytes, named by their numbers from first.
func (q *sends) putAll(first, n, size int) {
	for i := range n {
		q.put(sendOf(fmt.Sprint(first+i), size))
	}
}

// checked fails unless the next batch is so many sends from the number given.
func (q *sends) checked(t *testing.T, first, n int) []send {
	t.Helper()
	batch := q.take()
	if len(batch) != n {
		t.Fatalf("a batch of %d, want %d", len(batch), n)
	}
	for i := range batch {
		if cid := fmt.Sprint(first + i); batch[i].ev.CID != cid {
			t.Fatalf("%s is taken where %s is next", batch[i].ev.CID, cid)
		}
	}
	return batch
}

func TestSendsStartOneAppend(t *testing.T) {
	var q sends
	if !q.put(sendOf("0", 1)) || q.put(sendOf("1", 1)) {
		t.Error("not the first alone starts to append")
	}
	q.checked(t, 0, 2)
	if q.put(sendOf("2", 1)) {
		t.Error("started while a batch is being stored")
	}
	q.checked(t, 2, 1)
	q.checked(t, 3, 0)
	if !q.put(sendOf("3", 1)) {
		t.Error("not started again")
	}
}

func TestBatchByCount(t *testing.T) {
	var q sends
	q.putAll(0, 2*maxBatch+1, 1)
	q.checked(t, 0, maxBatch)
	q.checked(t, maxBatch, maxBatch)
	q.checked(t, 2*maxBatch, 1)
	if q.take() != nil || q.bytes != 0 || q.appending {
		t.Errorf("%d bytes are left, appending %t", q.bytes, q.appending)
	}
}

func TestBatchByBytes(t *testing.T) {
	const size = maxBatchBytes / 4
	var q sends
	q.putAll(0, 5, size)
	q.put(sendOf("5", 2*maxBatchBytes)) // alone, since nothing goes with it
	q.putAll(6, 3, 1)
	q.checked(t, 0, 4)
	q.checked(t, 4, 1)
	q.checked(t, 5, 1)
	q.checked(t, 6, 3)
	q.checked(t, 9, 0)
}

func TestSendsAreBounded(t *testing.T) {
	for name, c := range map[string]struct{ n, size int }{
		"count": {maxWaiting, 1},
		"bytes": {17, maxWaitingBytes / 16},
	} {
		t.Run(name, func(t *testing.T) {
			var q sends
			for i := range c.n {
				if q.full() {
					t.Fatalf("full with %d", i)
				}
				q.put(sendOf("", c.size))
			}
			if !q.full() {
				t.Fatalf("%d of %d bytes wait, and more may", len(q.waiting), q.bytes)
			}
			q.take() // what is being stored does not wait
			if q.full() {
				t.Error("full with a batch less")
			}
		})
	}
}

// A batch that was split is appended one by one, before what waits, and then batches are made again.
func TestSplit(t *testing.T) {
	var q sends
	q.putAll(0, 3, 10)
	batch := q.take()
	q.putAll(3, 2, 10)
	q.split(batch)
	if q.bytes != 50 {
		t.Errorf("%d bytes wait", q.bytes)
	}
	for i := range 3 {
		q.checked(t, i, 1)
	}
	q.checked(t, 3, 2)
	if q.bytes != 0 || q.take() != nil {
		t.Errorf("%d bytes are left", q.bytes)
	}
}

func TestEnded(t *testing.T) {
	var q sends
	if q.ended() != nil {
		t.Error("nothing is under way, and may be waited for")
	}
	if err := await(t.Context(), q.ended()); err != nil {
		t.Error(err)
	}
	q.put(sendOf("0", 1))
	ended := q.ended()
	if ended == nil || q.ended() != ended {
		t.Fatal("those who wait do not wait for the same")
	}
	q.take()
	q.put(sendOf("1", 1))
	q.take()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := await(ctx, ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with a batch under way: %v", err)
	}
	q.take()
	if err := await(t.Context(), ended); err != nil {
		t.Error(err)
	}
	if q.ended() != nil {
		t.Error("nothing is under way any more")
	}
}
