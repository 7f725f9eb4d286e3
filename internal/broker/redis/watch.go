package redis

import (
	"context"
	"time"

	"github.com/redis/rueidis"
)

// watchEvery is how often the watch looks; a part of the times that it watches over.
const watchEvery = 250 * time.Millisecond

// watch proves the flow, ends the subscriptions that nobody wants any more, and renews those that carry nothing.
func (b *Broker) watch(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	healthy := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if healthy != b.Healthy() {
			healthy = !healthy
			b.log.Info("broker: health changed", "healthy", healthy, "epoch", b.Epoch())
		}
		now := time.Now()
		var canaries []string
		for _, p := range b.parts {
			switch p.due(now) {
			case dueCanary:
				canaries = append(canaries, p.channel)
			case dueEnd:
				b.end(ctx, p)
			}
		}
		b.sing(ctx, canaries)
	}
}

// sing sends canaries as one pipeline. Whether they came back is seen by what is heard.
func (b *Broker) sing(ctx context.Context, channels []string) {
	if len(channels) == 0 {
		return
	}
	canary := b.sealed("", nil)
	_, err := b.conn.DoMulti(ctx, func(c rueidis.Builder) []rueidis.Completed {
		commands := make([]rueidis.Completed, len(channels))
		for i, channel := range channels {
			commands[i] = c.Spublish().Channel(channel).Message(canary).Build()
		}
		return commands
	})
	if err != nil {
		b.log.Debug("broker: canaries not sent", "error", err)
	}
}

// end ends a partition's subscription. The server's confirmation ends the partition's Receive; where none comes, the subscription
// is given up on this side, and the server's goes with the connection.
func (b *Broker) end(ctx context.Context, p *partition) {
	_, err := b.conn.Do(ctx, func(c rueidis.Builder) rueidis.Completed { return c.Sunsubscribe().Channel(p.channel).Build() })
	if err != nil {
		p.giveUp()
	}
}

// due is what a partition needs.
type due int

const (
	dueNothing due = iota
	dueCanary
	dueEnd
)

// due tells what the partition needs now, and notes that it is being done.
func (p *partition) due(now time.Time) due {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ending && now.Sub(p.asked) > staleAfter: // the server did not confirm the end
		p.cancel()
	case !p.ready:
	case !p.wantedLocked() && now.Sub(p.since) > linger:
		p.ready, p.ending, p.asked = false, true, now
		p.tell()
		return dueEnd
	case now.Sub(p.heard) > 2*staleAfter: // subscribed in name only
		p.cancel()
	case now.Sub(p.heard) > canaryEvery && now.Sub(p.asked) > canaryEvery:
		p.asked = now
		return dueCanary
	}
	return dueNothing
}

// giveUp ends the subscription on this side.
func (p *partition) giveUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
	}
}
