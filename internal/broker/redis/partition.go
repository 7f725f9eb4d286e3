package redis

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"salon/internal/chat"
)

// Pauses between tries to subscribe.
const (
	retryFirst = 50 * time.Millisecond
	retryLast  = time.Second
)

var errNotSubscribed = errors.New("redis: the subscription is not confirmed")

// partition is one channel, and this node's subscription to it.
type partition struct {
	broker  *Broker
	channel string
	pinned  bool          // wanted without a room
	wake    chan struct{} // holds one when the partition came to be wanted

	mu      sync.Mutex // guards what follows
	rooms   map[chat.RoomID]struct{}
	since   time.Time          // when it came to be wanted, or unwanted
	ready   bool               // the server confirmed the subscription, and it has not ended
	ending  bool               // this node is ending it
	failed  error              // why the last try to subscribe failed
	lost    bool               // messages may have been lost since it was last ready
	changed chan struct{}      // closed and replaced when ready or failed change
	heard   time.Time          // when the last message of this node came back
	asked   time.Time          // when the last canary was sent
	cancel  context.CancelFunc // ends the subscription on this side; nil when there is none
}

func newPartition(b *Broker, channel string) *partition {
	return &partition{
		broker: b, channel: channel, wake: make(chan struct{}, 1),
		rooms: map[chat.RoomID]struct{}{}, changed: make(chan struct{}),
	}
}

// run keeps the subscription while it is wanted.
func (p *partition) run(ctx context.Context) {
	pause := retryFirst
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
		if p.over(err) {
			pause = retryFirst
		}
		if err == nil {
			continue // the server or this node ended it: what comes next does not have to wait
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, retryLast)
	}
}

// receive subscribes and gives the handler what comes, until the subscription ends.
func (p *partition) receive(ctx context.Context) error {
	client, err := p.broker.conn.Client()
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
			p.confirmed()
		} else {
			p.ended()
		}
	})
	return client.Receive(ctx, client.B().Ssubscribe().Channel(p.channel).Build(), p.take)
}

// take gives the handler a message that is another node's of the same history, and for a room of this one.
func (p *partition) take(m rueidis.PubSubMessage) {
	e, err := open([]byte(m.Message))
	if err != nil {
		p.broker.log.Debug("broker: dropped a message", "channel", p.channel, "error", err)
		return
	}
	if e.history != p.broker.history {
		return // not logged: two deployments may share a Redis for long, and say a lot
	}
	p.mu.Lock()
	own := e.node == p.broker.node
	if own {
		p.heard = time.Now()
	}
	_, in := p.rooms[e.room]
	p.mu.Unlock()
	if in && !own {
		p.broker.handler(e.room, e.msg)
	}
}

// confirmed notes that the server has the subscription.
func (p *partition) confirmed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready, p.failed, p.heard, p.asked = true, nil, time.Now(), time.Time{}
	if p.lost {
		p.lost = false
		p.broker.epoch.Add(1)
	}
	p.tell()
}

// ended notes that the server has it no more. It is called from the connection's goroutine and again by run.
func (p *partition) ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ready {
		p.ready, p.lost = false, true
		p.broker.epoch.Add(1)
		p.tell()
	}
}

// over notes how a subscription ended, and tells whether it had been confirmed.
func (p *partition) over(err error) (was bool) {
	p.mu.Lock()
	was = p.ready || p.ending
	p.mu.Unlock()
	p.ended()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending, p.cancel = false, nil
	if err != nil {
		p.broker.log.Debug("broker: not subscribed", "channel", p.channel, "error", err)
		p.failed, p.lost = err, p.lost || p.wantedLocked()
		p.tell()
	}
	return was
}

// tell wakes who waits for a change, with mu.
func (p *partition) tell() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *partition) wanted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wantedLocked()
}

func (p *partition) wantedLocked() bool { return p.pinned || len(p.rooms) > 0 }

// want wakes run.
func (p *partition) want() {
	p.since = time.Now()
	select {
	case p.wake <- struct{}{}:
	default: // it is awake already
	}
}

// add subscribes a room, and waits until messages come. When they do not, it stays added.
func (p *partition) add(ctx context.Context, room chat.RoomID) error {
	p.mu.Lock()
	if !p.wantedLocked() {
		p.failed = nil
		p.want()
	}
	p.rooms[room] = struct{}{}
	for !p.ready && p.failed == nil {
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
	if p.ready {
		return nil
	}
	p.lost = true // who asked goes on without: it has to compare when messages come
	return errors.Join(errNotSubscribed, p.failed, ctx.Err())
}

// remove ends a room's subscription. The partition's own is ended by the watch, later.
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

// healthy tells whether messages flow, or are not wanted. One that is wanted since a moment ago is given that moment.
func (p *partition) healthy(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.wantedLocked():
		return true
	case p.ready:
		return now.Sub(p.heard) < staleAfter
	default:
		return !p.pinned && !p.lost && p.failed == nil && now.Sub(p.since) < canaryEvery
	}
}
