package text

import (
	"time"

	"github.com/cenkalti/backoff/v5"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/hub"
	"salon/internal/rooms"
)

// maxCatchUpPause is the longest pause between two tries to catch up while history does not answer.
const maxCatchUpPause = 10 * time.Second

// Lagged reads what the person missed while its queue was full: lines have no way to ask again. It implements
// [hub.Recipient].
func (p *person) Lagged(place hub.Place, last uint64) {
	p.Go(func() {
		c := catchUp{person: p, room: place, since: last}
		pauses := &backoff.ExponentialBackOff{InitialInterval: time.Second, Multiplier: 2, MaxInterval: maxCatchUpPause}
		pauses.Reset()
		for !c.done && p.WaitDrain() == nil {
			if err := c.pull(); err == nil {
				pauses.Reset()
			} else if !c.done {
				p.Pause(pauses.NextBackOff())
			}
		}
	})
}

// catchUp is a person that reads what it missed in a room.
type catchUp struct {
	person *person
	room   hub.Place
	since  uint64 // it has everything up to this number
	done   bool   // it has caught up, or has left the room
}

// pull queues the next page, or joins in again where that is the last.
func (c *catchUp) pull() *chat.Error {
	p := c.person
	var page rooms.Page
	err := p.Do(&rooms.History{Room: string(c.room.Room()), Query: history.Query{After: c.since, IsAfter: true, Limit: chat.MaxPage}},
		func(a rooms.Answer, _ *chat.Error) { page = a.(rooms.Page) })
	if c.room.Left() { // what it missed there is not for the room where it is now
		c.done = true
		return nil
	}
	if err != nil {
		return err
	}
	self := p.Actor().User().ID
	if !page.More {
		behind := false
		err := p.Do(&rooms.Resume{Place: c.room, Since: c.since}, func(a rooms.Answer, _ *chat.Error) {
			switch a := a.(type) {
			case rooms.Joined:
				p.lines(a.Events(), self)
			case rooms.Behind: // the room went on meanwhile
				behind = true
			}
		})
		if !behind {
			c.done = err == nil || c.room.Left()
			return err
		}
	}
	p.lines(page.Events(), self)
	c.since = max(c.since, page.Last())
	p.Flush()
	return nil
}
