package cluster

import (
	"errors"

	"salon/internal/chat"
)

// receive takes what another node says. It runs on the broker's goroutine and does not block.
func (c *Cluster) receive(room chat.RoomID, msg []byte) {
	m, err := parse(msg)
	switch {
	case err != nil:
	case room == nodesRoom:
		err = c.receiveForAll(m)
	default:
		err = c.receiveInRoom(room, m)
	}
	if room != nodesRoom {
		c.stats.Received.Add(1)
	}
	if err != nil {
		c.ignore(room, 1, err)
	}
}

// receiveInRoom passes on what is said in a room of users.
func (c *Cluster) receiveInRoom(room chat.RoomID, m message) error {
	switch m.kind {
	case kindEvents:
		events, refused, err := decodeEvents(room, m.body)
		if refused > 0 {
			c.ignore(room, refused, err)
		}
		if len(events) > 0 {
			c.handler.Events(room, events)
		}
	case kindChange:
		ch, err := decodeChange(m.body)
		if err != nil {
			return err
		}
		c.handler.Change(room, ch)
	case kindTyping:
		u, err := decodeUser(m.body)
		if err != nil {
			return err
		}
		c.handler.Typing(room, u)
	default:
		return errRoom
	}
	return nil
}

// receiveForAll takes what is said in the room of the nodes.
func (c *Cluster) receiveForAll(m message) error {
	switch m.kind {
	case kindProbe, kindProbeAnswer:
		name, err := decodeProbe(m.body)
		switch {
		case err != nil:
			return err
		case m.kind == kindProbe:
			c.answer(name)
		default:
			c.probes.answered(name)
		}
	case kindUserChanged:
		u, err := decodeUser(m.body)
		if err != nil {
			return err
		}
		c.do(&c.changes, func() { c.handler.UserChanged(u) })
	default:
		return errRoom
	}
	return nil
}

// ignore counts what cannot be read, and logs it: of the messages of another version only the first, since beside a node of
// that version all are such.
func (c *Cluster) ignore(room chat.RoomID, n int, err error) {
	c.stats.Ignored.Add(int64(n))
	if errors.Is(err, errUnknown) {
		c.once.otherVersion.Do(func() {
			c.log.Warn("a node of another version is here: its messages are ignored, its events come later from the history", "room", room)
		})
		return
	}
	c.log.Warn("what another node says cannot be read", "room", room, "refused", n, "err", err)
}
