package hub

import (
	"context"
	"fmt"
	"slices"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/presence"
	"salon/internal/protocol"
)

// roomsPage is a page of the list of rooms.
type roomsPage struct {
	lines []protocol.RoomLine
	next  string
}

// Rooms lists rooms by name, those after the one given, at most limit, with how many are in them. Without presence the
// counts are this node's. Callers that want the same page at once share one look. Errors: [history.ErrUnavailable].
func (h *Hub) Rooms(ctx context.Context, after chat.RoomID, limit int) (lines []protocol.RoomLine, next string, err error) {
	ch := h.reads.DoChan(fmt.Sprintf("rooms %s\x00%d", after, limit), func() (any, error) {
		ctx, cancel := context.WithTimeout(h.life, storeTimeout) // not the caller's: others wait for it too
		defer cancel()
		lines, next, err := h.listRooms(ctx, after, limit)
		return roomsPage{lines, next}, err
	})
	select {
	case res := <-ch:
		if res.Err != nil {
			return nil, "", res.Err
		}
		page := res.Val.(roomsPage)
		return page.lines, page.next, nil
	case <-ctx.Done():
		return nil, "", fmt.Errorf("list rooms: %w", history.ErrUnavailable)
	}
}

func (h *Hub) listRooms(ctx context.Context, after chat.RoomID, limit int) (lines []protocol.RoomLine, next string, err error) {
	infos, err := h.history.Rooms(ctx, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	byName := map[chat.RoomID]protocol.RoomLine{}
	for _, i := range infos {
		byName[i.Room] = protocol.RoomLine{Room: i.Room, Head: i.Head, At: &protocol.Time{Time: i.At}}
	}
	for id, n := range h.peopled(ctx) {
		if id > after {
			l := byName[id]
			l.Room, l.Count = id, n
			byName[id] = l
		}
	}
	for _, l := range byName {
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b protocol.RoomLine) int { return compareRooms(a.Room, b.Room) })
	if len(lines) > limit {
		lines = lines[:limit]
		next = string(lines[limit-1].Room)
	}
	return lines, next, nil
}

func compareRooms(a, b chat.RoomID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// peopled gives the rooms that have members.
func (h *Hub) peopled(ctx context.Context) map[chat.RoomID]int {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if counts, err := h.presence.Rooms(ctx, 10000); err == nil {
		return counts
	}
	counts := map[chat.RoomID]int{}
	for _, r := range h.active() {
		r.mu.Lock()
		if n := r.roster.count(); n > 0 {
			counts[r.id] = n
		}
		r.mu.Unlock()
		r.release()
	}
	return counts
}

// Who gives a page of who is in the member's room; without presence, those whom this node knows of.
func (m *Member) Who(ctx context.Context, cursor string, limit int) presence.Members {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if got, err := m.room.hub.presence.Members(ctx, m.room.id, cursor, limit); err == nil && got.Whole {
		return got
	}
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	users := make([]chat.User, 0, min(limit, len(r.roster.people)))
	for _, p := range r.roster.people {
		if len(users) == limit {
			break
		}
		users = append(users, p.user)
	}
	return presence.Members{Users: users, Count: r.roster.count()}
}
