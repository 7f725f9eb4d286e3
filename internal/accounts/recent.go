package accounts

import "salon/internal/chat"

// maxRecent bounds how many changes are kept for the hellos under way.
const maxRecent = 1000

// recent keeps the changes of users that came while hellos were under way. A hello reads a user from the store, and the user
// may be renamed before the hello is done: the change is then newer than what the hello has read. While no hello is under
// way nothing is kept. It needs a lock around it.
type recent struct {
	clock   uint64 // counts the changes
	hellos  map[*hello]struct{}
	changes map[chat.UserID]change
}

// hello is a hello under way.
type hello struct{ began uint64 }

type change struct {
	user chat.User
	at   uint64
}

func (r *recent) begin() *hello {
	h := &hello{began: r.clock}
	if r.hellos == nil {
		r.hellos = map[*hello]struct{}{}
	}
	r.hellos[h] = struct{}{}
	return h
}

func (r *recent) end(h *hello) {
	if delete(r.hellos, h); len(r.hellos) == 0 {
		r.changes = nil
	}
}

// note keeps a change for the hellos under way.
func (r *recent) note(user chat.User) {
	if len(r.hellos) == 0 {
		return
	}
	if r.changes == nil {
		r.changes = map[chat.UserID]change{}
	}
	r.clock++
	if len(r.changes) >= maxRecent {
		r.drop()
	}
	if _, ok := r.changes[user.ID]; ok || len(r.changes) < maxRecent {
		r.changes[user.ID] = change{user, r.clock}
	}
}

// drop forgets the changes that are older than every hello under way.
func (r *recent) drop() {
	oldest := r.clock
	for h := range r.hellos {
		oldest = min(oldest, h.began)
	}
	for id, c := range r.changes {
		if c.at <= oldest {
			delete(r.changes, id)
		}
	}
}

// since gives the user as changed since the hello began, if it was.
func (r *recent) since(h *hello, id chat.UserID) (chat.User, bool) {
	c, ok := r.changes[id]
	return c.user, ok && c.at > h.began
}
