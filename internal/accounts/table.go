package accounts

import (
	"sync"
	"sync/atomic"
	"time"

	"salon/internal/chat"
)

// table is the users with sessions on this node, in memory.
type table struct {
	notices notices

	mu     sync.Mutex // guards what follows
	users  map[chat.UserID]*entry
	owners map[string]chat.UserID // who holds a name, by its key
	recent recent
}

// entry is a user with sessions on this node.
type entry struct {
	created time.Time
	user    atomic.Pointer[chat.User] // as it is now; written with table.mu held, read by all its sessions
	guest   bool

	// Guarded by table.mu.
	storing  int16     // changes of the name that are being stored
	sessions int32     // on this node
	key      string    // of the name that it holds
	until    time.Time // when the hold ends, as this node set it for the user; zero if another node did
}

func newTable() *table {
	return &table{users: map[chat.UserID]*entry{}, owners: map[string]chat.UserID{}}
}

func (t *table) begin() *hello {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.recent.begin()
}

func (t *table) end(h *hello) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recent.end(h)
}

// owner tells which user here holds the name with this key, if one does.
func (t *table) owner(key string) (chat.UserID, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id, ok := t.owners[key]
	return id, ok
}

// join counts one more session of a user, who claimed the name with this key until then. A user who is here already stays as
// it is until settle.
func (t *table) join(u Identity, guest bool, key string, until time.Time) *entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.users[u.User.ID]
	if e == nil {
		e = &entry{created: u.Created, guest: guest}
		user := u.User // alone: a pointer into u would keep all of it
		e.user.Store(&user)
		t.users[u.User.ID] = e
		t.hold(e, key, until)
	}
	e.sessions++
	return e
}

// leave counts a session out. After the last one it gives the name that the user held, and until when; else until is zero.
func (t *table) leave(e *entry) (held Hold, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held = Hold{Key: e.key, User: e.user.Load().ID}
	if e.sessions--; e.sessions > 0 {
		return held, time.Time{}
	}
	delete(t.users, held.User)
	t.drop(e)
	return held, e.until
}

// storing says that another name of the user is about to be stored. Until stored is called, a hello that finds that name in
// the store does not tell of it: that is for who took it.
func (t *table) storing(e *entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.storing++
}

// stored ends storing. Unless failed, the user is now as given, and holds its name until then.
func (t *table) stored(e *entry, user chat.User, until time.Time, failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.storing--; !failed {
		t.set(e, Changed{User: user, Here: true}, until)
	}
}

// found ends a hello that found the user as given in the store, and claimed its name until then. What changed meanwhile is
// newer than that.
func (t *table) found(e *entry, h *hello, user chat.User, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.storing > 0 {
		return
	}
	if newer, ok := t.recent.since(h, user.ID); ok && newer != user {
		user, until = newer, time.Time{}
	}
	t.set(e, Changed{User: user}, until)
}

// changed takes what another node says of a user.
func (t *table) changed(user chat.User) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recent.note(user) // a hello of the user's may be under way
	if e := t.users[user.ID]; e != nil {
		until := time.Time{} // the other node holds the name
		if e.key == chat.NameKey(user.Name) {
			until = e.until
		}
		t.set(e, Changed{User: user}, until)
	}
}

// set makes the user what c says. Called with mu held; the caller then calls notices.tell without it.
func (t *table) set(e *entry, c Changed, until time.Time) {
	t.hold(e, chat.NameKey(c.User.Name), until)
	if *e.user.Load() == c.User {
		return
	}
	user := c.User
	e.user.Store(&user)
	t.recent.note(user)
	t.notices.add(c)
}

// hold notes which name a user holds, and until when. Who has left holds none. Called with mu held.
func (t *table) hold(e *entry, key string, until time.Time) {
	t.drop(e)
	e.key, e.until = key, until
	if id := e.user.Load().ID; t.users[id] == e {
		t.owners[key] = id
	}
}

// drop notes that a user does not hold its name any more. Called with mu held.
func (t *table) drop(e *entry) {
	if t.owners[e.key] == e.user.Load().ID {
		delete(t.owners, e.key)
	}
}

// holds gives the names that the guests hold, or the others.
func (t *table) holds(guests bool) []Hold {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Hold
	for id, e := range t.users {
		if e.guest == guests {
			all = append(all, Hold{Key: e.key, User: id})
		}
	}
	return all
}

// renewed notes that the holds of guests end at until now. A user with a token may have sessions on another node too, which
// renews the same hold, so this renewal may not be the last one: the name is not this node's to free.
func (t *table) renewed(holds []Hold, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, h := range holds {
		if e := t.users[h.User]; e != nil && e.guest && e.key == h.Key {
			e.until = until
		}
	}
}
