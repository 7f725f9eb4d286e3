package rooms

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"salon/internal/chat"
	"salon/internal/hub"
)

// List lists the rooms by name, a page at a time, with how many users are in them.
type List struct {
	After chat.RoomID // the Next of the page before; "" for the first
	Limit int         // at least 1
}

// Listed answers [List].
type Listed struct {
	Rooms []Listing
	Next  chat.RoomID // where the next page begins; "" when this is the last
}

// Listing is a line of the list of rooms.
type Listing struct {
	Room  chat.RoomID
	Head  uint64    // its last number; 0 where nothing was said yet
	At    time.Time // when that was stored; zero where nothing was said yet
	Count int       // users in the room
}

func (*List) action() action { return listRooms }
func (*List) room() string   { return "" }

func (c *List) do(ctx context.Context, a *Actor, _ *hub.Member, reply Reply) error {
	ctx, cancel := call(ctx)
	defer cancel()
	listed, err := a.rooms.list(ctx, c.After, c.Limit)
	if err != nil {
		return err
	}
	reply(listed, nil)
	return nil
}

// list returns a page of the list. Callers that want the same page at once share one look. Errors: [chat.ErrUnavailable].
func (s *Rooms) list(ctx context.Context, after chat.RoomID, limit int) (Listed, error) {
	ch := s.lists.DoChan(fmt.Sprintf("%s\x00%d", after, limit), func() (any, error) {
		ctx, cancel := context.WithTimeout(s.life, storeTimeout) // not the caller's: others wait for it too
		defer cancel()
		return s.read(ctx, after, limit)
	})
	select {
	case res := <-ch:
		if res.Err != nil {
			return Listed{}, res.Err
		}
		return res.Val.(Listed), nil
	case <-ctx.Done():
		return Listed{}, fmt.Errorf("list rooms: %w", chat.ErrUnavailable)
	}
}

// read makes a page of what history and the rosters know.
func (s *Rooms) read(ctx context.Context, after chat.RoomID, limit int) (Listed, error) {
	stored, err := s.config.History.Rooms(ctx, after, limit+1)
	if err != nil {
		return Listed{}, err
	}
	byName := map[chat.RoomID]Listing{}
	for _, r := range stored {
		byName[r.Room] = Listing{Room: r.Room, Head: r.Head, At: r.At}
	}
	for id, n := range s.rosters.Counts(ctx) {
		if id > after {
			l := byName[id]
			l.Room, l.Count = id, n
			byName[id] = l
		}
	}
	rooms := slices.SortedFunc(maps.Values(byName), func(a, b Listing) int { return cmp.Compare(a.Room, b.Room) })
	if len(rooms) <= limit {
		return Listed{Rooms: rooms}, nil
	}
	return Listed{Rooms: rooms[:limit], Next: rooms[limit-1].Room}, nil
}
