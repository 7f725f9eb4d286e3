// Package cluster is what the nodes say to each other: events, changes in who is in a room, typing, and in a room of their
// own what concerns all nodes. It encodes and decodes the messages, paces them, and tells when the broker is away.
//
// Nothing that matters depends on it, since the broker may lose messages. The history has the events and presence has who is
// in a room; the hub compares with both regularly. The encoding is described at [version] and pinned by testdata/.
//
// A Cluster owns the broker and these goroutines: one that watches the broker's health, and one for each queue that has
// something to do. There are two queues for each room, and a few for all nodes.
//
// Locks: Cluster.closing before a queue's own. Room.mu and probes.mu are held alone. No I/O and no waiting under any of them.
package cluster

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"salon/internal/broker"
	"salon/internal/chat"
	"salon/internal/queue"
)

// brokerTimeout bounds one call to the broker.
const brokerTimeout = 2 * time.Second

// Handler takes what other nodes say. Only UserChanged may block. It may keep what it gets.
type Handler interface {
	// Events takes events of a room, in any order and perhaps not for the first time. Events, Change and Typing are called on
	// the broker's goroutines, for one room never two at once.
	Events(room chat.RoomID, events []chat.Event)
	// Change takes a change in who is in a room: join, back, leave or rename. Of a change only kind, user and the old name
	// travel.
	Change(room chat.RoomID, c chat.Change)
	// Typing says that a user in a room writes.
	Typing(room chat.RoomID, u chat.User)
	// UserChanged takes a user whose name changed on another node. It is called on a queue, for one user in order, and may
	// take time.
	UserChanged(u chat.User)
	// Degraded says that messages to other nodes begin to be slow, since the broker is away, or that this has ended.
	Degraded(degraded bool)
}

// Stats counts messages, for metrics. All only grow.
type Stats struct {
	Published atomic.Int64 // messages to the broker, probes not counted
	PubFailed atomic.Int64 // messages that the broker did not take
	Received  atomic.Int64 // messages of other nodes in rooms of users
	Ignored   atomic.Int64 // messages of another version, messages that cannot be read, and events that were refused
}

// Cluster is this node's connection to the other nodes.
type Cluster struct {
	node    string        // immutable
	broker  broker.Broker // immutable; nil when this node is alone
	handler Handler       // immutable
	log     *slog.Logger  // immutable

	// life ends with Close; it is kept since the queues' goroutines start on demand.
	life  context.Context
	end   context.CancelFunc
	drain chan struct{} // closed by Drain: events are published without pacing
	once  struct{ drain, close, otherVersion sync.Once }

	stats    Stats
	degraded atomic.Bool
	probes   probes

	answers    queue.Ordered // to other nodes' probes
	departures queue.Ordered // tells the other nodes who left with a node that died
	changed    queue.Ordered // tells the other nodes of users changed here
	changes    queue.Ordered // tells the handler of users changed elsewhere
	work       sync.WaitGroup

	closing sync.RWMutex // guards closed: no goroutine starts once Close waits for them
	closed  bool
}

// do puts a job in one of the cluster's queues, or drops it once the cluster is closed.
func (c *Cluster) do(q *queue.Ordered, job func()) {
	c.closing.RLock()
	defer c.closing.RUnlock()
	if !c.closed {
		q.Do(job)
	}
}

// publish sends a message to the other nodes. What fails is counted; a broker that is away is not logged each time.
func (c *Cluster) publish(room chat.RoomID, msg []byte) {
	ctx, cancel := context.WithTimeout(c.life, brokerTimeout)
	defer cancel()
	c.stats.Published.Add(1)
	if err := c.broker.Publish(ctx, room, msg); err != nil {
		c.stats.PubFailed.Add(1)
		c.warn("publish", room, err)
	}
}

// warn logs what the broker refused, unless it is away or the node is stopping.
func (c *Cluster) warn(what string, room chat.RoomID, err error) {
	if !errors.Is(err, broker.ErrUnavailable) && c.life.Err() == nil {
		c.log.Warn(what, "room", room, "err", err)
	}
}

// Alone tells whether there can be no other nodes.
func (c *Cluster) Alone() bool { return c.broker == nil }

// Degraded tells whether messages to other nodes are slow now, since the broker is away.
func (c *Cluster) Degraded() bool { return c.degraded.Load() }

// Healthy tells whether messages flow now, as far as the broker knows. A node that is alone misses none.
func (c *Cluster) Healthy() bool { return c.Alone() || c.broker.Healthy() }

// Epoch counts the times that messages of other nodes may have been lost. When it differs from what it was, the heads of all
// rooms have to be compared with the history.
func (c *Cluster) Epoch() uint64 {
	if c.Alone() {
		return 0
	}
	return c.broker.Epoch()
}

// Stats returns the counters, live.
func (c *Cluster) Stats() *Stats { return &c.stats }

// Drain has events published without pacing from now on, also those that wait: the node is stopping, and nothing more
// would be coming to send with them.
func (c *Cluster) Drain() { c.once.drain.Do(func() { close(c.drain) }) }
