package mongo

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"salon/internal/chat"
	"salon/internal/history"
)

// Read finds the head and then the page, whose numbers the head gives.
func (s *Store) Read(ctx context.Context, room chat.RoomID, q history.Query) (history.Page, error) {
	if err := s.db.Enter(); err != nil {
		return history.Page{}, err
	}
	defer s.db.Leave()
	page, err := s.read(ctx, room, q)
	if err != nil {
		return history.Page{}, s.fail(ctx, "read "+string(room), err)
	}
	return page, nil
}

func (s *Store) read(ctx context.Context, room chat.RoomID, q history.Query) (history.Page, error) {
	found, err := s.heads.find(ctx, []chat.RoomID{room})
	if err != nil {
		return history.Page{}, err
	}
	head := found[0].seq
	first, last, more := q.Range(head)
	page := history.Page{Head: head, More: more}
	if first <= last {
		page.Events, err = s.whole(ctx, room, first, last)
	}
	return page, err
}

// A new primary may need a moment to see as being on a majority what the old one saw so. One more try, this much later,
// tells that from broken data.
const wholeTries, wholeAgain = 2, 30 * time.Millisecond

// whole reads the events first to last, all of which there are.
func (s *Store) whole(ctx context.Context, room chat.RoomID, first, last uint64) ([]chat.Event, error) {
	return backoff.Retry(ctx, func() ([]chat.Event, error) {
		events, err := s.events.span(ctx, room, first, last)
		if err != nil {
			return nil, backoff.Permanent(err)
		}
		if missing := firstMissing(events, first, last); missing > 0 {
			return nil, fmt.Errorf("%w: %s %d", errMissing, room, missing)
		}
		return events, nil
	}, backoff.WithMaxTries(wholeTries), backoff.WithBackOff(backoff.NewConstantBackOff(wholeAgain)))
}

// Heads looks after what is remembered or stored of each room's head.
func (s *Store) Heads(ctx context.Context, rooms []chat.RoomID) ([]uint64, error) {
	if err := s.db.Enter(); err != nil {
		return nil, err
	}
	defer s.db.Leave()
	found, err := s.heads.find(ctx, rooms)
	if err != nil {
		return nil, s.fail(ctx, "read heads", err)
	}
	heads := make([]uint64, len(rooms))
	for i, p := range found {
		heads[i] = p.seq
	}
	return heads, nil
}

// Rooms lists from the rooms' documents, which are made before a room's first event, and looks up where each log ends.
func (s *Store) Rooms(ctx context.Context, after chat.RoomID, limit int) ([]history.RoomInfo, error) {
	if err := s.db.Enter(); err != nil {
		return nil, err
	}
	defer s.db.Leave()
	limit = max(limit, 1)
	var list []history.RoomInfo
	for len(list) < limit { // few of the rooms are empty; if some are, the loop asks for as many more
		docs, err := s.rooms.after(ctx, after, limit-len(list))
		if err != nil {
			return nil, s.fail(ctx, "list rooms", err)
		}
		if len(docs) == 0 {
			break
		}
		written, err := s.withEvents(ctx, docs)
		if err != nil {
			return nil, s.fail(ctx, "list rooms", err)
		}
		list, after = append(list, written...), chat.RoomID(docs[len(docs)-1].ID)
	}
	return list, nil
}

// withEvents returns those of the rooms that have an event.
func (s *Store) withEvents(ctx context.Context, docs []roomDoc) ([]history.RoomInfo, error) {
	rooms, ends := make([]chat.RoomID, len(docs)), make([]position, len(docs))
	for i, d := range docs {
		rooms[i], ends[i] = chat.RoomID(d.ID), d.position()
	}
	if err := s.heads.advance(ctx, rooms, ends); err != nil {
		return nil, err
	}
	var list []history.RoomInfo
	for i, p := range ends {
		if p.seq > 0 {
			list = append(list, history.RoomInfo{Room: rooms[i], Head: p.seq, At: p.at})
		}
	}
	return list, nil
}
