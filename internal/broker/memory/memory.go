// Package memory carries messages between nodes of one process. It is the engine of several nodes in one test.
//
// Each [Node] owns one goroutine, which calls its handler with the messages in its bounded queue.
//
// Locks: Net.mu before Node.mu. No handler runs under either.
package memory

import (
	"context"
	"fmt"
	"sync"

	"salon/internal/broker"
	"salon/internal/chat"
)

// maxQueue is how many bytes may wait for one node's handler. Messages beyond that are lost, as the contract allows. Two of the
// largest messages fit.
const maxQueue = 32 << 20

// Net connects the nodes. It is safe for concurrent use.
type Net struct {
	mu    sync.Mutex // guards what follows
	nodes map[*Node]struct{}
	lose  func(to *Node, room chat.RoomID, msg []byte) bool
}

// NewNet makes a net without nodes.
func NewNet() *Net { return &Net{nodes: map[*Node]struct{}{}} }

// Lose makes those messages get lost for which drop returns true; nil ends that. No node notices the loss. Drop must not call the
// net or its nodes.
func (n *Net) Lose(drop func(to *Node, room chat.RoomID, msg []byte) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lose = drop
}

// Join makes a node, which calls handler with what the other nodes publish. Close it when done.
func (n *Net) Join(handler broker.Handler) *Node {
	node := &Node{net: n, handler: handler, rooms: map[chat.RoomID]struct{}{}, done: make(chan struct{})}
	node.wake.L = &node.mu
	n.mu.Lock()
	n.nodes[node] = struct{}{}
	n.mu.Unlock()
	go node.run()
	return node
}

// send queues msg for every node except from.
func (n *Net) send(from *Node, room chat.RoomID, msg []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var shared []byte // one copy for all nodes, since the caller may reuse msg
	for to := range n.nodes {
		if to == from || (n.lose != nil && n.lose(to, room, msg)) {
			continue
		}
		if shared == nil {
			shared = append([]byte{}, msg...)
		}
		to.enqueue(room, shared)
	}
}

// Node is one node's broker.
type Node struct {
	net     *Net           // immutable
	handler broker.Handler // immutable
	done    chan struct{}  // closed when run has ended

	mu     sync.Mutex // guards what follows
	wake   sync.Cond  // on mu: signalled when a message is queued or the node is closed
	rooms  map[chat.RoomID]struct{}
	queue  []message
	queued int // bytes in queue
	epoch  uint64
	away   bool
	closed bool
}

type message struct {
	room chat.RoomID
	msg  []byte
}

var _ broker.Broker = (*Node)(nil)

// run calls the handler with what is queued until the node is closed.
func (n *Node) run() {
	defer close(n.done)
	for {
		n.mu.Lock()
		for len(n.queue) == 0 && !n.closed {
			n.wake.Wait()
		}
		batch, closed := n.queue, n.closed
		n.queue, n.queued = nil, 0
		n.mu.Unlock()
		if closed {
			return
		}
		for _, m := range batch {
			if n.wants(m.room) { // it may have unsubscribed since
				n.handler(m.room, m.msg)
			}
		}
	}
}

func (n *Node) wants(room chat.RoomID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, in := n.rooms[room]
	return in && !n.closed
}

// enqueue queues a message for the handler, or loses it when the node is cut off or the queue is full.
func (n *Node) enqueue(room chat.RoomID, msg []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, in := n.rooms[room]; !in || n.away || n.closed {
		return
	}
	if n.queued+len(msg) > maxQueue {
		n.epoch++
		return
	}
	n.queue = append(n.queue, message{room, msg})
	n.queued += len(msg)
	n.wake.Signal()
}

// SetAway cuts this node off in both directions, until it is called with false.
func (n *Node) SetAway(away bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away != away {
		n.away = away
		n.epoch++
	}
}

func (n *Node) ready() error {
	switch {
	case n.closed:
		return broker.ErrClosed
	case n.away:
		return fmt.Errorf("%w: cut off", broker.ErrUnavailable)
	}
	return nil
}

// Publish implements [broker.Broker].
func (n *Node) Publish(ctx context.Context, room chat.RoomID, msg []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", broker.ErrUnavailable, err)
	}
	n.mu.Lock()
	err := n.ready()
	n.mu.Unlock()
	if err != nil {
		return err
	}
	n.net.send(n, room, msg)
	return nil
}

// Subscribe implements [broker.Broker].
func (n *Node) Subscribe(_ context.Context, room chat.RoomID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return broker.ErrClosed
	}
	n.rooms[room] = struct{}{}
	return n.ready()
}

// Unsubscribe implements [broker.Broker].
func (n *Node) Unsubscribe(room chat.RoomID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.rooms, room)
}

// Healthy implements [broker.Broker].
func (n *Node) Healthy() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.away && !n.closed
}

// Epoch implements [broker.Broker].
func (n *Node) Epoch() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.epoch
}

// Close implements [broker.Broker].
func (n *Node) Close() error {
	n.net.mu.Lock()
	delete(n.net.nodes, n)
	n.net.mu.Unlock()

	n.mu.Lock()
	n.closed = true
	n.queue, n.queued = nil, 0
	n.wake.Signal()
	n.mu.Unlock()
	<-n.done
	return nil
}
