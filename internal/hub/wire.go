package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"salon/internal/broker"
	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/protocol"
)

// What nodes say to each other in a room begins with one byte that says what it is.
const (
	wireEvents   = 'e' // lines as protocol.AppendEvent writes them
	wirePresence = 'p' // a protocol.Presence
	wireTyping   = 't' // a protocol.Typing
	wireCanary   = 'c' // in the canary room: please answer
	wireSong     = 's' // the answer
	wireRename   = 'n' // in the canary room: a chat.User that has another name now
)

// maxPublish bounds the events that wait for the broker, in bytes; those over it are left to the comparison of heads.
const maxPublish = 4 << 20

// publishEvery is the time between two messages of events to the broker. A room that had nothing to say for so long is
// heard at once; what a busy one says goes together, since a message costs the broker and every node about the same
// whatever is in it.
const publishEvery = 25 * time.Millisecond

// publishEvents has entries published, with what else waits. They go in one message.
func (r *room) publishEvents(entries []entry) {
	if !r.hub.shared() {
		return
	}
	r.mu.Lock()
	first := len(r.publish) == 0
	for _, e := range entries {
		if len(r.publish) < maxPublish {
			r.publish = append(append(r.publish, '\n'), e.line...)
		}
	}
	r.mu.Unlock()
	if first {
		r.toBroker.do(r.publishWaiting)
	}
}

// publishWaiting is a job of the lane to the broker.
func (r *room) publishWaiting() {
	if !r.hub.closed.Load() { // else there will not be more to wait for
		select {
		case <-time.After(publishEvery - time.Since(r.published)):
		case <-r.hub.life.Done():
		}
	}
	r.published = time.Now()
	r.mu.Lock()
	msg := r.publish
	r.publish = nil
	r.mu.Unlock()
	if len(msg) > 0 {
		msg[0] = wireEvents // in place of the first line feed
		r.hub.publish(r.id, msg)
	}
}

// publishPresence has a change of the roster published. Called with mu held.
func (r *room) publishPresence(change string, user chat.User, old string) {
	if !r.hub.shared() || r.roster.crowd {
		return
	}
	p := protocol.Marshal(protocol.Presence{Change: change, User: &user, Old: old})
	r.chatter.do(func() { r.hub.publish(r.id, append([]byte{wirePresence}, p...)) })
}

// publishDepartures tells the other nodes who went because its node died. Where a crowd is left, nobody asks for names.
func (h *Hub) publishDepartures(gone []presence.Departure) {
	for _, d := range gone {
		if h.life.Err() != nil || d.Count > chat.CrowdSize {
			continue
		}
		p := protocol.Marshal(protocol.Presence{Change: protocol.ChangeLeave, User: &d.User})
		h.publish(d.Room, append([]byte{wirePresence}, p...))
	}
}

func (h *Hub) publish(id chat.RoomID, msg []byte) {
	ctx, cancel := context.WithTimeout(h.life, 2*time.Second)
	defer cancel()
	h.stats.Published.Add(1)
	if err := h.broker.Publish(ctx, id, msg); err != nil {
		h.stats.PubFailed.Add(1)
		if !errors.Is(err, broker.ErrUnavailable) && h.life.Err() == nil {
			h.log.Warn("publish", "room", id, "err", err)
		}
	}
}

// Typing tells the others in the room that the member writes. In a crowd nobody is told.
func (m *Member) Typing() {
	m.mu.Lock()
	user := m.user
	m.mu.Unlock()
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.roster.crowd {
		return
	}
	t := protocol.Marshal(protocol.Typing{Type: "typing", Room: r.id, User: user})
	r.send(item{signal: &signal{json: t, skip: user.ID}})
	if r.hub.shared() {
		r.chatter.do(func() { r.hub.publish(r.id, append([]byte{wireTyping}, t...)) })
	}
}

// receive takes what another node says. It runs on the broker's goroutine and does not block.
func (h *Hub) receive(id chat.RoomID, msg []byte) {
	if id == canaryRoom {
		h.receiveForAll(msg)
		return
	}
	r := h.known(id)
	if r == nil || len(msg) == 0 {
		return
	}
	defer r.release()
	h.stats.Received.Add(1)
	body := msg[1:]
	switch msg[0] {
	case wireEvents:
		r.offer(r.decode(body))
	case wirePresence:
		var p protocol.Presence
		if err := json.Unmarshal(body, &p); err == nil && p.User != nil {
			r.receivePresence(&p)
		}
	case wireTyping:
		var t protocol.Typing
		if err := json.Unmarshal(body, &t); err == nil {
			r.mu.Lock()
			r.send(item{signal: &signal{json: bytes.Clone(body), skip: t.User.ID}})
			r.mu.Unlock()
		}
	}
}

// decode reads another node's lines. One that cannot be read is left to history.
func (r *room) decode(body []byte) []entry {
	body = bytes.Clone(body) // the broker takes its memory back; the entries share this one
	var entries []entry
	for line := range protocol.Requests(body) {
		ev, err := protocol.DecodeEvent(line)
		if err != nil || ev.Room != r.id {
			r.hub.log.Warn("another node's event cannot be read", "room", r.id, "err", err)
			continue
		}
		entries = append(entries, entry{ev: ev, line: line})
	}
	return entries
}

func (r *room) receivePresence(p *protocol.Presence) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.roster.crowd {
		return // counts come from presence
	}
	switch p.Change {
	case protocol.ChangeJoin, protocol.ChangeBack:
		r.noteCame(*p.User, 0, p.Change)
	case protocol.ChangeLeave:
		if known := r.roster.people[p.User.ID]; known != nil && known.here == 0 {
			r.noteWent(*p.User)
		}
	case protocol.ChangeRename:
		r.noteRenamed(*p.User)
	}
}
