// Package redisconn is the connection to Redis that the Redis engines share: standalone or Cluster, Redis or Valkey.
//
// A [Conn] may be opened while Redis is away. It connects as soon as Redis is there. After that the client library
// reconnects by itself, and follows a Cluster's failovers and resharding. A Conn repeats no command: a command that fails
// returns its error at once, and its caller knows whether it may be repeated.
//
// Each Conn owns one goroutine until it is connected.
package redisconn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/redis/rueidis"
)

const (
	// firstPause and longestPause are the pauses before Redis is tried again while it was never reached.
	firstPause   = 100 * time.Millisecond
	longestPause = time.Second
	// maxPending is how many calls may wait for answers at once. The client library's own queue holds 2^queueScale calls.
	// When it is full, calls block there and ignore their contexts. Calls that timed out stay in it until the connection
	// counts as dead. Within the 3 s that this takes, two rounds of calls time out, so half of the queue's size never fills it.
	queueScale = 10
	maxPending = 1 << (queueScale - 1)
)

// ErrNotConnected means that Redis was not reached yet.
var ErrNotConnected = errors.New("redis: not connected yet")

// Conn is a connection to Redis. It is safe for concurrent use.
type Conn struct {
	target   Target   // immutable
	timeouts Timeouts // immutable
	log      *slog.Logger
	client   atomic.Pointer[rueidis.Client] // nil until connected
	pending  chan struct{}                  // holds one value for each call that waits for its answer
	reach    reach
	stop     context.CancelFunc
	ended    chan struct{} // closed when the goroutine that connects has ended
}

// Open starts to connect and returns at once. Close the Conn when done.
func Open(target Target, log *slog.Logger) *Conn {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Conn{
		target: target, timeouts: target.Timeouts.withDefaults(), log: log,
		pending: make(chan struct{}, maxPending), stop: cancel, ended: make(chan struct{}),
	}
	go c.connect(ctx)
	return c
}

// connect tries to connect until it succeeds or the Conn is closed.
func (c *Conn) connect(ctx context.Context) {
	defer close(c.ended)
	lastLogged := ""
	client, err := backoff.Retry(ctx, func() (rueidis.Client, error) { return rueidis.NewClient(c.options()) },
		backoff.WithBackOff(&backoff.ExponentialBackOff{InitialInterval: firstPause, Multiplier: 2, MaxInterval: longestPause}),
		backoff.WithMaxElapsedTime(0), // for as long as it takes
		backoff.WithNotify(func(err error, _ time.Duration) {
			if err.Error() != lastLogged { // each reason once
				lastLogged = err.Error()
				c.log.Warn("redis: cannot connect, trying again", "redis", c.target.String(), "error", err)
			}
		}))
	if err != nil {
		return // the Conn was closed
	}
	c.client.Store(&client)
	c.log.Info("redis: connected", "redis", c.target.String(), "mode", string(client.Mode()))
}

func (c *Conn) options() rueidis.ClientOption {
	o := rueidis.ClientOption{
		InitAddress:      c.target.Addresses,
		Username:         c.target.User,
		Password:         c.target.Password,
		SelectDB:         c.target.DB,
		ClientName:       "salon",
		ClientSetInfo:    rueidis.DisableClientSetInfo, // a command of 7.2
		Dialer:           net.Dialer{Timeout: c.timeouts.Dial, KeepAlive: c.timeouts.Idle},
		ConnWriteTimeout: c.timeouts.Answer,
		DialCtxFn:        c.reach.dial,
		DisableRetry:     true,
		DisableCache:     true,
		// One pipelined connection for each server. Commands are done in the order in which they are sent.
		AlwaysPipelining:   true,
		PipelineMultiplex:  -1,
		BlockingPipeline:   1 << 30,
		RingScaleEachConn:  queueScale,
		ReadBufferEachConn: 64 << 10, WriteBufferEachConn: 64 << 10,
		ClusterOption: rueidis.ClusterOption{MaxMovedRedirections: 3, ShardsRefreshInterval: 10 * time.Second},
	}
	if c.target.TLS != nil {
		o.TLSConfig = c.target.TLS.Clone()
	}
	return o
}

// Client returns the client library's client. Error: [ErrNotConnected].
func (c *Conn) Client() (rueidis.Client, error) {
	if client := c.client.Load(); client != nil {
		return *client, nil
	}
	return nil, ErrNotConnected
}

// Close ends the connection and waits until that is done, some seconds at most.
func (c *Conn) Close() {
	c.stop()
	<-c.ended
	if client := c.client.Load(); client != nil {
		(*client).Close()
	}
}

// Do sends the command that build makes and waits for the answer, until ctx ends and for [Timeouts].Call at most.
func (c *Conn) Do(ctx context.Context, build func(rueidis.Builder) rueidis.Completed) (rueidis.RedisMessage, error) {
	answers, err := c.DoMulti(ctx, func(b rueidis.Builder) []rueidis.Completed { return []rueidis.Completed{build(b)} })
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	return answers[0].ToMessage()
}

// DoMulti sends the commands that build makes as one pipeline for each server concerned. It returns the answers in the order
// of the commands. It fails as a whole only when nothing was sent.
func (c *Conn) DoMulti(ctx context.Context, build func(rueidis.Builder) []rueidis.Completed) ([]rueidis.RedisResult, error) {
	return c.send(ctx, func(ctx context.Context, client rueidis.Client) []rueidis.RedisResult {
		return client.DoMulti(ctx, build(client.B())...)
	})
}

// send makes a call when there is room for one more, within the timeout of a call. It fails only when nothing was sent.
func (c *Conn) send(
	ctx context.Context, call func(context.Context, rueidis.Client) []rueidis.RedisResult,
) ([]rueidis.RedisResult, error) {
	client, err := c.Client()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeouts.Call)
	defer cancel()
	select {
	case c.pending <- struct{}{}:
		defer func() { <-c.pending }()
	case <-ctx.Done():
		return nil, fmt.Errorf("redis: too many calls wait: %w", ctx.Err())
	}
	return call(ctx, client), nil
}
