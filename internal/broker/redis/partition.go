package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/redis/rueidis"

	"salon/internal/chat"
)

// firstPause and longestPause are the pauses between tries to subscribe.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

var errNotSubscribed = errors.New("redis: the subscription is not confirmed")

// partition is one channel, and this node's subscription to it.
type partition struct {
	*shared
	channel string
	pinned  bool          // wanted without a room
	wake    chan struct{} // holds one value when the partition was not wanted and is now

	mu         sync.Mutex // guards what follows
	rooms      map[chat.RoomID]struct{}
	since      time.Time          // when it was last first wanted, or no longer wanted
	subscribed bool               // the server confirmed the subscription, and it has not ended
	ending     bool               // this node is ending the subscription
	failed     error              // why the last try to subscribe failed
	lost       bool               // messages may have been lost since it was last subscribed
	changed    chan struct{}      // closed and replaced when subscribed or failed change
	heard      time.Time          // when the last message of this node came back
	asked      time.Time          // when the last probe was sent, or the end of the subscription was requested
	cancel     context.CancelFunc // ends the subscription on this side; nil when there is none
}

func newPartition(s *shared, channel string) *partition {
	return &partition{
		shared: s, channel: channel, wake: make(chan struct{}, 1),
		rooms: map[chat.RoomID]struct{}{}, changed: make(chan struct{}),
	}
}

// run keeps the subscription while it is wanted.
func (p *partition) run(ctx context.Context) {
	pauses := backoff.ExponentialBackOff{InitialInterval: firstPause, Multiplier: 2, MaxInterval: longestPause}
	for {
		if !p.wanted() {
			select {
			case <-p.wake:
			case <-ctx.Done():
				return
			}
			continue
		}
		err := p.receive(ctx)
		if ctx.Err() != nil {
			return
		}
		if p.finish(err) {
			pauses.Reset()
		}
		if err == nil {
			continue // the server or this node ended it, so the next try need not wait
		}
		select {
		case <-time.After(pauses.NextBackOff()):
		case <-ctx.Done():
			return
		}
	}
}

// receive subscribes and calls the handler with what arrives, until the subscription ends.
func (p *partition) receive(ctx context.Context) error {
	client, err := p.conn.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.mu.Lock()
	p.cancel = cancel
	p.mu.Unlock()
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(s rueidis.PubSubSubscription) {
		if s.Kind == "ssubscribe" {
			p.noteSubscribed()
		} else {
			p.noteEnded()
		}
	})
	return client.Receive(ctx, client.B().Ssubscribe().Channel(p.channel).Build(), p.take)
}

// take calls the handler with a message that another node of the same history published to a room of this node.
func (p *partition) take(m rueidis.PubSubMessage) {
	e, err := decode([]byte(m.Message))
	if err != nil {
		p.log.Debug("broker: dropped a message", "channel", p.channel, "error", err)
		return
	}
	if e.history != p.history {
		return // not logged: two deployments may share a Redis for long, and publish a lot
	}
	p.mu.Lock()
	own := e.node == p.node
	if own {
		p.heard = time.Now()
	}
	_, in := p.rooms[e.room]
	p.mu.Unlock()
	if in && !own {
		p.handler(e.room, e.msg)
	}
}

// noteSubscribed notes that the server confirmed the subscription.
func (p *partition) noteSubscribed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscribed, p.failed, p.heard, p.asked = true, nil, time.Now(), time.Time{}
	if p.lost {
		p.lost = false
		p.epoch.Add(1)
	}
	p.announce()
}

// noteEnded notes that the subscription has ended. It is called from the connection's goroutine, and again by run.
func (p *partition) noteEnded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.subscribed {
		p.subscribed, p.lost = false, true
		p.epoch.Add(1)
		p.announce()
	}
}

// finish notes how a subscription ended, and reports whether it had been confirmed.
func (p *partition) finish(err error) (confirmed bool) {
	p.mu.Lock()
	confirmed = p.subscribed || p.ending
	p.mu.Unlock()
	p.noteEnded()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending, p.cancel = false, nil
	if err != nil {
		p.log.Debug("broker: not subscribed", "channel", p.channel, "error", err)
		p.failed, p.lost = err, p.lost || p.wantedLocked()
		p.announce()
	}
	return confirmed
}

// announce wakes those who wait for a change, with mu.
func (p *partition) announce() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *partition) wanted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wantedLocked()
}

func (p *partition) wantedLocked() bool { return p.pinned || len(p.rooms) > 0 }

// want wakes run, with mu or before run starts.
func (p *partition) want() {
	p.since = time.Now()
	select {
	case p.wake <- struct{}{}:
	default: // it is awake already
	}
}

// add subscribes a room and waits until messages arrive. If that fails, the room stays added.
func (p *partition) add(ctx context.Context, room chat.RoomID) error {
	p.mu.Lock()
	if !p.wantedLocked() {
		p.failed = nil
		p.want()
	}
	p.rooms[room] = struct{}{}
	for !p.subscribed && p.failed == nil {
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		p.mu.Lock()
		if ctx.Err() != nil {
			break
		}
	}
	defer p.mu.Unlock()
	if p.subscribed {
		return nil
	}
	p.lost = true // the caller goes on without the subscription, and must compare heads when messages arrive
	return errors.Join(errNotSubscribed, p.failed, ctx.Err())
}

// remove ends a room's subscription. The watcher ends the partition's own later.
func (p *partition) remove(room chat.RoomID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, in := p.rooms[room]; !in {
		return
	}
	delete(p.rooms, room)
	if !p.wantedLocked() {
		p.since = time.Now()
	}
}

// healthy reports whether messages flow, or are not wanted. A partition that was not wanted before has probeEvery to subscribe.
func (p *partition) healthy(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.wantedLocked():
		return true
	case p.subscribed:
		return now.Sub(p.heard) < p.times.staleAfter
	default:
		return !p.pinned && !p.lost && p.failed == nil && now.Sub(p.since) < p.times.probeEvery
	}
}

// trouble returns why the partition is not subscribed, nil when it is.
func (p *partition) trouble() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.subscribed:
		return nil
	case p.failed != nil:
		return fmt.Errorf("subscribe: %w", p.failed)
	}
	return errNotSubscribed
}

// task is what a partition needs now.
type task int

const (
	taskNone task = iota
	taskProbe
	taskEnd
)

// nextTask returns what the partition needs now, and notes that it is being done.
func (p *partition) nextTask(now time.Time) task {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ending && now.Sub(p.asked) > p.times.staleAfter: // the server did not confirm the end
		p.cancel()
	case !p.subscribed:
	case !p.wantedLocked() && now.Sub(p.since) > p.times.linger:
		p.subscribed, p.ending, p.asked = false, true, now
		p.announce()
		return taskEnd
	case now.Sub(p.heard) > 2*p.times.staleAfter: // the server confirmed the subscription, and nothing arrives
		p.cancel()
	case now.Sub(p.heard) > p.times.probeEvery && now.Sub(p.asked) > p.times.probeEvery:
		p.asked = now
		return taskProbe
	}
	return taskNone
}

// abandon ends the subscription on this side.
func (p *partition) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
	}
}
