package redis

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

var errSilent = errors.New("redis: what this node publishes does not come back")

// watcher looks at the partitions regularly. It sends probes, ends the subscriptions that are no longer wanted, and has those
// renewed on which nothing arrives.
type watcher struct {
	*shared
	partitions []*partition
	unsent     atomic.Pointer[error] // why the last probes were not sent; nil when they were
}

func (w *watcher) run(ctx context.Context) {
	ticker := time.NewTicker(w.times.watchEvery)
	defer ticker.Stop()
	healthy := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		if healthy != w.healthy(now) {
			healthy = !healthy
			w.log.Debug("broker: health changed", "healthy", healthy, "epoch", w.epoch.Load())
		}
		var silent []string // the channels that need a probe
		for _, p := range w.partitions {
			switch p.nextTask(now) {
			case taskProbe:
				silent = append(silent, p.channel)
			case taskEnd:
				w.end(ctx, p)
			}
		}
		w.probe(ctx, silent)
	}
}

// healthy reports whether every partition in use is subscribed and has carried a message of this node recently.
func (w *watcher) healthy(now time.Time) bool {
	for _, p := range w.partitions {
		if !p.healthy(now) {
			return false
		}
	}
	return true
}

// probe sends a probe to each channel, as one pipeline. A partition notices when its probe comes back.
func (w *watcher) probe(ctx context.Context, channels []string) {
	if len(channels) == 0 {
		return
	}
	probe := w.encode("", nil)
	answers, err := w.conn.DoMulti(ctx, func(c rueidis.Builder) []rueidis.Completed {
		commands := make([]rueidis.Completed, len(channels))
		for i, channel := range channels {
			commands[i] = c.Spublish().Channel(channel).Message(probe).Build()
		}
		return commands
	})
	for _, answer := range answers {
		if err == nil {
			err = answer.Error()
		}
	}
	if err != nil {
		w.log.Debug("broker: probes not sent", "error", err)
		w.unsent.Store(&err)
		return
	}
	w.unsent.Store(nil)
}

// trouble returns why messages do not flow now, nil when they do.
func (w *watcher) trouble(now time.Time) error {
	for _, p := range w.partitions {
		if p.healthy(now) {
			continue
		}
		err := p.trouble()
		if unsent := w.unsent.Load(); err == nil && unsent != nil {
			err = fmt.Errorf("publish: %w", *unsent)
		}
		if err == nil {
			err = errSilent
		}
		return w.conn.Explain(fmt.Errorf("%s: %w", p.channel, err))
	}
	return nil
}

// end ends a partition's subscription. The server's confirmation ends the partition's Receive. If none comes, the subscription
// ends on this side, and the server's with the connection.
func (w *watcher) end(ctx context.Context, p *partition) {
	_, err := w.conn.Do(ctx, func(c rueidis.Builder) rueidis.Completed { return c.Sunsubscribe().Channel(p.channel).Build() })
	if err != nil {
		p.abandon()
	}
}
