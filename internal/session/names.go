package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"salon/internal/chat"
	"salon/internal/history"
)

// names keeps the names of this node's users theirs: claimed at hello, renewed while they are here, held for some time
// after.
type names struct {
	users history.Identities
	hold  time.Duration // after the last session
	renew time.Duration // between renewals
	log   *slog.Logger

	mu   sync.Mutex // guards what follows
	here map[chat.UserID]*held
}

// held is the name of a user with sessions here.
type held struct {
	key      string
	until    time.Time // as this node set it last
	sessions int
}

func newNames(users history.Identities, hold time.Duration, log *slog.Logger) *names {
	return &names{
		users: users, hold: hold, renew: min(max(hold/2, time.Second), 5*time.Minute), log: log,
		here: map[chat.UserID]*held{},
	}
}

func keyOf(name string) string { return chat.NameKey(norm.NFKC.String(name)) }

// until is the end of a hold taken now: renewed in time it never ends, and after the last renewal it lasts at least the hold.
func (n *names) until(now time.Time) time.Time {
	return now.Add(n.hold + n.renew + n.renew/2).Truncate(time.Millisecond)
}

// claim takes the user's name for one more session of its. Errors: [chat.CodeNameTaken], [history.ErrUnavailable].
func (n *names) claim(ctx context.Context, user chat.User) error {
	key := keyOf(user.Name)
	until, err := n.take(ctx, key, user)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.here[user.ID]
	if h == nil {
		h = &held{}
		n.here[user.ID] = h
	}
	h.key, h.until = key, until
	h.sessions++
	return nil
}

// change takes another name for a user who is here. The old one stays held for its time, so that nobody slips into it.
func (n *names) change(ctx context.Context, user chat.User) error {
	key := keyOf(user.Name)
	until, err := n.take(ctx, key, user)
	if err != nil {
		return err
	}
	n.moved(user, until)
	return nil
}

// moved notes which name a user who is here has taken, so that this one is renewed, and until when (zero: not by this node).
func (n *names) moved(user chat.User, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.here[user.ID]; h != nil {
		h.key, h.until = keyOf(user.Name), until
	}
}

func (n *names) take(ctx context.Context, key string, user chat.User) (until time.Time, err error) {
	now := time.Now()
	until = n.until(now)
	err = n.users.ClaimName(ctx, key, user.ID, now, until)
	if errors.Is(err, history.ErrNameTaken) {
		return until, chat.Errorf(chat.CodeNameTaken, "the name %q is in use", user.Name)
	}
	return until, err
}

// release ends a session's share in its user's name. With free and no other session, here or where it was claimed since, the
// name is free at once.
func (n *names) release(id chat.UserID, free bool) {
	n.mu.Lock()
	h := n.here[id]
	last := false
	if h != nil {
		h.sessions--
		if last = h.sessions == 0; last {
			delete(n.here, id)
		}
	}
	n.mu.Unlock()
	if !last || !free {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := n.users.FreeName(ctx, h.key, id, h.until); err != nil {
		n.log.Debug("free a name", "user", id, "err", err)
	}
}

// run renews the holds until ctx ends.
func (n *names) run(ctx context.Context) {
	t := time.NewTicker(n.renew)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			n.renewAll(ctx)
		}
	}
}

func (n *names) renewAll(ctx context.Context) {
	n.mu.Lock()
	holds := make([]history.Hold, 0, len(n.here))
	for id, h := range n.here {
		holds = append(holds, history.Hold{Key: h.key, User: id})
	}
	n.mu.Unlock()
	const chunk = 1000
	for len(holds) > 0 && ctx.Err() == nil {
		k := min(chunk, len(holds))
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		until := n.until(time.Now())
		if err := n.users.RenewNames(ctx, holds[:k], until); err != nil {
			n.log.Warn("renew names", "err", err)
		}
		n.renewed(holds[:k], until)
		cancel()
		holds = holds[k:]
	}
}

func (n *names) renewed(holds []history.Hold, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, hold := range holds {
		if h := n.here[hold.User]; h != nil && h.key == hold.Key {
			h.until = until
		}
	}
}
