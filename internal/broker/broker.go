// Package broker is the contract of what carries messages from node to node as they are sent.
//
// A broker may lose messages and may be away: the history tells a node what it missed. A broker never repeats a message on
// purpose. It keeps the order of one node's messages to one room when it can, but nobody relies on that. Engines live in
// packages below this one and pass the suite in brokertest. A Broker is safe for concurrent use.
package broker

import (
	"context"
	"errors"

	"salon/internal/chat"
)

// The errors of every engine.
var (
	// ErrUnavailable means that the message may have reached no node.
	ErrUnavailable = errors.New("broker: unavailable")
	// ErrClosed means that the broker was closed.
	ErrClosed = errors.New("broker: closed")
)

// Handler receives what other nodes publish to a room. It is called from the broker's own goroutines, and never twice at once
// for the same room. It must not block, and must not keep msg after it returns.
type Handler func(room chat.RoomID, msg []byte)

// Broker carries messages between the nodes.
type Broker interface {
	// Publish sends msg (1 byte to 16 MiB) to the other nodes that are subscribed to room, and not to this node. It returns
	// when the broker has the message, not when the other nodes do. Errors: [ErrUnavailable], [ErrClosed].
	Publish(ctx context.Context, room chat.RoomID, msg []byte) error

	// Subscribe makes the handler receive what other nodes publish to room, from when it returns nil. If the room is
	// subscribed already, that is no error. While the broker is away, Subscribe fails and the room is remembered: it is
	// subscribed when the broker is back. Errors: [ErrUnavailable] (the room is remembered), [ErrClosed].
	Subscribe(ctx context.Context, room chat.RoomID) error

	// Unsubscribe ends the subscription to room, and forgets a room that is remembered. If the room is not subscribed, that
	// is no error.
	Unsubscribe(room chat.RoomID)

	// Healthy reports whether messages flow now, as far as this node knows.
	Healthy() bool

	// Epoch counts the times that messages may have been lost, because the connection broke or a subscription moved. When
	// the value has changed, the node compares its rooms' heads.
	Epoch() uint64

	// Close ends the subscriptions and waits until no handler runs.
	Close() error
}
