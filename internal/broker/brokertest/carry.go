package brokertest

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"salon/internal/broker"
	"salon/internal/chat"
)

func reachesTheOthersOnly(t *testing.T, w World) {
	a, b, c := join(t, w), join(t, w), join(t, w)
	for _, n := range []*node{a, b, c} {
		subscribe(t, n, "lobby")
	}
	publish(t, a, "lobby", "from a")
	publish(t, b, "lobby", "from b")
	a.awaitCount(t, "lobby", 1)
	b.awaitCount(t, "lobby", 1)
	c.awaitCount(t, "lobby", 2)
	if got := a.of("lobby"); got[0] != "from b" {
		t.Errorf("a got %q", got)
	}
	if got := b.of("lobby"); got[0] != "from a" {
		t.Errorf("b got %q", got)
	}
}

func onlySubscribedRooms(t *testing.T, w World) {
	a, b, fence := join(t, w), join(t, w), w.fence("one")
	subscribe(t, b, "one", "two", fence)
	publish(t, a, "one", "1")
	publish(t, a, "other", "x")
	b.awaitCount(t, "one", 1)
	b.Unsubscribe("one")
	publish(t, a, "one", "2")
	publish(t, a, "two", "3")
	publish(t, a, fence, "4")
	b.awaitCount(t, "two", 1)
	b.awaitCount(t, fence, 1)
	if got := b.of("one"); !reflect.DeepEqual(got, []string{"1"}) {
		t.Errorf("one: %q after Unsubscribe", got)
	}
	if got := b.of("other"); got != nil {
		t.Errorf("got %q of a room not subscribed to", got)
	}
}

func subscribeAgain(t *testing.T, w World) {
	a, b, fence := join(t, w), join(t, w), w.fence("lobby")
	subscribe(t, b, "lobby", "lobby")
	publish(t, a, "lobby", "once")
	b.awaitCount(t, "lobby", 1)
	b.Unsubscribe("lobby") // once is enough
	b.Unsubscribe("lobby") // twice is no error
	b.Unsubscribe("never")
	subscribe(t, b, fence)
	publish(t, a, "lobby", "unheard")
	publish(t, a, fence, "heard")
	b.awaitCount(t, fence, 1)
	subscribe(t, b, "lobby")
	publish(t, a, "lobby", "again")
	if got := b.awaitCount(t, "lobby", 2); got[1] != "again" {
		t.Errorf("got %q", got)
	}
}

func anyBytes(t *testing.T, w World) {
	a, b := join(t, w), join(t, w)
	subscribe(t, b, "salle-à-café", "漢字")
	var all strings.Builder
	for i := range 256 {
		all.WriteByte(byte(i))
	}
	for _, msg := range []string{"\x00", "\r\n", all.String(), strings.Repeat("é", 100_000)} {
		for _, room := range []chat.RoomID{"salle-à-café", "漢字"} {
			before := len(b.of(room))
			publish(t, a, room, msg)
			if got := b.awaitCount(t, room, before+1); got[before] != msg {
				t.Errorf("%s: sent %.20q (%d bytes), got %.20q (%d bytes)", room, msg, len(msg), got[before], len(got[before]))
			}
		}
	}
}

func largestMessage(t *testing.T, w World) {
	a, b := join(t, w), join(t, w)
	subscribe(t, b, "lobby")
	msg := strings.Repeat("0123456789abcdef", 1<<20)
	publish(t, a, "lobby", msg)
	if got := b.awaitCount(t, "lobby", 1); got[0] != msg {
		t.Errorf("16 MiB sent, got %d bytes that differ", len(got[0]))
	}
}

func callerKeepsItsBuffer(t *testing.T, w World) {
	a, b := join(t, w), join(t, w)
	subscribe(t, b, "lobby")
	msg := []byte("first")
	for _, text := range []string{"first", "other"} {
		copy(msg, text)
		if err := a.Publish(soon(t), "lobby", msg); err != nil {
			t.Fatal(err)
		}
	}
	copy(msg, "XXXXX")
	if got := b.awaitCount(t, "lobby", 2); !reflect.DeepEqual(got, []string{"first", "other"}) {
		t.Errorf("got %q", got)
	}
}

func oneNodeKeepsItsOrder(t *testing.T, w World) {
	a, b := join(t, w), join(t, w)
	subscribe(t, b, "lobby")
	const count = 1000
	for i := range count {
		publish(t, a, "lobby", fmt.Sprint(i))
	}
	for i, msg := range b.awaitCount(t, "lobby", count) {
		if msg != fmt.Sprint(i) {
			t.Fatalf("message %d is %s", i, msg)
		}
	}
}

func oneRoomNeverTwiceAtOnce(t *testing.T, w World) {
	senders := []*node{join(t, w), join(t, w), join(t, w)}
	var inside, got, overlaps atomic.Int64
	reader := w.Join(t, func(chat.RoomID, []byte) {
		if inside.Add(1) != 1 {
			overlaps.Add(1)
		}
		for range 1000 { // gives another call time to start
			_ = inside.Load()
		}
		inside.Add(-1)
		got.Add(1)
	})
	defer reader.Close()
	await(t, "the reader is healthy", reader.Healthy)
	subscribe(t, reader, "lobby")
	const each = 200
	var wg sync.WaitGroup
	for _, s := range senders {
		wg.Go(func() {
			for range each {
				if err := s.Publish(soon(t), "lobby", []byte("x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	await(t, "all arrive", func() bool { return got.Load() == int64(each*len(senders)) })
	if n := overlaps.Load(); n > 0 {
		t.Errorf("the handler was called for one room while it ran for it, %d times", n)
	}
}

func manyRooms(t *testing.T, w World) {
	a, b, c := join(t, w), join(t, w), join(t, w)
	const count = 300 // more than any engine has partitions
	room := func(i int) chat.RoomID { return chat.RoomID(fmt.Sprintf("room-%d", i)) }
	var wg sync.WaitGroup
	for i := range count {
		for k, n := range []broker.Broker{b, c} {
			if i%2 == k {
				wg.Go(func() { subscribe(t, n, room(i)) })
			}
		}
	}
	wg.Wait()
	for i := range count {
		publish(t, a, room(i), string(room(i)))
	}
	for i := range count {
		reader, other := b, c
		if i%2 == 1 {
			reader, other = c, b
		}
		if got := reader.awaitCount(t, room(i), 1); got[0] != string(room(i)) {
			t.Errorf("%s got %q", room(i), got)
		}
		if got := other.of(room(i)); got != nil {
			t.Errorf("a message in %s arrived at a node that has not subscribed to it", room(i))
		}
	}
}
