package redisconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"
)

// reachFor is how long an address that could not be reached is remembered. The client library tries again sooner.
const reachFor = 10 * time.Second

// reach remembers which address could not be reached last. In a Cluster the addresses are those that the servers announce,
// which may be none that this machine can reach. A call then fails with a timeout that names no address.
type reach struct {
	mu      sync.Mutex // guards what follows
	address string     // that could not be reached; "" for none
	err     error
	at      time.Time
}

// dial connects for the client library.
func (r *reach) dial(ctx context.Context, address string, d *net.Dialer, c *tls.Config) (conn net.Conn, err error) {
	if c != nil {
		conn, err = (&tls.Dialer{NetDialer: d, Config: c}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = d.DialContext(ctx, "tcp", address)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.address, r.err, r.at = address, err, time.Now()
	} else if r.address == address {
		r.address, r.err = "", nil
	}
	return conn, err
}

// Explain adds to the error of a call the address that could not be reached, if there is one.
func (c *Conn) Explain(err error) error {
	c.reach.mu.Lock()
	defer c.reach.mu.Unlock()
	if err == nil || c.reach.address == "" || time.Since(c.reach.at) > reachFor {
		return err
	}
	return fmt.Errorf("%w (%s cannot be reached: %w)", err, c.reach.address, c.reach.err)
}
