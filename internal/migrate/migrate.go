// Package migrate carries a whole history from one engine to another, with the same numbers, times, users and tokens, and
// verifies what it wrote.
//
// A copy that was cut off is taken up again by starting it again: the target bears the source's ID from the first moment, so
// that it is known to be a part of it, and is read to see how far it got. Before anything is written all of it is checked to
// be the beginning of the source. Memory is bounded by a page a worker, and the lists of rooms.
package migrate

import (
	"context"
	"fmt"
	"sync/atomic"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/history"
)

// Progress is told how far it got: of Total steps (events copied, and events verified) Done are done. It may be called from
// several goroutines at once.
type Progress func(done, total int64)

// Report is what was done.
type Report struct {
	Rooms, Users int
	Events       int64 // in the source
	Copied       int64 // of these now; the others were there from an earlier try
}

// Run copies from into to and verifies it. Errors: [ErrOther], and nothing was written; [ErrMoving]; what the engines say;
// a difference found in verifying.
func Run(ctx context.Context, from Source, to Target, progress Progress) (Report, error) {
	var report Report
	if err := adopt(ctx, from, to); err != nil {
		return report, err
	}
	before, err := stateOf(ctx, from)
	if err != nil {
		return report, err
	}
	rooms := before.rooms
	report.Rooms, report.Users = len(rooms), before.users
	for _, r := range rooms {
		report.Events += int64(r.Head)
	}
	complete, err := check(ctx, from, to, rooms)
	if err != nil {
		return report, settle(ctx, from, before, err)
	}
	if !complete {
		if err = copyUsers(ctx, from, to); err != nil {
			return report, err
		}
	}
	step := counting(progress, 2*report.Events)
	var copied atomic.Int64
	err = each(ctx, rooms, func(ctx context.Context, r history.RoomInfo) error {
		n, err := copyRoom(ctx, from, to, r, step)
		copied.Add(n)
		return err
	})
	report.Copied = copied.Load()
	if err != nil {
		return report, err
	}
	return report, settle(ctx, from, before, verify(ctx, from, to, rooms, step))
}

// adopt makes to a copy of from, or finds that it is one already.
func adopt(ctx context.Context, from Source, to Target) error {
	id, err := from.ID(ctx)
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	other, err := to.ID(ctx)
	if err != nil {
		return fmt.Errorf("read the target: %w", err)
	}
	if id == other {
		return nil
	}
	rooms, err := to.Rooms(ctx, "", 1)
	if err != nil {
		return fmt.Errorf("read the target: %w", err)
	}
	users, err := to.ExportUsers(ctx, "", 1)
	if err != nil {
		return fmt.Errorf("read the target: %w", err)
	}
	if len(rooms) > 0 || len(users) > 0 {
		return ErrOther
	}
	if err := to.SetID(ctx, id); err != nil {
		return fmt.Errorf("name the target: %w", err)
	}
	return nil
}

func copyUsers(ctx context.Context, from Source, to Target) error {
	return eachUsers(ctx, from, func(page []accounts.Record) error {
		if err := patiently(ctx, func() error { return to.ImportUsers(ctx, page) }); err != nil {
			return fmt.Errorf("write users: %w", err)
		}
		return nil
	})
}

func copyRoom(ctx context.Context, from Source, to Target, r history.RoomInfo, step func(int)) (int64, error) {
	var heads []uint64
	err := patiently(ctx, func() (err error) {
		heads, err = to.Heads(ctx, []chat.RoomID{r.Room})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read %s of the target: %w", r.Room, err)
	}
	if heads[0] > r.Head {
		return 0, fmt.Errorf("%s has %d events in the target, %d in the source: %w", r.Room, heads[0], r.Head, ErrOther)
	}
	step(int(heads[0]))
	copied := int64(0)
	for after := heads[0]; after < r.Head; {
		page, err := read(ctx, from, r.Room, after, chat.MaxPage)
		if err != nil {
			return copied, err
		}
		if err := patiently(ctx, func() error { return to.ImportEvents(ctx, r.Room, page) }); err != nil {
			return copied, fmt.Errorf("write %s after %d: %w", r.Room, after, err)
		}
		after = page[len(page)-1].Seq
		copied += int64(len(page))
		step(len(page))
	}
	return copied, nil
}

// counting gives a function that adds to what is done and tells progress.
func counting(progress Progress, total int64) func(int) {
	var done atomic.Int64
	return func(n int) {
		if d := done.Add(int64(n)); progress != nil {
			progress(d, total)
		}
	}
}
