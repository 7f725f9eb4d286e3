package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"salon/internal/accounts"
	"salon/internal/chat"
)

// names keeps the names of this node's users theirs: claimed at hello, renewed while they are here, held for some time
// after. All sessions of a user here wear one name, the one that is renewed.
type names struct {
	users accounts.Store
	hold  time.Duration // after the last session
	renew time.Duration // between renewals
	log   *slog.Logger

	mu   sync.Mutex // guards what follows
	here map[chat.UserID]*held
	worn map[string]chat.UserID // by key, of those who are here
	news map[chat.UserID]news
}

// held is the name of a user with sessions here.
type held struct {
	key      string
	until    time.Time // as this node set it last; zero: it may be another's, that has the user too
	sessions int
	guest    bool
}

// news is a name that a user took lately, here or on another node.
type news struct {
	user chat.User
	at   time.Time
}

const (
	// outage is for how long the history may be away without any name being lost.
	outage = time.Minute
	// A guest has nothing to come back with, so nobody is served by its name being held once its node is gone.
	guestHold  = outage + guestRenew
	guestRenew = 10 * time.Second
	// maxNews bounds the news; each is of use while a hello is under way.
	maxNews = 1000
)

func newNames(users accounts.Store, hold time.Duration, log *slog.Logger) *names {
	return &names{
		users: users, hold: hold, renew: min(max(hold/2, 15*time.Second), 5*time.Minute), log: log,
		here: map[chat.UserID]*held{}, worn: map[string]chat.UserID{}, news: map[chat.UserID]news{},
	}
}

func keyOf(name string) string { return chat.NameKey(norm.NFKC.String(name)) }

// until is the end of a hold taken now: renewed in time it never ends, and after the last renewal it lasts at least the hold.
func (n *names) until(now time.Time, guest bool) time.Time {
	last := n.hold + n.renew + outage
	if guest {
		last = guestHold
	}
	return now.Add(last).Truncate(time.Millisecond)
}

// claim takes the user's name for one more session of its. Worn: those that are here wear another. Errors:
// [chat.CodeNameTaken], [accounts.ErrUnavailable].
func (n *names) claim(ctx context.Context, user chat.User, guest bool) (worn bool, err error) {
	until, err := n.take(ctx, user, guest)
	if err != nil {
		return false, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.here[user.ID]
	if h == nil {
		h = &held{guest: guest}
		n.here[user.ID] = h
	}
	key := keyOf(user.Name)
	worn = h.sessions > 0 && h.key != key
	n.set(user.ID, h, key, until)
	h.sessions++
	return worn, nil
}

// change takes another name for a user who is here. The old one stays held for its time, so that nobody slips into it.
func (n *names) change(ctx context.Context, user chat.User, guest bool) error {
	until, err := n.take(ctx, user, guest)
	if err != nil {
		return err
	}
	n.wear(user, until)
	return nil
}

// wear notes which name a user who is here has taken, so that this one is renewed, and until when this node holds it (zero: it
// does not know).
func (n *names) wear(user chat.User, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.here[user.ID]; h != nil {
		n.set(user.ID, h, keyOf(user.Name), until)
	}
}

// set notes a user's name. Called with mu held.
func (n *names) set(id chat.UserID, h *held, key string, until time.Time) {
	n.unset(id, h)
	h.key, h.until = key, until
	n.worn[key] = id
}

func (n *names) unset(id chat.UserID, h *held) {
	if n.worn[h.key] == id {
		delete(n.worn, h.key)
	}
}

// renamed notes a name that the user's sessions here wear from now on.
func (n *names) renamed(user chat.User) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.here[user.ID]; h != nil && h.key != keyOf(user.Name) {
		n.set(user.ID, h, keyOf(user.Name), time.Time{})
	}
	now := time.Now()
	if len(n.news) >= maxNews {
		for id, old := range n.news {
			if now.Sub(old.at) > 2*storeTimeout {
				delete(n.news, id)
			}
		}
	}
	if len(n.news) < maxNews {
		n.news[user.ID] = news{user, now}
	}
}

// renamedSince tells of a name that the user took after start.
func (n *names) renamedSince(id chat.UserID, start time.Time) (chat.User, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fresh, ok := n.news[id]
	return fresh.user, ok && fresh.at.After(start)
}

// has tells whether the user has sessions here.
func (n *names) has(id chat.UserID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.here[id] != nil
}

func (n *names) take(ctx context.Context, user chat.User, guest bool) (until time.Time, err error) {
	now, key := time.Now(), keyOf(user.Name)
	until = n.until(now, guest)
	n.mu.Lock()
	owner, worn := n.worn[key]
	n.mu.Unlock()
	if worn && owner != user.ID {
		err = accounts.ErrNameTaken // whatever became of the hold while the history was away
	} else {
		err = n.users.ClaimName(ctx, key, user.ID, now, until)
	}
	if errors.Is(err, accounts.ErrNameTaken) {
		return until, chat.Errorf(chat.CodeNameTaken, "the name \"%s\" is in use, or kept for somebody who left", user.Name)
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
			n.unset(id, h)
		}
	}
	n.mu.Unlock()
	if !last || !free || h.until.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := n.users.FreeName(ctx, h.key, id, h.until); err != nil {
		n.log.Debug("free a name", "user", id, "err", err)
	}
}

// run renews the holds until ctx ends: those of guests often. What fails is tried again soon, before a hold ends.
func (n *names) run(ctx context.Context) {
	var last time.Time // when all were renewed
	t := time.NewTimer(guestRenew)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		all := time.Since(last) >= n.renew
		next := guestRenew
		if !n.renewAll(ctx, true) || all && !n.renewAll(ctx, false) {
			next = time.Second
		} else if all {
			last = time.Now()
		}
		t.Reset(next)
	}
}

// renewAll renews the names of the guests, or of the others, and says whether that went well.
func (n *names) renewAll(ctx context.Context, guests bool) bool {
	n.mu.Lock()
	var holds []accounts.Hold
	for id, h := range n.here {
		if h.guest == guests {
			holds = append(holds, accounts.Hold{Key: h.key, User: id})
		}
	}
	n.mu.Unlock()
	const chunk = 1000
	well := true
	for len(holds) > 0 && ctx.Err() == nil {
		k := min(chunk, len(holds))
		until := n.until(time.Now(), guests)
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		if err := n.users.RenewNames(ctx, holds[:k], until); err != nil {
			n.log.Warn("renew names", "err", err)
			well = false
		}
		cancel()
		n.renewed(holds[:k], until)
		holds = holds[k:]
	}
	return well
}

// renewed notes that holds end later now. Who has a token may be on another node too: if this node's renewal is the last one,
// that does not make the name its to free.
func (n *names) renewed(holds []accounts.Hold, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, hold := range holds {
		h := n.here[hold.User]
		if h == nil || h.key != hold.Key {
			continue
		}
		h.until = time.Time{}
		if h.guest {
			h.until = until
		}
	}
}
