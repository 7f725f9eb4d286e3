package session

import (
	"context"
	"sync"
	"time"

	"salon/internal/protocol"
)

// wheel pings all sessions with one goroutine: each is in one of its slots, and each tick it turns to the next slot.
type wheel struct {
	ping  time.Duration
	slots []slot

	mu   sync.Mutex // guards what follows
	next int        // where the next session goes
}

type slot struct {
	mu       sync.Mutex // guards what follows
	sessions map[*Session]struct{}
}

const wheelSlots = 32

func newWheel(ping time.Duration) *wheel {
	w := &wheel{ping: ping, slots: make([]slot, wheelSlots)}
	for i := range w.slots {
		w.slots[i].sessions = map[*Session]struct{}{}
	}
	return w
}

func (w *wheel) add(c *Session) {
	w.mu.Lock()
	c.slot = w.next
	w.next = (w.next + 1) % wheelSlots
	w.mu.Unlock()
	s := &w.slots[c.slot]
	s.mu.Lock()
	s.sessions[c] = struct{}{}
	s.mu.Unlock()
}

func (w *wheel) remove(c *Session) {
	s := &w.slots[c.slot]
	s.mu.Lock()
	delete(s.sessions, c)
	s.mu.Unlock()
}

// run turns the wheel, once in each ping time, until ctx ends.
func (w *wheel) run(ctx context.Context) {
	t := time.NewTicker(w.ping / wheelSlots)
	defer t.Stop()
	for i := 0; ; i = (i + 1) % wheelSlots {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			w.visit(&w.slots[i], now)
		}
	}
}

// visit pings those in a slot who have been silent, and ends those who have been so for too long: nothing came, and nothing
// that was sent was taken. One who takes nothing but lives is not one of them for three pings.
func (w *wheel) visit(s *slot, now time.Time) {
	s.mu.Lock()
	sessions := make([]*Session, 0, len(s.sessions))
	for c := range s.sessions {
		sessions = append(sessions, c)
	}
	s.mu.Unlock()
	for _, c := range sessions {
		switch idle := c.conn.Idle(now); {
		case idle > 3*w.ping:
			c.bye(protocol.CloseIdle, "nothing came for too long")
		case idle > w.ping/2:
			c.conn.Ping()
		}
	}
}
