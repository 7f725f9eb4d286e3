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
func (n *names) until(now time.Time) time.Time { return now.Add(n.hold + n.renew + n.renew/2) }

// claim takes the user's name for one more session of its. Errors: [chat.CodeNameTaken], [history.ErrUnavailable].
func (n *names) claim(ctx context.Context, user chat.User) error {
	key := keyOf(user.Name)
	if err := n.take(ctx, key, user); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.here[user.ID]
	if h == nil {
		h = &held{}
		n.here[user.ID] = h
	}
	h.key = key
	h.sessions++
	return nil
}

// change takes another name for a user who is here. The old one stays held for its time, so that nobody slips into it.
func (n *names) change(ctx context.Context, user chat.User) error {
	key := keyOf(user.Name)
	if err := n.take(ctx, key, user); err != nil {
		return err
	}
	n.moved(user)
	return nil
}

// moved notes which name a user who is here has taken, so that this one is renewed.
func (n *names) moved(user chat.User) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.here[user.ID]; h != nil {
		h.key = keyOf(user.Name)
	}
}

func (n *names) take(ctx context.Context, key string, user chat.User) error {
	now := time.Now()
	err := n.users.ClaimName(ctx, key, user.ID, now, n.until(now))
	if errors.Is(err, history.ErrNameTaken) {
		return chat.Errorf(chat.CodeNameTaken, "the name %q is in use", user.Name)
	}
	return err
}

// release ends a session's share in its user's name. With free and no other session here the name is free at once.
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
	now := time.Now()
	if err := n.users.ClaimName(ctx, h.key, id, now, now); err != nil {
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
		if err := n.users.RenewNames(ctx, holds[:k], n.until(time.Now())); err != nil {
			n.log.Warn("renew names", "err", err)
		}
		cancel()
		holds = holds[k:]
	}
}
