package edge

import (
	"context"
	"sync"
	"time"

	"salon/internal/protocol"
)

// pingSlots is how many parts the time between two pings has.
const pingSlots = 32

// pingTimer pings all sessions with one goroutine. Each session is in one slot, and each slot is visited once in the time
// between two pings.
type pingTimer struct {
	every time.Duration
	slots [pingSlots]pingSlot

	mu   sync.Mutex // guards what follows
	next int        // the slot of the next session
}

type pingSlot struct {
	mu       sync.Mutex // guards what follows
	sessions map[*life]struct{}
}

func newPingTimer(every time.Duration) *pingTimer {
	p := &pingTimer{every: every}
	for i := range p.slots {
		p.slots[i].sessions = map[*life]struct{}{}
	}
	return p
}

func (p *pingTimer) add(c *life) {
	p.mu.Lock()
	c.slot = p.next
	p.next = (p.next + 1) % pingSlots
	p.mu.Unlock()
	s := &p.slots[c.slot]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[c] = struct{}{}
}

func (p *pingTimer) remove(c *life) {
	s := &p.slots[c.slot]
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c)
}

// run visits the slots in turn until ctx ends.
func (p *pingTimer) run(ctx context.Context) {
	t := time.NewTicker(p.every / pingSlots)
	defer t.Stop()
	for i := 0; ; i = (i + 1) % pingSlots {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			p.visit(&p.slots[i], now)
		}
	}
}

// visit pings the silent sessions of a slot, and closes those from which nothing came, and which read nothing, for three
// pings. A client that has stopped reading but answers pings is not silent.
func (p *pingTimer) visit(s *pingSlot, now time.Time) {
	s.mu.Lock()
	sessions := make([]*life, 0, len(s.sessions))
	for c := range s.sessions {
		sessions = append(sessions, c)
	}
	s.mu.Unlock()
	for _, c := range sessions {
		switch idle := c.conn.Idle(now); {
		case idle > 3*p.every:
			c.Bye(protocol.CloseIdle, "nothing came for too long")
		case idle > p.every/2:
			c.conn.Ping()
		}
	}
}
