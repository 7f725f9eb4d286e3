// Package redis carries messages between nodes by Redis's sharded publish/subscribe (Redis 7.0 or later, Valkey;
// standalone or Cluster, where the load spreads over the primaries).
//
// Rooms share a fixed number of channels, the partitions: a node is subscribed to those that have a room of its own, and
// drops what comes for other rooms there, and what nodes of another history say. What it publishes comes back to it too,
// which proves that messages flow; where it has nothing to say it sends a canary. No message is kept anywhere.
//
// What the client library does and does not (rueidis v1.0.79, with the options of redisconn): it publishes over the same
// connection that carries the subscriptions, one for each primary, pipelining what is published at once. It asks an idle
// connection with PING and drops it when no answer comes. It dials again with the next command, and reads a Cluster's
// layout again when a connection breaks, when it is redirected, and every 10 s. It does not subscribe again: its Receive
// ends with an error when the connection breaks, without one when the server ends the subscription (its slot went to
// another primary), and with MOVED while the layout it knows is old. All three are the partition's business here, with a
// new epoch each time.
//
// A Broker owns one goroutine for each partition, which runs its subscription and calls the handler, and one that watches.
// Locks: one partition.mu at a time; no call, no handler and no waiting under it.
package redis

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"salon/internal/broker"
	"salon/internal/chat"
	"salon/internal/redisconn"
)

// partitions is how many channels the rooms share: enough to spread over some dozen primaries, few enough that their canaries
// cost nothing. All nodes must agree.
const partitions = 64

const (
	// canaryEvery is how long a partition may be without a message of this node before it gets a canary, and staleAfter how
	// long before it counts as broken.
	canaryEvery = time.Second
	staleAfter  = 3 * time.Second
	// linger is how long a partition stays subscribed after its last room: people change rooms back and forth.
	linger = 2 * time.Second
	// subscribeTimeout bounds Subscribe, whatever its context allows.
	subscribeTimeout = 2 * time.Second
)

// Options say how a broker works; the zero value will do.
type Options struct {
	History string       // the name of the history that this node writes: what nodes of another say is dropped
	Log     *slog.Logger // nil for none
}

// Broker is one node's connection to the others. It is safe for concurrent use.
type Broker struct {
	node    string         // immutable
	history string         // immutable
	handler broker.Handler // immutable
	log     *slog.Logger
	conn    *redisconn.Conn
	parts   []*partition // immutable: those of the rooms, and last one for the watch alone
	epoch   atomic.Uint64
	closed  atomic.Bool
	stop    context.CancelFunc
	running sync.WaitGroup // the broker's goroutines
}

var _ broker.Broker = (*Broker)(nil)

// Open opens the broker as the node of that name, which must be this run's alone ([chat.NewNodeID]), and gives handler
// what the other nodes say. It succeeds while Redis is away.
func Open(target redisconn.Target, node string, handler broker.Handler, o Options) *Broker {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &Broker{
		node: node, history: o.History, handler: handler, log: o.Log, conn: redisconn.Open(target, o.Log), stop: cancel,
	}
	for i := range partitions {
		b.parts = append(b.parts, newPartition(b, channelOf(i)))
	}
	watched := newPartition(b, "salon:watch:"+node)
	watched.pinned = true // so that there is something to prove the flow by, even without rooms
	watched.want()
	b.parts = append(b.parts, watched)
	for _, p := range b.parts {
		b.running.Go(func() { p.run(ctx) })
	}
	b.running.Go(func() { b.watch(ctx) })
	return b
}

// channelOf names a partition's channel. The names differ enough to lie in slots all over a Cluster.
//
// They are the same for every history, although publish/subscribe knows no database numbers, so that deployments on one
// Redis hear each other and drop what they hear. With the history in the name they would not even hear it, but how the
// channels spread over a Cluster would then be another draw for each deployment, and nobody could say beforehand how
// uneven it is (docs/SCALE.md does). Who has so much to say that it matters has a Redis for each.
func channelOf(partition int) string { return "salon:partition:" + strconv.Itoa(partition) }

// partitionOf tells which partition a room is in.
func partitionOf(room chat.RoomID) int {
	h := fnv.New32a()
	h.Write([]byte(room))
	return int(h.Sum32() % partitions)
}

// Publish implements [broker.Broker]. It takes 2 s at most.
func (b *Broker) Publish(ctx context.Context, room chat.RoomID, msg []byte) error {
	if b.closed.Load() {
		return broker.ErrClosed
	}
	sealed := b.sealed(room, msg)
	_, err := b.conn.Do(ctx, func(c rueidis.Builder) rueidis.Completed {
		return c.Spublish().Channel(channelOf(partitionOf(room))).Message(sealed).Build()
	})
	if err != nil {
		return fmt.Errorf("%w: publish to %s: %w", broker.ErrUnavailable, room, err)
	}
	return nil
}

// sealed gives a message as it goes through Redis.
func (b *Broker) sealed(room chat.RoomID, msg []byte) string {
	return rueidis.BinaryString(envelope{history: b.history, node: b.node, room: room, msg: msg}.seal())
}

// Subscribe implements [broker.Broker]. It takes 2 s at most.
func (b *Broker) Subscribe(ctx context.Context, room chat.RoomID) error {
	if b.closed.Load() {
		return broker.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, subscribeTimeout)
	defer cancel()
	if err := b.parts[partitionOf(room)].add(ctx, room); err != nil {
		if b.closed.Load() {
			return broker.ErrClosed
		}
		return fmt.Errorf("%w: subscribe to %s: %w", broker.ErrUnavailable, room, err)
	}
	return nil
}

// Unsubscribe implements [broker.Broker].
func (b *Broker) Unsubscribe(room chat.RoomID) { b.parts[partitionOf(room)].remove(room) }

// Healthy implements [broker.Broker]: every partition in use is subscribed and has carried a message of this node within 3 s.
func (b *Broker) Healthy() bool {
	if b.closed.Load() {
		return false
	}
	now := time.Now()
	for _, p := range b.parts {
		if !p.healthy(now) {
			return false
		}
	}
	return true
}

// Epoch implements [broker.Broker].
func (b *Broker) Epoch() uint64 { return b.epoch.Load() }

// Close implements [broker.Broker]. It must not be called by the handler.
func (b *Broker) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	b.stop()
	b.running.Wait()
	b.conn.Close()
	return nil
}
