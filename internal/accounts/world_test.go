package accounts

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"salon/internal/chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a Store in memory, with faults.
type memory struct {
	// before is called before each call, and after after it; an error is the call's. Nil: nothing happens. Set them before the
	// calls, or with set.
	before, after func(call string) error

	mu     sync.Mutex // guards what follows, and the functions
	users  map[chat.UserID]Identity
	tokens map[chat.TokenHash]chat.UserID
	names  map[string]nameHold
	calls  []string
}

type nameHold struct {
	user  chat.UserID
	until time.Time
}

var _ Store = (*memory)(nil)

func newMemory() *memory {
	return &memory{users: map[chat.UserID]Identity{}, tokens: map[chat.TokenHash]chat.UserID{}, names: map[string]nameHold{}}
}

// set replaces the faults.
func (m *memory) set(before, after func(call string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before, m.after = before, after
}

// away makes the store unavailable, or available again.
func (m *memory) away(away bool) {
	if away {
		m.set(func(string) error { return ErrUnavailable }, nil)
	} else {
		m.set(nil, nil)
	}
}

// did tells how often a call was made.
func (m *memory) did(call string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (m *memory) do(call string, f func() error) error {
	m.mu.Lock()
	before, after := m.before, m.after
	m.mu.Unlock()
	if before != nil {
		if err := before(call); err != nil {
			return err
		}
	}
	m.mu.Lock()
	m.calls = append(m.calls, call)
	err := f()
	m.mu.Unlock()
	if err == nil && after != nil {
		err = after(call)
	}
	return err
}

func (m *memory) PutUser(_ context.Context, u Identity) error {
	return m.do("PutUser", func() error {
		m.users[u.User.ID] = u
		return nil
	})
}

func (m *memory) AddToken(_ context.Context, hash chat.TokenHash, user chat.UserID, _ time.Time) error {
	return m.do("AddToken", func() error {
		m.tokens[hash] = user
		return nil
	})
}

func (m *memory) UserByToken(_ context.Context, hash chat.TokenHash) (u Identity, err error) {
	err = m.do("UserByToken", func() error {
		id, ok := m.tokens[hash]
		if !ok {
			return ErrNotFound
		}
		u = m.users[id]
		return nil
	})
	return u, err
}

func (m *memory) RevokeToken(_ context.Context, hash chat.TokenHash) error {
	return m.do("RevokeToken", func() error {
		delete(m.tokens, hash)
		return nil
	})
}

func (m *memory) ClaimName(_ context.Context, key string, user chat.UserID, now, until time.Time) error {
	return m.do("ClaimName", func() error {
		if h, ok := m.names[key]; ok && h.user != user && h.until.After(now) {
			return ErrNameTaken
		}
		m.names[key] = nameHold{user, until}
		return nil
	})
}

func (m *memory) FreeName(_ context.Context, key string, user chat.UserID, until time.Time) error {
	return m.do("FreeName", func() error {
		if m.names[key] == (nameHold{user, until}) {
			delete(m.names, key)
		}
		return nil
	})
}

func (m *memory) RenewNames(_ context.Context, held []Hold, until time.Time) error {
	return m.do("RenewNames", func() error {
		for _, h := range held {
			if m.names[h.Key].user == h.User {
				m.names[h.Key] = nameHold{h.User, until}
			}
		}
		return nil
	})
}

// holder tells who holds the name with this key now, "" if nobody does.
func (m *memory) holder(key string) chat.UserID {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h := m.names[key]; h.until.After(time.Now()) {
		return h.user
	}
	return ""
}

// left tells for how long the name with this key is held.
func (m *memory) left(key string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Until(m.names[key].until)
}

// node is a directory in a test, and what it told.
type node struct {
	*Directory
	t *testing.T

	mu        sync.Mutex // guards what follows
	told      []Changed
	published []chat.User
}

func newNode(t *testing.T, s Store, hold time.Duration) *node {
	n := &node{t: t}
	n.Directory = New(Config{
		Store: s, Hold: hold, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Publish: func(u chat.User) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.published = append(n.published, u)
		},
	})
	n.Subscribe(func(c Changed) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.told = append(n.told, c)
	})
	return n
}

// enter identifies somebody.
func (n *node) enter(c Claim) (*Person, Welcome) {
	n.t.Helper()
	p, w, err := n.Identify(n.t.Context(), &Attempt{}, c)
	if err != nil {
		n.t.Fatalf("%+v: %v", c, err)
	}
	return p, w
}

// refused tells with which code somebody is refused, "" if not.
func (n *node) refused(c Claim) chat.Code {
	n.t.Helper()
	p, _, err := n.Identify(n.t.Context(), &Attempt{}, c)
	if err == nil {
		p.Release(true)
		return ""
	}
	if p != nil {
		n.t.Errorf("%+v: a person with the error %v", c, err)
	}
	return chat.CodeOf(err)
}

func (n *node) rename(p *Person, name string) chat.User {
	n.t.Helper()
	u, err := n.Rename(n.t.Context(), p, name)
	if err != nil {
		n.t.Fatalf("rename to %q: %v", name, err)
	}
	return u
}

// wantTold checks what was told since it was called last: names taken here as they are, others with a "<" before them.
func (n *node) wantTold(want ...string) {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	var got, published []string
	var here []string
	for _, c := range n.told {
		if c.Here {
			got, here = append(got, c.User.Name), append(here, c.User.Name)
		} else {
			got = append(got, "<"+c.User.Name)
		}
	}
	for _, u := range n.published {
		published = append(published, u.Name)
	}
	if !slices.Equal(got, want) {
		n.t.Errorf("told %q, want %q", got, want)
	}
	if !slices.Equal(published, here) {
		n.t.Errorf("the other nodes are told %q, want %q", published, here)
	}
	n.told, n.published = nil, nil
}

// here tells whether the user has sessions here, and the key of the name that is renewed for it.
func (n *node) here(id chat.UserID) (key string, here bool) {
	for _, h := range slices.Concat(n.table.holds(true), n.table.holds(false)) {
		if h.User == id {
			return h.Key, true
		}
	}
	return "", false
}
