package ws

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Defaults of [Options] and [DialOptions].
const (
	DefaultMaxMessage       = 1 << 20
	DefaultQueueBytes       = 1 << 20
	DefaultCompressFrom     = 128
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultCloseTimeout     = 5 * time.Second
)

// Options of a server's connections. The connections keep the pointer: one Options may serve all of them, and must not be
// changed once it is in use. nil means all defaults.
type Options struct {
	MaxMessage   int  // bytes of one whole message, after inflating; 0 means DefaultMaxMessage
	QueueBytes   int  // bytes that TryQueue lets wait; 0 means DefaultQueueBytes
	Compress     bool // agree to permessage-deflate when a client offers it
	CompressFrom int  // payload bytes from which on messages are compressed; 0 means DefaultCompressFrom

	// Subprotocols that the server speaks, the preferred one first. A client that offers none of them gets no subprotocol.
	Subprotocols []string

	// CheckOrigin tells whether a page from the request's Origin may connect. nil allows requests without Origin, and those
	// whose Origin is the request's host.
	CheckOrigin func(*http.Request) bool

	HandshakeTimeout time.Duration // to write the answer; 0 means DefaultHandshakeTimeout
	CloseTimeout     time.Duration // for the closing handshake; 0 means DefaultCloseTimeout
}

// DialOptions of a client's connection. nil means all defaults.
type DialOptions struct {
	Header       http.Header // sent with the request, Origin and Cookie for instance
	Subprotocols []string    // offered, the preferred one first
	Compress     bool        // offer permessage-deflate
	CompressFrom int         // as in Options
	MaxMessage   int         // as in Options
	QueueBytes   int         // as in Options
	CloseTimeout time.Duration

	TLS *tls.Config // for wss; nil means the system's defaults

	// NetDial makes the network connection, below TLS. nil means net.Dialer.
	NetDial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (o *DialOptions) options() *Options {
	return &Options{
		MaxMessage: o.MaxMessage, QueueBytes: o.QueueBytes, CompressFrom: o.CompressFrom, CloseTimeout: o.CloseTimeout,
	}
}

func (o *Options) maxMessage() int {
	if o.MaxMessage > 0 {
		return o.MaxMessage
	}
	return DefaultMaxMessage
}

func (o *Options) queueBytes() int {
	if o.QueueBytes > 0 {
		return o.QueueBytes
	}
	return DefaultQueueBytes
}

func (o *Options) compressFrom() int {
	if o.CompressFrom > 0 {
		return o.CompressFrom
	}
	return DefaultCompressFrom
}

func (o *Options) handshakeTimeout() time.Duration {
	if o.HandshakeTimeout > 0 {
		return o.HandshakeTimeout
	}
	return DefaultHandshakeTimeout
}

func (o *Options) closeTimeout() time.Duration {
	if o.CloseTimeout > 0 {
		return o.CloseTimeout
	}
	return DefaultCloseTimeout
}
