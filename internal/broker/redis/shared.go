package redis

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"salon/internal/broker"
	"salon/internal/chat"
	"salon/internal/redisconn"
)

// times are the times that a broker goes by.
type times struct {
	// probeEvery is how long a partition may be without a message of this node before the node sends a probe there.
	// staleAfter is how long before the partition counts as broken.
	probeEvery, staleAfter time.Duration
	// linger is how long a partition stays subscribed after its last room: people change rooms back and forth.
	linger time.Duration
	// watchEvery is the time between two looks at the partitions, a fraction of the times above.
	watchEvery time.Duration
	// subscribe bounds Subscribe, whatever its context allows.
	subscribe time.Duration
}

func defaultTimes() times {
	return times{
		probeEvery: time.Second, staleAfter: 3 * time.Second, linger: 2 * time.Second,
		watchEvery: 250 * time.Millisecond, subscribe: 2 * time.Second,
	}
}

// shared is what the partitions of a broker have in common.
type shared struct {
	node    string         // immutable
	history string         // immutable
	handler broker.Handler // immutable
	times   times          // immutable
	log     *slog.Logger
	conn    *redisconn.Conn
	epoch   atomic.Uint64 // how often messages may have been lost
}

// encode returns a message of this node, as it goes through Redis. A message without a room is a probe.
func (s *shared) encode(room chat.RoomID, msg []byte) string {
	return rueidis.BinaryString(envelope{history: s.history, node: s.node, room: room, msg: msg}.encode())
}
