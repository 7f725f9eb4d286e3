package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/queue"
)

const (
	// PublishEvery is the time between two messages with events of one room. A room that had nothing to say for so long is
	// heard at once. What a busy one says goes together, since a message costs the broker and every node about the same
	// whatever is in it.
	PublishEvery = 25 * time.Millisecond
	// maxPublish bounds the events of a room that wait for the broker, in bytes. The other nodes find the rest in the
	// history when they compare heads.
	maxPublish = 4 << 20
	// maxUpdates bounds the changes and typings of a room that wait for the broker. The oldest are dropped: presence knows
	// who is in the room, and typing is soon over.
	maxUpdates = 256
)

// Room is a room on its way to the other nodes. Its methods may be called under the caller's locks, but for Subscribe,
// Unsubscribe and Wait. On a node that is alone it is nil, and its methods do nothing.
type Room struct {
	cluster *Cluster    // immutable
	id      chat.RoomID // immutable

	events    queue.Ordered // events and nothing else: what is dropped here would never be asked for again
	published time.Time     // when events were last published; of the events queue
	updates   queue.Ordered // changes and typing, of which some may be lost

	mu      sync.Mutex // guards what follows
	waiting []byte     // a message with the events to publish; nil when there are none
}

// Room returns what a room says to the other nodes, and nil when there are none. The caller keeps it for as long as it has
// the room: two of them would not keep one order.
func (c *Cluster) Room(id chat.RoomID) *Room {
	if c.Alone() {
		return nil
	}
	return &Room{
		cluster: c, id: id,
		events:  queue.Ordered{Work: &c.work},
		updates: queue.Ordered{Work: &c.work, Most: maxUpdates},
	}
}

// Subscribe asks the broker for what other nodes say in the room, and waits until it agrees, 2 s at most. While the broker is
// away the subscription is kept for its return.
func (r *Room) Subscribe() {
	if r == nil {
		return
	}
	ctx, cancel := context.WithTimeout(r.cluster.life, brokerTimeout)
	defer cancel()
	if err := r.cluster.broker.Subscribe(ctx, r.id); err != nil {
		r.cluster.warn("subscribe to room", r.id, err)
	}
}

// Unsubscribe ends what Subscribe began.
func (r *Room) Unsubscribe() {
	if r != nil {
		r.cluster.broker.Unsubscribe(r.id)
	}
}

// Events has events published, in one message with those that wait already. It does not wait.
func (r *Room) Events(events []chat.Event) {
	if r == nil || len(events) == 0 {
		return
	}
	r.mu.Lock()
	first := r.waiting == nil
	r.waiting = appendWaiting(r.waiting, events)
	r.mu.Unlock()
	if first {
		r.cluster.do(&r.events, r.publishWaiting)
	}
}

// appendWaiting puts events behind those in msg, or begins a message with them.
func appendWaiting(msg []byte, events []chat.Event) []byte {
	if len(msg) >= maxPublish {
		return msg
	}
	size := headerSize
	for i := range events {
		size += recordSize(&events[i])
	}
	msg = slices.Grow(msg, min(size, maxPublish))
	if len(msg) == 0 {
		msg = appendHeader(msg, kindEvents)
	}
	for i := range events {
		if len(msg) < maxPublish {
			msg = appendEvent(msg, &events[i])
		}
	}
	return msg
}

// publishWaiting publishes the events that wait, not before it is time. It is a job of the events queue.
func (r *Room) publishWaiting() {
	if pause := PublishEvery - time.Since(r.published); pause > 0 {
		select {
		case <-time.After(pause):
		case <-r.cluster.drain:
		case <-r.cluster.life.Done():
		}
	}
	r.published = time.Now()
	r.mu.Lock()
	msg := r.waiting
	r.waiting = nil
	r.mu.Unlock()
	r.cluster.publish(r.id, msg)
}

// Change tells the other nodes of a change in who is in the room. It does not wait.
func (r *Room) Change(ch chat.Change) {
	if r != nil && travels(ch.Kind) {
		r.update(appendChange(appendHeader(nil, kindChange), &ch))
	}
}

// Typing tells the other nodes that a user in the room writes. It does not wait.
func (r *Room) Typing(u chat.User) {
	if r != nil {
		r.update(appendUser(appendHeader(nil, kindTyping), &u))
	}
}

func (r *Room) update(msg []byte) {
	r.cluster.do(&r.updates, func() { r.cluster.publish(r.id, msg) })
}

// Wait waits until the events given so far are published, or ctx ends. Errors: ctx's.
func (r *Room) Wait(ctx context.Context) error {
	if r == nil {
		return nil
	}
	return r.events.Wait(ctx)
}
