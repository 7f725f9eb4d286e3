// Package redis carries messages between nodes by Redis's sharded publish/subscribe. It needs Redis 7.0 or later or Valkey,
// standalone or Cluster. In a Cluster the load is spread over the primaries.
//
// Rooms share a fixed number of channels, the partitions. A node subscribes to the partitions of its rooms. It drops what
// arrives there for other rooms, and what nodes of another history publish. What a node publishes also comes back to it, which
// proves that messages flow. Where a node has nothing to publish, it sends a probe. Redis keeps no message.
//
// What the client library does (rueidis v1.0.79, with the options of redisconn): it publishes over the connection that also
// carries the subscriptions, one for each primary, and pipelines what is published at the same time. It checks an idle
// connection with PING and drops it when no answer arrives. It connects again with the next command. It reads a Cluster's
// layout again when a connection breaks, when it is redirected, and every 10 s.
//
// What the library does not do: it does not subscribe again. Its Receive ends with an error when the connection breaks, without
// one when the server ends the subscription (its slot moved to another primary), and with MOVED while the layout that the
// library knows is old. A partition handles all three, with a new epoch each time.
//
// A Broker owns one goroutine for each partition, which runs its subscription and calls the handler, and one that runs the
// watcher. Locks: one partition.mu at a time; no call, no handler and no waiting under it.
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

// partitions is how many channels the rooms share: enough to spread over some dozen primaries, few enough that their probes cost
// nothing. All nodes must use the same number.
const partitions = 64

// Options say how a broker works. The zero value is usable.
type Options struct {
	History string       // the name of the history that this node writes: messages of nodes of another history are dropped
	Log     *slog.Logger // nil: nothing is logged

	times times // the zero value for the defaults
}

// Broker is one node's connection to the others. It is safe for concurrent use.
type Broker struct {
	*shared
	partitions []*partition // immutable: those of the rooms, and last one for the watcher alone
	watcher    *watcher
	closed     atomic.Bool
	stop       context.CancelFunc
	running    sync.WaitGroup // the broker's goroutines
}

var _ broker.Broker = (*Broker)(nil)

// Open opens the broker under the name of this node, which only this run of it may have ([chat.NewNodeID]). It calls handler
// with what the other nodes publish. Open succeeds while Redis is away.
func Open(target redisconn.Target, node string, handler broker.Handler, o Options) *Broker {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.times == (times{}) {
		o.times = defaultTimes()
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &Broker{
		shared: &shared{
			node: node, history: o.History, handler: handler, times: o.times, log: o.Log,
			conn: redisconn.Open(target, o.Log),
		},
		stop: cancel,
	}
	for i := range partitions {
		b.partitions = append(b.partitions, newPartition(b.shared, channelOf(i)))
	}
	watched := newPartition(b.shared, "salon:watch:"+node)
	watched.pinned = true // so that probes show whether messages flow, even when this node has no rooms
	watched.want()
	b.partitions = append(b.partitions, watched)
	b.watcher = &watcher{shared: b.shared, partitions: b.partitions}
	for _, p := range b.partitions {
		b.running.Go(func() { p.run(ctx) })
	}
	b.running.Go(func() { b.watcher.run(ctx) })
	return b
}

// channelOf names a partition's channel. The names differ enough to have slots all over a Cluster.
//
// The names are the same for every history, although publish/subscribe knows no database numbers. Deployments that share a
// Redis therefore receive each other's messages and drop them. With the history in the name they would not receive them, but
// each deployment's channels would be spread over a Cluster in another way, and nobody could say beforehand how unevenly
// (docs/SCALE.md does). A deployment with so many messages that this matters has a Redis of its own.
func channelOf(partition int) string { return "salon:partition:" + strconv.Itoa(partition) }

// partitionOf returns the partition of a room.
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
	encoded := b.encode(room, msg)
	_, err := b.conn.Do(ctx, func(c rueidis.Builder) rueidis.Completed {
		return c.Spublish().Channel(channelOf(partitionOf(room))).Message(encoded).Build()
	})
	if err != nil {
		return fmt.Errorf("%w: publish to %s: %w", broker.ErrUnavailable, room, err)
	}
	return nil
}

// Subscribe implements [broker.Broker]. It takes 2 s at most.
func (b *Broker) Subscribe(ctx context.Context, room chat.RoomID) error {
	if b.closed.Load() {
		return broker.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, b.times.subscribe)
	defer cancel()
	if err := b.partitions[partitionOf(room)].add(ctx, room); err != nil {
		if b.closed.Load() {
			return broker.ErrClosed
		}
		return fmt.Errorf("%w: subscribe to %s: %w", broker.ErrUnavailable, room, err)
	}
	return nil
}

// Unsubscribe implements [broker.Broker].
func (b *Broker) Unsubscribe(room chat.RoomID) { b.partitions[partitionOf(room)].remove(room) }

// Healthy implements [broker.Broker]: every partition in use is subscribed and has carried a message of this node within 3 s.
func (b *Broker) Healthy() bool { return !b.closed.Load() && b.watcher.healthy(time.Now()) }

// Trouble returns why the broker is not healthy, nil when it is.
func (b *Broker) Trouble() error { return b.watcher.trouble(time.Now()) }

// Epoch implements [broker.Broker].
func (b *Broker) Epoch() uint64 { return b.epoch.Load() }

// Close implements [broker.Broker]. The handler must not call it.
func (b *Broker) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	b.stop()
	b.running.Wait()
	b.conn.Close()
	return nil
}
