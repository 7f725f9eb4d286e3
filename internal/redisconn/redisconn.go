// Package redisconn is the connection to Redis that the Redis engines share: standalone or Cluster, Redis or Valkey.
//
// A [Conn] may be opened while Redis is away: it connects as soon as Redis is there. Later the client underneath reconnects by
// itself, and follows a Cluster's failovers and resharding. Nothing is retried here: a command that fails says so at once, and
// its caller knows what may be repeated.
//
// Each Conn owns one goroutine, until it is connected.
package redisconn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// The times are short because everything behind this connection is hot: better to say that Redis is away, and go on without
// it, than to wait for it.
const (
	dialTimeout = time.Second
	// silence is how long a connection may say nothing before it is asked with PING, and answerTimeout how long the
	// answer may take before it counts as dead: a stopped server or a cut link is noticed in their sum.
	silence       = time.Second
	answerTimeout = 2 * time.Second
	// redialFirst and redialLast are the first and the longest pause before Redis is tried again at start.
	redialFirst = 100 * time.Millisecond
	redialLast  = time.Second
	// callTimeout bounds every call, whatever its context allows.
	callTimeout = 2 * time.Second
	// inFlight is how many calls may wait for answers at once. The client's own queue takes 2^queueScale and blocks
	// beyond, deaf to contexts; calls given up stay in it until the connection counts as dead. Within the 3 s that that takes
	// two rounds of calls time out, so that half of the queue never fills it.
	queueScale = 10
	inFlight   = 1 << (queueScale - 1)
)

// ErrNotConnected says that Redis was not reached yet.
var ErrNotConnected = errors.New("redis: not connected yet")

// Conn is a connection to Redis. It is safe for concurrent use.
type Conn struct {
	target Target // immutable
	log    *slog.Logger
	client atomic.Pointer[rueidis.Client] // nil until connected
	calls  chan struct{}                  // one for each call in flight
	stop   context.CancelFunc
	ended  chan struct{} // closed when the goroutine that connects has ended
}

// Open starts to connect and returns at once. Close the Conn when done.
func Open(target Target, log *slog.Logger) *Conn {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Conn{target: target, log: log, calls: make(chan struct{}, inFlight), stop: cancel, ended: make(chan struct{})}
	go c.connect(ctx)
	return c
}

// connect tries until Redis answers or the Conn is closed.
func (c *Conn) connect(ctx context.Context) {
	defer close(c.ended)
	told := ""
	for pause := redialFirst; ; pause = min(2*pause, redialLast) {
		client, err := rueidis.NewClient(c.options(ctx))
		if err == nil {
			c.client.Store(&client)
			c.log.Info("redis: connected", "redis", c.target.String(), "mode", string(client.Mode()))
			return
		}
		if ctx.Err() != nil {
			return
		}
		if err.Error() != told { // once for each reason
			told = err.Error()
			c.log.Warn("redis: cannot connect, trying again", "redis", c.target.String(), "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (c *Conn) options(ctx context.Context) rueidis.ClientOption {
	o := rueidis.ClientOption{
		InitAddress:      c.target.Addresses,
		Username:         c.target.User,
		Password:         c.target.Password,
		SelectDB:         c.target.DB,
		ClientName:       "salon",
		ClientSetInfo:    rueidis.DisableClientSetInfo, // a command of 7.2
		Dialer:           net.Dialer{Timeout: dialTimeout, KeepAlive: silence},
		ConnWriteTimeout: answerTimeout,
		DisableRetry:     true,
		DisableCache:     true,
		// One pipelined connection for each server: what is sent in order is done in order.
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

// Client gives the client to send commands with. Error: [ErrNotConnected].
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

// Do sends the command that build makes and waits for the answer, until ctx ends and [callTimeout] at most.
func (c *Conn) Do(ctx context.Context, build func(rueidis.Builder) rueidis.Completed) (rueidis.RedisMessage, error) {
	answers, err := c.DoMulti(ctx, func(b rueidis.Builder) []rueidis.Completed { return []rueidis.Completed{build(b)} })
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	return answers[0].ToMessage()
}

// DoMulti sends the commands that build makes as one pipeline, one for each server concerned, and waits for the answers, which
// come in the commands' order. It fails as a whole only when nothing was sent.
func (c *Conn) DoMulti(ctx context.Context, build func(rueidis.Builder) []rueidis.Completed) ([]rueidis.RedisResult, error) {
	client, err := c.Client()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	select {
	case c.calls <- struct{}{}:
		defer func() { <-c.calls }()
	case <-ctx.Done():
		return nil, fmt.Errorf("redis: too many calls wait: %w", ctx.Err())
	}
	return client.DoMulti(ctx, build(client.B())...), nil
}
