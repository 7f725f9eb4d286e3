package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"salon/internal/chat"
	"salon/internal/history"
)

// Read finds the head and then the page, whose numbers the head gives.
func (s *Store) Read(ctx context.Context, room chat.RoomID, q history.Query) (history.Page, error) {
	if err := s.begin(); err != nil {
		return history.Page{}, err
	}
	defer s.calls.Done()
	what := "read " + string(room)
	found, err := s.heads(ctx, []chat.RoomID{room})
	if err != nil {
		return history.Page{}, s.failure(ctx, what, err)
	}
	head := found[0].seq
	first, last, more := q.Range(head)
	page := history.Page{Head: head, More: more}
	if first > last {
		return page, nil
	}
	if page.Events, err = s.whole(ctx, room, first, last); err != nil {
		return history.Page{}, s.failure(ctx, what, err)
	}
	return page, nil
}

// whole reads the events first to last, all of which there are. A new primary may need a moment to see as being on a
// majority what the old one saw so; one more try tells that from broken data.
func (s *Store) whole(ctx context.Context, room chat.RoomID, first, last uint64) ([]chat.Event, error) {
	for try := 1; ; try++ {
		events, err := s.reader.span(ctx, room, first, last)
		if err != nil {
			return nil, err
		}
		missing := firstMissing(events, first, last)
		if missing == 0 {
			return events, nil
		}
		if try == 2 {
			return nil, fmt.Errorf("%w: %s %d", errMissing, room, missing)
		}
		if err := pause(ctx, 5); err != nil {
			return nil, err
		}
	}
}

// firstMissing gives the first number from first to last that events, which are in order, lack; 0 if none.
func firstMissing(events []chat.Event, first, last uint64) uint64 {
	for i, e := range events {
		if want := first + uint64(i); e.Seq != want {
			return want
		}
	}
	if n := uint64(len(events)); n != last-first+1 {
		return first + n
	}
	return 0
}

// Heads looks behind what is remembered or hinted of each room.
func (s *Store) Heads(ctx context.Context, rooms []chat.RoomID) ([]uint64, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.calls.Done()
	found, err := s.heads(ctx, rooms)
	if err != nil {
		return nil, s.failure(ctx, "read heads", err)
	}
	heads := make([]uint64, len(rooms))
	for i, m := range found {
		heads[i] = m.seq
	}
	return heads, nil
}

// Rooms lists from the rooms' documents, which are made before a room's first event, and looks up where each log ends.
func (s *Store) Rooms(ctx context.Context, after chat.RoomID, limit int) ([]history.RoomInfo, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.calls.Done()
	limit = max(limit, 1)
	var list []history.RoomInfo
	for len(list) < limit {
		// Few of these rooms are empty; if some are, the loop asks for as many more.
		docs, err := s.findRooms(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: string(after)}}}},
			options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit-len(list))))
		if err != nil {
			return nil, s.failure(ctx, "list rooms", err)
		}
		if len(docs) == 0 {
			break
		}
		rooms, from := make([]chat.RoomID, len(docs)), make([]mark, len(docs))
		for i, d := range docs {
			rooms[i], from[i] = chat.RoomID(d.ID), d.mark()
		}
		if err := s.advance(ctx, rooms, from); err != nil {
			return nil, s.failure(ctx, "list rooms", err)
		}
		for i, m := range from {
			if m.seq > 0 {
				list = append(list, history.RoomInfo{Room: rooms[i], Head: m.seq, At: m.at})
			}
		}
		after = rooms[len(rooms)-1]
	}
	return list, nil
}

// heads gives the marks of the newest events of rooms.
func (s *Store) heads(ctx context.Context, rooms []chat.RoomID) ([]mark, error) {
	found, known := make([]mark, len(rooms)), make([]bool, len(rooms))
	var unknown []chat.RoomID
	for i, room := range rooms {
		if found[i], known[i] = s.marks.get(room); !known[i] {
			unknown = append(unknown, room)
		}
	}
	hints, err := s.hinted(ctx, unknown)
	if err != nil {
		return nil, err
	}
	var asked []chat.RoomID
	var from []mark
	var where []int
	for i, room := range rooms {
		if !known[i] {
			if found[i], known[i] = hints[room]; !known[i] {
				continue // without a document it has no events
			}
		}
		asked, from, where = append(asked, room), append(from, found[i]), append(where, i)
	}
	if err := s.advance(ctx, asked, from); err != nil {
		return nil, err
	}
	for i, m := range from {
		found[where[i]] = m
		s.marks.raise(asked[i], m)
	}
	return found, nil
}

// hinted gives what the rooms' documents say of their heads.
func (s *Store) hinted(ctx context.Context, rooms []chat.RoomID) (map[chat.RoomID]mark, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	ids := make([]string, len(rooms))
	for i, room := range rooms {
		ids[i] = string(room)
	}
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	if len(ids) == 1 {
		filter = bson.D{{Key: "_id", Value: ids[0]}}
	}
	docs, err := s.findRooms(ctx, filter)
	if err != nil {
		return nil, err
	}
	hints := make(map[chat.RoomID]mark, len(docs))
	for _, d := range docs {
		hints[chat.RoomID(d.ID)] = d.mark()
	}
	return hints, nil
}

func (s *Store) findRooms(ctx context.Context, filter bson.D, o ...options.Lister[options.FindOptions]) ([]roomDoc, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	cursor, err := s.rooms.Find(ctx, filter, o...)
	if err != nil {
		return nil, err
	}
	var docs []roomDoc
	return docs, cursor.All(ctx, &docs)
}

// advance moves the marks of rooms to their newest events.
func (s *Store) advance(ctx context.Context, rooms []chat.RoomID, from []mark) error {
	grown, err := s.reader.grown(ctx, rooms, from)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, i := range grown {
		g.Go(func() (err error) {
			from[i], err = s.reader.last(ctx, rooms[i], from[i])
			return err
		})
	}
	return g.Wait()
}
