package accounts

import (
	"log/slog"
	"time"

	"salon/internal/chat"
)

// Config is what a Directory is made of.
type Config struct {
	Store  Store
	Hold   time.Duration // how long a name stays its user's after the last session
	Logger *slog.Logger
	// Publish tells the other nodes that a user took another name on this one. It must not block. Nil on a node that is alone.
	Publish func(chat.User)
}

// Directory is the users with sessions on this node: who they are now, and the names that they hold.
type Directory struct {
	store Store
	log   *slog.Logger
	hold  time.Duration
	renew time.Duration // between renewals of the holds of those who are no guests
	table *table
}

// New makes a directory. Its holds are renewed by [Directory.Run].
func New(c Config) *Directory {
	d := &Directory{
		store: c.Store, log: c.Logger, hold: c.Hold, renew: min(max(c.Hold/2, 15*time.Second), 5*time.Minute),
		table: newTable(),
	}
	if c.Publish != nil {
		d.Subscribe(func(ch Changed) {
			if ch.Here {
				c.Publish(ch.User)
			}
		})
	}
	return d
}

// Subscribe has f called for every change of a user with sessions here, after [Person.User] gives the changed user. It is
// called without locks, for one user in order. f must not block. Call Subscribe before anything else is asked of the
// directory.
func (d *Directory) Subscribe(f func(Changed)) {
	d.table.notices.subscribers = append(d.table.notices.subscribers, f)
}

// Changed takes what another node says: the user has another name.
func (d *Directory) Changed(user chat.User) {
	d.table.changed(user)
	d.table.notices.tell(user.ID)
}
