// Package brokertest is the suite that every engine of the broker contract passes.
package brokertest

import (
	"context"
	"sync"
	"testing"
	"time"

	"salon/internal/broker"
	"salon/internal/chat"
)

// patience is how long a test waits before it fails. It is so long that only what never happens reaches it, however slow the
// machine is.
const patience = 2 * time.Minute

// World is what connects the nodes of a test.
type World struct {
	// Join makes one more node, which the suite closes.
	Join func(t *testing.T, handler broker.Handler) broker.Broker
	// Cut makes the broker unreachable for a node, so that Publish fails, until heal is called. Nil: this world cannot do that.
	Cut func(t *testing.T, node broker.Broker) (heal func())
	// Beside names another room whose messages keep their order with those of room. When a message published there later has
	// arrived, no earlier message to room is still on its way. Nil: every room is like that.
	Beside func(room chat.RoomID) chat.RoomID
}

// fence returns a room whose messages arrive after those that were published to room before.
func (w World) fence(room chat.RoomID) chat.RoomID {
	if w.Beside == nil {
		return room + "-fence"
	}
	return w.Beside(room)
}

// node is a broker with a record of what its handler got.
type node struct {
	broker.Broker

	mu  sync.Mutex // guards got
	got map[chat.RoomID][]string
}

func join(t *testing.T, w World) *node {
	t.Helper()
	n := &node{got: map[chat.RoomID][]string{}}
	n.Broker = w.Join(t, func(room chat.RoomID, msg []byte) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.got[room] = append(n.got[room], string(msg))
	})
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	await(t, "the node is healthy", n.Healthy)
	return n
}

func (n *node) of(room chat.RoomID) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.got[room]...)
}

// awaitCount waits until n got count messages in room, and fails when it got more.
func (n *node) awaitCount(t *testing.T, room chat.RoomID, count int) []string {
	t.Helper()
	await(t, "messages arrive", func() bool { return len(n.of(room)) >= count })
	got := n.of(room)
	if len(got) > count {
		t.Fatalf("%d messages in %s, want %d: %.200q", len(got), room, count, got)
	}
	return got
}

func subscribe(t *testing.T, n broker.Broker, rooms ...chat.RoomID) {
	t.Helper()
	for _, room := range rooms {
		if err := n.Subscribe(soon(t), room); err != nil {
			t.Fatalf("Subscribe(%s): %v", room, err)
		}
	}
}

func publish(t *testing.T, n broker.Broker, room chat.RoomID, msg string) {
	t.Helper()
	if err := n.Publish(soon(t), room, []byte(msg)); err != nil {
		t.Fatalf("Publish(%s): %v", room, err)
	}
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}
