package ws

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// epoch makes an instant of the monotonic clock fit into 8 bytes. It never changes.
var epoch = time.Now()

// Conn is a connection, from [Upgrade] or [Dial]. One goroutine at a time may call Read; everything else is safe for
// concurrent use. The connection has to be read until Read fails, or ended with Close or Kill.
type Conn struct {
	nc          net.Conn        // immutable
	raw         syscall.RawConn // immutable; nil where nc can only be read and written with waiting
	opts        *Options        // immutable
	subprotocol string          // immutable
	window      uint8           // immutable; of what this side sends, as an exponent; 0 is no compression either way
	client      bool            // immutable

	seen atomic.Int64 // last sign of life, in nanoseconds after epoch

	input  input  // the reader's: whoever has the reading role
	output output // the writer's: whoever has the writing role

	mu      sync.Mutex // guards what follows
	queue   *frames    // waits for the writer; nil when there is nothing
	queued  int        // bytes in queue and in output
	pongs   uint8      // answers to pings in queue, up to maxPongs
	pongAt  int32      // the last of them
	state   state
	working uint8         // goroutines of the connection's own
	readErr error         // what every further Read returns
	drained chan struct{} // closed once half the queue is free, for WaitDrain; nil while nobody waits
	written chan struct{} // closed once there is no writer; nil while nobody waits
	done    chan struct{} // for Done; nil while nobody asked
	watch   *watch        // by a poller; nil where the connection is read with waiting
}

// state is a set of what holds for a connection.
type state uint8

const (
	reading   state = 1 << iota // somebody has the reading role
	writing                     // somebody has the writing role
	pinged                      // a ping is in queue
	closing                     // the last frame, a close frame, is queued: nothing more may be
	finishing                   // the goroutine that ends the connection has taken over the reading role
	broken                      // nothing more can be written
	shutting                    // the socket is being closed
	closed                      // the socket is closed
)

func (c *Conn) is(s state) bool { return c.state&s != 0 }

// start gives the connection its socket, and what had come on it already.
func (c *Conn) start(nc net.Conn, early []byte) {
	c.nc = nc
	c.raw = socketOf(nc)
	if c.raw != nil {
		c.input.ready = c.readReady
		c.output.now = func(fd uintptr) { c.writeReady(fd) }
	}
	c.input.preload(early)
	c.touch()
}

// Subprotocol returns the one agreed on, "" for none.
func (c *Conn) Subprotocol() string { return c.subprotocol }

// RemoteAddr returns the peer's address, as the socket has it.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Compressed tells whether permessage-deflate was agreed on.
func (c *Conn) Compressed() bool { return c.window != 0 }

// Idle tells how long ago there was the last sign of life before now: bytes that came, or room in a socket that had been
// full. Writing into a socket that has room is none, since that succeeds with a dead peer as well.
func (c *Conn) Idle(now time.Time) time.Duration {
	return max(0, now.Sub(epoch)-time.Duration(c.seen.Load()))
}

// touch notes a sign of life.
func (c *Conn) touch() { c.seen.Store(int64(time.Since(epoch))) }
