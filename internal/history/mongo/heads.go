package mongo

import (
	"context"
	"log/slog"
	"sync"

	"golang.org/x/sync/errgroup"

	"salon/internal/chat"
)

// heads finds where logs end, and remembers it for the rooms that this node writes in. What it remembers was found in the
// log. It may be behind the log at any time, never ahead.
type heads struct {
	events *eventLog
	rooms  *roomList
	log    *slog.Logger

	mu    sync.Mutex // guards what follows
	known map[chat.RoomID]position
}

// maxKnown bounds the rooms that are remembered. A forgotten room costs two requests when it is written in again.
const maxKnown = 50_000

// atOnce is how many requests for one call are under way at a time.
const atOnce = 8

func (h *heads) get(room chat.RoomID) (position, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.known[room]
	return p, ok
}

// put remembers a position in a room whose document exists, unless a later position is known.
func (h *heads) put(room chat.RoomID, seen position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil {
		h.known = map[chat.RoomID]position{}
	}
	before, ok := h.known[room]
	if !ok && len(h.known) >= maxKnown {
		h.forgetSome()
	}
	h.known[room] = later(before, seen)
}

// raise is put for a room that is remembered already.
func (h *heads) raise(room chat.RoomID, seen position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if before, ok := h.known[room]; ok {
		h.known[room] = later(before, seen)
	}
}

// forgetSome forgets an eighth of the rooms, whichever. h.mu is held.
func (h *heads) forgetSome() {
	n := 0
	for room := range h.known {
		delete(h.known, room)
		if n++; n >= maxKnown/8 {
			return
		}
	}
}

// toWrite returns the newest event known of a room that is about to be written in, and makes the room's document if it is
// missing. The document's head is not believed when its event is not there (somebody emptied one collection and not the
// other): writing after it would leave a hole.
func (h *heads) toWrite(ctx context.Context, room chat.RoomID) (position, error) {
	if known, ok := h.get(room); ok {
		return known, nil
	}
	doc, err := h.rooms.open(ctx, room)
	if err != nil {
		return position{}, err
	}
	told := doc.position()
	end, err := h.events.last(ctx, room, position{seq: max(told.seq, 1) - 1})
	if err == nil && end.seq < told.seq {
		h.log.Warn("the stored head of a room is ahead of its log", "room", room, "head", told.seq)
		end, err = h.events.last(ctx, room, position{})
	}
	if err != nil {
		return position{}, err
	}
	h.put(room, end)
	return end, nil
}

// find returns the positions of the newest events of rooms.
func (h *heads) find(ctx context.Context, rooms []chat.RoomID) ([]position, error) {
	found, known := make([]position, len(rooms)), make([]bool, len(rooms))
	var unknown []chat.RoomID
	for i, room := range rooms {
		if found[i], known[i] = h.get(room); !known[i] {
			unknown = append(unknown, room)
		}
	}
	told, err := h.rooms.heads(ctx, unknown)
	if err != nil {
		return nil, err
	}
	var asked []chat.RoomID
	var from []position
	var where []int
	for i, room := range rooms {
		if !known[i] {
			if found[i], known[i] = told[room]; !known[i] {
				continue // without a document it has no events
			}
		}
		asked, from, where = append(asked, room), append(from, found[i]), append(where, i)
	}
	if err := h.advance(ctx, asked, from); err != nil {
		return nil, err
	}
	for i, p := range from {
		found[where[i]] = p
		h.raise(asked[i], p)
	}
	return found, nil
}

// advance moves the positions in from to the newest events of rooms.
func (h *heads) advance(ctx context.Context, rooms []chat.RoomID, from []position) error {
	grown, err := h.events.grown(ctx, rooms, from)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, i := range grown {
		g.Go(func() (err error) {
			from[i], err = h.events.last(ctx, rooms[i], from[i])
			return err
		})
	}
	return g.Wait()
}
