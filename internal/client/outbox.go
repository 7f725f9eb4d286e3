package client

import (
	"context"
	"time"

	"salon/internal/chat"
	"salon/internal/lang"
)

// outgoing is a send that is not acknowledged.
type outgoing struct{ cid, text string }

// Send puts a text into the outbox and gives the name of the send, which Acked or Refused repeat. It is sent when the room
// is joined and everything before it in this room is acknowledged, and again after a loss, until the server answers.
// It waits while the outbox is full ([Options.Pending] sends or 4 MiB of text). Errors: ctx's, [ErrEnded], [ErrNotJoined],
// [*Error] with [chat.CodeTooLarge] or [chat.CodeInvalidText].
func (c *Client) Send(ctx context.Context, id chat.RoomID, text string) (cid string, err error) {
	c.mu.Lock()
	if err := c.await(ctx, func() bool { return c.hasSpace(text) }); err != nil {
		c.mu.Unlock()
		return "", err
	}
	if c.ended != nil {
		defer c.mu.Unlock()
		return "", c.ended
	}
	r := c.rooms[id]
	o := &outgoing{cid: chat.NewCID(), text: text}
	if err := c.sendable(r, o); err != nil {
		c.mu.Unlock()
		return "", err
	}
	c.pending++
	c.bytes += len(text)
	r.queue = append(r.queue, o)
	var fx effects
	conn := c.conn
	r.send(c, &fx)
	c.mu.Unlock()
	for _, line := range fx.lines {
		conn.Write(line)
	}
	return o.cid, nil
}

func (c *Client) hasSpace(text string) bool {
	return c.pending == 0 || c.pending < c.opts.Pending && c.bytes+len(text) <= maxPendingBytes
}

func (c *Client) sendable(r *room, o *outgoing) error {
	if r == nil {
		return ErrNotJoined
	}
	if o.text == "" {
		return c.refusal(chat.Errorf(chat.CodeInvalidText, "the text is empty"))
	}
	if c.ready {
		return c.checkSize(r, o)
	}
	return nil
}

// checkSize refuses what the server would cut the connection for; nil if nothing.
func (c *Client) checkSize(r *room, o *outgoing) error {
	over := c.limits.Text > 0 && len(o.text) > c.limits.Text
	if !over && c.limits.Frame > 0 && 8*len(o.text)+1024 > c.limits.Frame { // escaping makes at most 6 bytes of one
		q := request{Type: "send", ID: "18446744073709551615", Room: r.id, CID: o.cid, Text: o.text}
		over = len(q.line()) > c.limits.Frame
	}
	if over {
		return c.refusal(chat.Errorf(chat.CodeTooLarge,
			"the text has %d bytes, at most %d are allowed", len(o.text), c.limits.Text))
	}
	return nil
}

// refusal is what the server would answer.
func (c *Client) refusal(err *chat.Error) *Error {
	l, _ := lang.Parse(c.opts.Lang)
	return &Error{Code: err.Code, Message: l.Error(err)}
}

// refuseTooLarge goes through the outbox once the limits are known.
func (c *Client) refuseTooLarge(fx *effects) {
	for _, id := range c.order {
		r := c.rooms[id]
		kept := r.queue[:0]
		for _, o := range r.queue {
			if err := c.checkSize(r, o); err != nil {
				c.settle(o)
				fx.tell(Refused{Room: id, CID: o.cid, Text: o.text, Err: err})
				continue
			}
			kept = append(kept, o)
		}
		clear(r.queue[len(kept):])
		r.queue = kept
	}
}

// send sends the first of the queue, if the room is joined and nothing else of it is on its way: one at a time, so that a
// refusal for now cannot let a later text overtake an earlier one. The caller holds mu.
func (r *room) send(c *Client, fx *effects) {
	now := time.Now()
	if !c.ready || !r.joined || len(r.queue) == 0 || !r.sent.IsZero() || now.Before(r.sendAt) {
		return
	}
	o := r.queue[0]
	r.sent = now
	fx.write(&request{
		Type: "send", Room: r.id, CID: o.cid, Text: o.text, ID: c.ask(&answer{kind: "send", room: r, cid: o.cid}),
	})
}

// settle takes o out of the count; the caller takes it out of its queue and announces.
func (c *Client) settle(o *outgoing) {
	c.pending--
	c.bytes -= len(o.text)
	c.announce()
}

// settled gives the first of the queue if its name is cid, and lets the next one be sent.
func (r *room) settled(c *Client, cid string) *outgoing {
	if len(r.queue) == 0 || r.queue[0].cid != cid {
		return nil // answered before: it was sent again
	}
	o := r.queue[0]
	r.queue[0] = nil
	r.queue = r.queue[1:]
	r.sent, r.sendAt, r.refused = time.Time{}, time.Time{}, 0
	c.settle(o)
	return o
}

func (c *Client) onAck(p *push, fx *effects) {
	r := c.rooms[p.Room]
	if r == nil || r.settled(c, p.CID) == nil {
		return
	}
	fx.tell(Acked{Room: p.Room, CID: p.CID, Seq: p.Seq, At: p.At})
	r.send(c, fx)
}

// onSendError keeps what was refused for now, for as long as the server says, and gives up what was refused for good.
func (c *Client) onSendError(r *room, cid string, err *Error, fx *effects) {
	if r == nil || len(r.queue) == 0 || r.queue[0].cid != cid {
		return
	}
	switch {
	case err.Temporary:
		r.refused++
		wait := err.RetryAfter
		if wait <= 0 {
			wait = time.Duration((0.5 + c.opts.Rand()/2) * float64(min(ceiling(r.refused), 10*time.Second)))
		}
		r.sent, r.sendAt, fx.look = time.Time{}, time.Now().Add(wait), true
	case err.Code == chat.CodeNotMember: // the server lost us: enter again, then send again
		r.sent, r.joined = time.Time{}, false
		r.joinAt, fx.look = time.Now().Add(soon), true
	default:
		o := r.settled(c, cid)
		fx.tell(Refused{Room: r.id, CID: cid, Text: o.text, Err: err})
		r.send(c, fx)
	}
}

// Pending is how many sends are not acknowledged.
func (c *Client) Pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending
}

// Flush waits until every send is acknowledged or refused. Errors: ctx's, [ErrEnded].
func (c *Client) Flush(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.await(ctx, func() bool { return c.pending == 0 })
}
