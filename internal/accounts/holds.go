package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"salon/internal/chat"
)

const (
	// outage is for how long the store may be away without any name being lost.
	outage = time.Minute
	// A guest cannot come back, so nobody is served by its name being held once its node is gone.
	guestHold  = outage + guestRenew
	guestRenew = 10 * time.Second
	// retryRenew is the time to the next try of a renewal that failed.
	retryRenew = time.Second
	// renewTimeout bounds one call that renews holds, renewBatch how many holds it renews.
	renewTimeout = 10 * time.Second
	renewBatch   = 1000
	// freeTimeout bounds the call that frees a name. Whoever leaves waits for it.
	freeTimeout = 2 * time.Second
)

// until is the end of a hold that is taken now. Renewed in time the hold never ends, and after the last renewal it lasts at
// least [Config.Hold].
func (d *Directory) until(guest bool) time.Time {
	last := d.hold + d.renew + outage
	if guest {
		last = guestHold
	}
	return time.Now().Add(last).Truncate(time.Millisecond)
}

// claim takes a name for a user, and says until when it is held. Errors: [chat.CodeNameTaken], [ErrUnavailable], [ErrClosed].
func (d *Directory) claim(ctx context.Context, user chat.UserID, name string, guest bool) (until time.Time, err error) {
	key := chat.NameKey(name)
	until = d.until(guest)
	if owner, ok := d.table.owner(key); ok && owner != user {
		err = ErrNameTaken // also if its hold has ended, because the store was away for long
	} else {
		err = d.store.ClaimName(ctx, key, user, time.Now(), until)
	}
	switch {
	case errors.Is(err, ErrNameTaken):
		return until, chat.Errorf(chat.CodeNameTaken, "the name \"%s\" is in use, or kept for somebody who left", name)
	case err != nil:
		return until, fmt.Errorf("claim name: %w", err)
	}
	return until, nil
}

// leave ends one session's share in a user. With free the name is free at once, if no other session has the user, here or
// where the name was claimed since.
func (d *Directory) leave(e *entry, free bool) {
	held, until := d.table.leave(e)
	if !free || until.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), freeTimeout)
	defer cancel()
	if err := d.store.FreeName(ctx, held.Key, held.User, until); err != nil {
		d.log.Debug("free a name", "user", held.User, "err", err)
	}
}

// Run renews the holds of the users here until ctx ends: those of guests every [guestRenew], since they are short. A renewal
// that fails is tried again soon, before a hold ends.
func (d *Directory) Run(ctx context.Context) {
	var all time.Time // when all holds were renewed
	t := time.NewTimer(guestRenew)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		due := time.Since(all) >= d.renew
		next := guestRenew
		if !d.renewHolds(ctx, true) || due && !d.renewHolds(ctx, false) {
			next = retryRenew
		} else if due {
			all = time.Now()
		}
		t.Reset(next)
	}
}

// renewHolds renews the holds of the guests, or of the others, and says whether that went well.
func (d *Directory) renewHolds(ctx context.Context, guests bool) bool {
	well := true
	for holds := d.table.holds(guests); len(holds) > 0 && ctx.Err() == nil; {
		n := min(renewBatch, len(holds))
		until := d.until(guests)
		if err := d.renewBatch(ctx, holds[:n], until); err != nil {
			d.log.Warn("renew names", "err", err)
			well = false
		}
		d.table.renewed(holds[:n], until) // also after an error: it may have happened
		holds = holds[n:]
	}
	return well
}

func (d *Directory) renewBatch(ctx context.Context, holds []Hold, until time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	return d.store.RenewNames(ctx, holds, until)
}
