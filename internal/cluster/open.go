package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"salon/internal/broker"
	"salon/internal/queue"
)

// watchEvery is how often the broker's health is looked at.
const watchEvery = 250 * time.Millisecond

// Config is what a cluster is made of.
type Config struct {
	Node string // this node's name, unique in the system
	// OpenBroker opens the broker, which calls the handler with what other nodes say. Nil: this node is alone.
	OpenBroker func(broker.Handler) (broker.Broker, error)
	Logger     *slog.Logger
}

// Open connects this node to the others, and gives h what they say in the rooms that are subscribed to. Start it before use;
// Close ends it.
func Open(config Config, h Handler) (*Cluster, error) {
	c := &Cluster{node: config.Node, handler: h, log: config.Logger, drain: make(chan struct{})}
	c.life, c.end = context.WithCancel(context.Background())
	c.answers = queue.Ordered{Work: &c.work, Most: maxAnswers}
	c.departures = queue.Ordered{Work: &c.work}
	c.changed = queue.Ordered{Work: &c.work, Most: maxChanged}
	c.changes = queue.Ordered{Work: &c.work, Most: maxChanged}
	if config.OpenBroker != nil {
		b, err := config.OpenBroker(c.receive)
		if err != nil {
			c.end()
			return nil, fmt.Errorf("open the broker: %w", err)
		}
		c.broker = b
	}
	return c, nil
}

// Start subscribes to the room of the nodes and watches the broker's health. It does not wait.
func (c *Cluster) Start() {
	if !c.Alone() {
		c.work.Go(c.subscribe)
		c.work.Go(c.watch)
	}
}

// watch tells the handler when the broker goes away and when it is back, until the cluster is closed.
func (c *Cluster) watch() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.life.Done():
			return
		case <-ticker.C:
			c.noteHealth(c.broker.Healthy())
		}
	}
}

// subscribe subscribes to the room of the nodes. While the broker is away it keeps the subscription for its return.
func (c *Cluster) subscribe() {
	ctx, cancel := context.WithTimeout(c.life, brokerTimeout)
	defer cancel()
	if err := c.broker.Subscribe(ctx, nodesRoom); err != nil {
		c.warn("subscribe to room", nodesRoom, err)
	}
}

func (c *Cluster) noteHealth(healthy bool) {
	if c.degraded.Swap(!healthy) == healthy {
		c.log.Debug("broker", "healthy", healthy) // the node says why
		c.handler.Degraded(!healthy)
	}
}

// Close closes the broker and waits until the goroutines have ended and the handler is not called any more. Calls to the broker
// are cut off; a handler that takes long is waited for. What is said afterwards goes nowhere.
func (c *Cluster) Close() error {
	var err error
	c.once.close.Do(func() {
		c.closing.Lock()
		c.closed = true
		c.closing.Unlock()
		c.end()
		if c.broker != nil {
			err = c.broker.Close()
		}
		c.work.Wait()
	})
	return err
}
