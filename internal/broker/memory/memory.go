// Package memory carries messages between nodes of one process. It is the engine of several nodes in one test.
//
// Each [Node] owns one goroutine, which calls its handler with the messages in its bounded queue.
//
// Locks: Net.mu before Node.mu. No handler runs under either.
package memory

import (
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
