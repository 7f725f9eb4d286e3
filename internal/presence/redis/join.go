package redis

import (
	"context"

	"salon/internal/chat"
	"salon/internal/presence"
)

// Join implements [presence.Store]. When the outcome of a Join was unknown and it is called again, First is true if the user
// has no other session in the room.
func (s *Store) Join(ctx context.Context, room chat.RoomID, session presence.Session) (presence.Change, error) {
	if s.closed.Load() {
		return presence.Change{}, presence.ErrClosed
	}
	record, err := recordOf(session)
	if err != nil {
		return presence.Change{}, err
	}
	bucket, field := bucketOf(room), fieldOf(room, session.ID)
	m, retry := s.local[bucket].startJoin(field, session.User.ID, record)
	r, err := s.changer.one(ctx, s.node, change{bucket: bucket, field: field, record: record}, retry)
	s.local[bucket].endJoin(m, record, err)
	return presence.Change{First: r.firstOrLast, Count: r.count}, err
}

// Leave implements [presence.Store]. When the outcome of a Leave was unknown and it is called again, Last is true if the user
// has no session left in the room.
func (s *Store) Leave(ctx context.Context, room chat.RoomID, session string) (presence.Change, error) {
	if s.closed.Load() {
		return presence.Change{}, presence.ErrClosed
	}
	bucket, field := bucketOf(room), fieldOf(room, session)
	m, retry := s.local[bucket].startLeave(field, s.lease.now())
	if m == nil {
		counts, err := s.Counts(ctx, []chat.RoomID{room})
		if err != nil {
			return presence.Change{}, err
		}
		return presence.Change{Count: counts[0]}, nil
	}
	r, err := s.changer.one(ctx, s.node, change{bucket: bucket, field: field, user: m.user}, retry)
	s.local[bucket].endLeave(m, err)
	return presence.Change{Last: r.firstOrLast, Count: r.count}, err
}
