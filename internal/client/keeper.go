package client

import (
	"context"
	"time"
)

// wake makes the keeper look again at what is due.
func (c *Client) wake() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// keep does what is due by the clock until the connection is gone: pings, what has to be asked or sent again, and the end
// of a connection on which nothing comes. It says goodbye when ctx ends.
func (c *Client) keep(ctx context.Context, conn Conn, gone <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-gone:
			return nil
		case <-ctx.Done():
			conn.Close(1000, "")
			timer.Reset(closeTimeout)
			select {
			case <-gone:
			case <-timer.C:
				conn.Kill()
			}
			return nil
		case <-timer.C:
		case <-c.kick:
		}
		next, lines, dead := c.due(time.Now())
		if dead {
			conn.Kill()
			return errSilent
		}
		for _, line := range lines {
			conn.Write(line)
		}
		timer.Reset(next)
	}
}

// due gives the lines to write now, and when to look again.
func (c *Client) due(now time.Time) (next time.Duration, lines [][]byte, dead bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := deadlines{now: now, next: now.Add(time.Hour)}
	var fx effects
	if !c.ready {
		left := c.opened.Add(helloTimeout).Sub(now)
		return max(left, soon), nil, left <= 0 && !c.busy
	}
	if !c.busy {
		dead = d.past(c.heard.Add(2*c.ping + 5*time.Second))
	}
	if latest := later(c.heard, c.asked); d.past(latest.Add(c.ping)) {
		c.asked = now
		fx.write(&request{Type: "ping"})
		d.past(now.Add(c.ping))
	}
	for _, id := range c.order {
		dead = c.rooms[id].due(c, &d, &fx) || dead
	}
	return d.next.Sub(now), fx.lines, dead
}

// due asks and sends again what is due in the room; it says true when an answer has not come for too long.
func (r *room) due(c *Client, d *deadlines, fx *effects) (dead bool) {
	if !r.joinAt.IsZero() && d.past(r.joinAt) {
		r.join(c, fx)
	}
	if r.gate.missing() && r.fillAsked.IsZero() && r.joined && d.past(r.fillAt) {
		r.fill(c, fx)
	}
	if len(r.queue) > 0 && r.sent.IsZero() && r.joined && d.past(r.sendAt) {
		r.send(c, fx)
	}
	for _, t := range []time.Time{r.asked, r.fillAsked, r.sent} {
		if !t.IsZero() && d.past(t.Add(answerTimeout)) && !c.busy {
			dead = true
		}
	}
	return dead
}

// deadlines finds the earliest time that has not come yet.
type deadlines struct{ now, next time.Time }

// past tells that t has come; else it counts for the next look.
func (d *deadlines) past(t time.Time) bool {
	if !t.After(d.now) {
		return true
	}
	if t.Before(d.next) {
		d.next = t
	}
	return false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
