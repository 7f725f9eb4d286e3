// Package broker is the contract of what is said right now, from node to node.
//
// A broker may lose messages, and may be away: history tells what was missed. It never repeats on purpose and keeps the
// order of one node's messages to one room when it can, but nobody relies on it. Engines live in packages below and
// pass the one suite in brokertest. A Broker is safe for concurrent use.
package broker

import (
	"context"
	"errors"

	"salon/internal/chat"
)

// The errors of every engine.
var (
	// ErrUnavailable says that the message may have reached nobody.
	ErrUnavailable = errors.New("broker: unavailable")
	// ErrClosed says that the broker was closed.
	ErrClosed = errors.New("broker: closed")
)

// Handler takes what other nodes say in a room. It is called from the broker's own goroutines, for one room never twice at
// once, must not block, and must not keep msg after it returns.
type Handler func(room chat.RoomID, msg []byte)

// Broker carries messages between the nodes.
type Broker interface {
	// Publish sends msg (1 byte to 16 MiB) to the other nodes that are subscribed to room. It does not come back to this node.
	// It returns when the broker has it, not when the others do. Errors: [ErrUnavailable], [ErrClosed].
	Publish(ctx context.Context, room chat.RoomID, msg []byte) error

	// Subscribe makes what others publish to room come to the handler, from when it returns nil; one subscribed
	// already is no error. While the broker is away it keeps the wish and fulfils it on return. Errors: [ErrUnavailable]
	// (kept as a wish: the room is subscribed once the broker is back), [ErrClosed].
	Subscribe(ctx context.Context, room chat.RoomID) error

	// Unsubscribe ends that; one not subscribed is no error.
	Unsubscribe(room chat.RoomID)

	// Healthy tells whether messages flow now, as far as this node knows.
	Healthy() bool

	// Epoch counts the times that messages may have been lost (the connection broke, a subscription moved). When it
	// differs from what it was, compare heads.
	Epoch() uint64

	// Close ends the subscriptions and waits until no handler runs.
	Close() error
}
