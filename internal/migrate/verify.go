package migrate

import (
	"context"
	"fmt"
	"reflect"

	"salon/internal/chat"
	"salon/internal/history"
)

// verify reads both sides and compares all of them.
func verify(ctx context.Context, from Source, to Target, rooms []history.RoomInfo, step func(int)) error {
	there, err := list(ctx, to)
	if err != nil {
		return err
	}
	if len(there) != len(rooms) {
		return fmt.Errorf("verify: %d rooms in the target, %d in the source", len(there), len(rooms))
	}
	if err := verifyUsers(ctx, from, to); err != nil {
		return err
	}
	return each(ctx, rooms, func(ctx context.Context, r history.RoomInfo) error {
		return verifyRoom(ctx, from, to, r, step)
	})
}

func verifyRoom(ctx context.Context, from Source, to Target, r history.RoomInfo, step func(int)) error {
	for after := uint64(0); after < r.Head; {
		want, err := read(ctx, from, r.Room, after, chat.MaxPage)
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		got, err := read(ctx, to, r.Room, after, chat.MaxPage)
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		for i := range want {
			if i >= len(got) || !same(&want[i], &got[i]) {
				return fmt.Errorf("verify: %s, event %d differs", r.Room, want[i].Seq)
			}
		}
		after = want[len(want)-1].Seq
		step(len(want))
	}
	return nil
}

func verifyUsers(ctx context.Context, from Source, to Target) error {
	for after := chat.UserID(""); ; {
		want, err := from.ExportUsers(ctx, after, pageUsers)
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		got, err := to.ExportUsers(ctx, after, pageUsers)
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		if len(want) != len(got) {
			return fmt.Errorf("verify: the number of users differs after %q", after)
		}
		if len(want) == 0 {
			return nil
		}
		for i := range want {
			if !reflect.DeepEqual(ordered(want[i]), ordered(got[i])) {
				return fmt.Errorf("verify: the user %s differs", want[i].Identity.User.ID)
			}
		}
		after = want[len(want)-1].Identity.User.ID
	}
}
