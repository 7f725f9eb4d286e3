// Package memory carries messages between the nodes of this process: the engine of a lone node, where it carries nothing,
// and of several nodes in one test.
//
// Each [Node] owns one goroutine, which calls its handler with what is in its bounded queue.
//
// Locks: Net.mu before Node.mu. No handler runs under either.
package memory

import (
	"sync"

	"salon/internal/broker"
	"salon/internal/chat"
)

// maxQueue bounds what waits for one node's handler, in bytes; past it messages are lost, as the contract allows. Two of
// the largest messages fit.
const maxQueue = 32 << 20

// Net connects nodes of this process. It is safe for concurrent use.
type Net struct {
	mu    sync.Mutex // guards what follows
	nodes map[*Node]struct{}
	lose  func(to *Node, room chat.RoomID, msg []byte) bool
}

// NewNet makes a net without nodes.
func NewNet() *Net { return &Net{nodes: map[*Node]struct{}{}} }

// Lose makes messages get lost on the way to a node when drop says so; nil ends that. Nobody is told of the loss. Drop must
// not call the net or its nodes.
func (n *Net) Lose(drop func(to *Node, room chat.RoomID, msg []byte) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lose = drop
}

// Join makes a node of the net that gives handler what the others say. Close it when done.
func (n *Net) Join(handler broker.Handler) *Node {
	node := &Node{net: n, handler: handler, rooms: map[chat.RoomID]struct{}{}, done: make(chan struct{})}
	node.wake.L = &node.mu
	n.mu.Lock()
	n.nodes[node] = struct{}{}
	n.mu.Unlock()
	go node.run()
	return node
}

// send queues msg for every node but the one that it is from.
func (n *Net) send(from *Node, room chat.RoomID, msg []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var shared []byte // the caller may reuse msg; one copy does for all
	for to := range n.nodes {
		if to == from || (n.lose != nil && n.lose(to, room, msg)) {
			continue
		}
		if shared == nil {
			shared = append([]byte{}, msg...)
		}
		to.put(room, shared)
	}
}
