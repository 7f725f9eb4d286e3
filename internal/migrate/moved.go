package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"salon/internal/accounts"
	"salon/internal/history"
)

// state is what a source was like: its rooms, how many users, and a digest of all that is kept of them. The nodes of a history in
// use renew the names of who is present, so that users change even while nobody speaks.
type state struct {
	rooms  []history.RoomInfo
	users  int
	digest [sha256.Size]byte
}

func stateOf(ctx context.Context, from Source) (s state, err error) {
	if s.rooms, err = list(ctx, from); err != nil {
		return s, err
	}
	sum := sha256.New()
	enc := json.NewEncoder(sum)
	err = eachUsers(ctx, from, func(page []accounts.Record) error {
		for _, u := range page {
			if err := enc.Encode(ordered(u)); err != nil {
				return err
			}
		}
		s.users += len(page)
		return nil
	})
	sum.Sum(s.digest[:0])
	return s, err
}

// settle gives err, or that the source has moved on since it was as before: then a difference is no fault of the copy, and without
// one the copy lacks what came since.
func settle(ctx context.Context, from Source, before state, err error) error {
	if ctx.Err() != nil || errors.Is(err, history.ErrUnavailable) {
		return err
	}
	now, readErr := stateOf(ctx, from)
	switch {
	case readErr != nil:
		return errors.Join(err, readErr)
	case now.digest == before.digest && slices.EqualFunc(now.rooms, before.rooms, sameHead):
		return err
	case err != nil:
		return fmt.Errorf("%w (%w)", ErrMoving, err)
	}
	return ErrMoving
}

func sameHead(a, b history.RoomInfo) bool { return a.Room == b.Room && a.Head == b.Head }
