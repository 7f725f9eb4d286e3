package redis

import (
	"context"

	"salon/internal/chat"
	"salon/internal/presence"
)

// Join implements [presence.Store]. When a Join's outcome was unknown and it is called again, Edge is true if the user has no
// other session in the room.
func (s *Store) Join(ctx context.Context, room chat.RoomID, session presence.Session) (presence.Change, error) {
	if s.closed.Load() {
		return presence.Change{}, presence.ErrClosed
	}
	record, err := recordOf(session)
	if err != nil {
		return presence.Change{}, err
	}
	bucket, field := bucketOf(room), fieldOf(room, session.ID)
	entry, again := s.own[bucket].join(field, session.User.ID, record)
	job := s.putJob([]change{{bucket: bucket, field: field, record: record}}, "join", again)
	change, err := s.move(ctx, job)
	s.own[bucket].joined(entry, record, err)
	return change, err
}

// Leave implements [presence.Store]. When a Leave's outcome was unknown and it is called again, Edge is true if the user has no
// session left in the room.
func (s *Store) Leave(ctx context.Context, room chat.RoomID, session string) (presence.Change, error) {
	if s.closed.Load() {
		return presence.Change{}, presence.ErrClosed
	}
	bucket, field := bucketOf(room), fieldOf(room, session)
	entry, again := s.own[bucket].leave(field)
	if entry == nil {
		counts, err := s.Counts(ctx, []chat.RoomID{room})
		if err != nil {
			return presence.Change{}, err
		}
		return presence.Change{Count: counts[0]}, nil
	}
	job := s.dropJob(s.node, []change{{bucket: bucket, field: field, user: entry.user}}, again)
	change, err := s.move(ctx, job)
	s.own[bucket].left(entry, err)
	return change, err
}

// move runs a job of one change.
func (s *Store) move(ctx context.Context, j job) (presence.Change, error) {
	outcomes, err := j.outcomes(run(ctx, s.conn, j.call)[0])
	if err != nil {
		return presence.Change{}, err
	}
	return presence.Change{Edge: outcomes[0].edge, Count: outcomes[0].count}, nil
}
