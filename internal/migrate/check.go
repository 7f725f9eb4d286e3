package migrate

import (
	"context"
	"fmt"

	"salon/internal/chat"
	"salon/internal/history"
)

// check finds out, before anything is written, whether what the target holds is the beginning of the source: of every room
// the first events and no others. It tells whether all of them are there already.
//
// Then there is nothing left to copy, and the users must be the same: a server has used one of the two since, and what its
// users did there (a new name, a token revoked) must not be undone. While events are missing, users who differ are those
// of a copy that was cut off, or of a source that went on; they are copied again.
func check(ctx context.Context, from Source, to Target, rooms []history.RoomInfo) (complete bool, err error) {
	there, err := list(ctx, to)
	if err != nil {
		return false, err
	}
	heads := make(map[chat.RoomID]uint64, len(rooms))
	for _, r := range rooms {
		heads[r.Room] = r.Head
	}
	complete = len(there) == len(rooms) && len(rooms) > 0
	for _, r := range there {
		if r.Head > heads[r.Room] {
			return false, fmt.Errorf("%s has %d events in the target, %d in the source: %w", r.Room, r.Head, heads[r.Room], ErrOther)
		}
		complete = complete && r.Head == heads[r.Room]
	}
	err = each(ctx, there, func(ctx context.Context, r history.RoomInfo) error { return checkLast(ctx, from, to, r) })
	if err != nil || !complete {
		return false, err
	}
	if err := verifyUsers(ctx, from, to); err != nil {
		return false, fmt.Errorf("the target has all events, one of the two was used since (%w): %w", err, ErrOther)
	}
	return true, nil
}

// checkLast compares the last event that the target has of a room: a log is only ever added to, so what is before it is the
// same when it is.
func checkLast(ctx context.Context, from Source, to Target, r history.RoomInfo) error {
	want, err := read(ctx, from, r.Room, r.Head-1, 1)
	if err != nil {
		return err
	}
	got, err := read(ctx, to, r.Room, r.Head-1, 1)
	if err != nil {
		return err
	}
	if !same(&want[0], &got[0]) {
		return fmt.Errorf("%s, event %d is another in the target: %w", r.Room, r.Head, ErrOther)
	}
	return nil
}
