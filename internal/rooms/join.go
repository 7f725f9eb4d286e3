package rooms

import (
	"context"
	"errors"

	"salon/internal/chat"
	"salon/internal/hub"
)

// Join puts the session in a room. A session that is in it already gets what it asks for once more, and the room from there
// on.
type Join struct {
	Room string
	From hub.From
}

// Joined answers [Join], [Move] and [Resume]. The first event pushed comes right behind it.
type Joined struct {
	Room chat.RoomID
	*hub.Joined
}

func (*Join) action() action { return joinRoom }
func (c *Join) room() string { return c.Room }

func (c *Join) do(ctx context.Context, a *Actor, in *hub.Member, reply Reply) error {
	id := chat.RoomID(c.Room)
	if in != nil {
		ctx, cancel := call(ctx)
		defer cancel()
		return in.Resume(ctx, c.From, joined(id, reply))
	}
	m, err := a.enter(ctx, id, c.From, reply)
	if err == nil {
		a.add(m)
	}
	return err
}

func joined(id chat.RoomID, reply Reply) func(*hub.Joined) {
	return func(j *hub.Joined) { reply(Joined{id, j}, nil) }
}

// enter joins a room, which is not among the actor's rooms yet.
func (a *Actor) enter(ctx context.Context, id chat.RoomID, from hub.From, reply Reply) (*hub.Member, error) {
	if most := a.rooms.config.Limits.Rooms; a.count() >= most {
		return nil, chat.Errorf(chat.CodeTooManyRooms, "at most %d rooms at once", most)
	}
	ctx, cancel := call(ctx)
	defer cancel()
	user := a.User()
	m, err := a.rooms.hub.Join(ctx, hub.Join{
		Room: id, Session: a.session.ID, User: user, Back: a.session.Back, To: a.session.To, Format: a.session.Format,
		From: from, Answer: joined(id, reply),
	})
	if err != nil {
		return nil, err
	}
	if now := a.User(); now != user { // the user took another name while the room was being read
		m.Renamed(now)
	}
	return m, nil
}

// Resume has a session that lags get a room again, from behind an event. The answer is [Joined], or [Behind] where more is
// missing than a page holds.
type Resume struct {
	Place hub.Place // the session's place in the room, which it must not have left
	Since uint64
}

// Behind answers [Resume]: read pages first.
type Behind struct{}

func (*Resume) action() action { return readHistory }
func (c *Resume) room() string { return string(c.Place.Room()) }

func (c *Resume) do(ctx context.Context, _ *Actor, in *hub.Member, reply Reply) error {
	if hub.Place(in) != c.Place {
		return hub.ErrLeft
	}
	ctx, cancel := call(ctx)
	defer cancel()
	err := in.Resume(ctx, hub.From{Resume: true, Since: c.Since, NoGap: true}, joined(in.Room(), reply))
	if errors.Is(err, hub.ErrBehind) {
		reply(Behind{}, nil)
		return nil
	}
	return err
}

// Move takes a session of a way in that is in one room at a time to another room.
type Move struct {
	Room string
	From hub.From
}

func (*Move) action() action { return joinRoom }
func (c *Move) room() string { return c.Room }

func (c *Move) do(ctx context.Context, a *Actor, in *hub.Member, reply Reply) error {
	if in != nil {
		return chat.Errorf(chat.CodeBadRequest, "you are in the room already")
	}
	before := a.set(nil)
	m, err := a.enter(ctx, chat.RoomID(c.Room), c.From, reply)
	if err != nil {
		a.set(before)
		return err
	}
	a.add(m)
	for _, m := range before {
		m.Leave(true)
	}
	return nil
}
