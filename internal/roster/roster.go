// Package roster is who is in a room: told to the room's members as it changes, and kept true across the nodes.
//
// A [Roster] is one room's. It is a cache of presence, corrected by presence; what the members are told is what changes in
// it, so that nobody is announced twice, whatever is lost or doubled between nodes. A [Keeper] is the rosters of a node: it
// renews the node's lease, compares the rosters with presence, and counts crowds.
//
// Locks: a Roster is guarded by the lock of its room, which is handed to [Keeper.Add]. Methods whose name ends in Locked are
// called with that lock held, the others take it. Keeper.mu is taken alone. No I/O under either: what presence and the other
// nodes are told goes through ordered queues.
package roster

import (
	"context"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/cluster"
	"salon/internal/presence"
	"salon/internal/queue"
)

// Audience tells the members of a room on this node. Announce is called with the room's lock held and must not block.
type Audience interface{ Announce(c *chat.Change) }

// Roster is who is in one room.
type Roster struct {
	keeper   *Keeper
	room     chat.RoomID
	peers    *cluster.Room
	audience Audience
	calls    queue.Ordered // to presence

	mu     sync.Locker // the room's; guards what follows
	people people
}

// Load fills the roster of a room that is new on this node, without announcing anybody.
func (r *Roster) Load(ctx context.Context) {
	if !r.people.shared {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second/2) // presence may be away; a join must not wait for it
	defer cancel()
	got, err := r.keeper.presence.Members(ctx, r.room, "", chat.CrowdSize+1)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if got.Count > chat.CrowdSize {
		r.people.beginCrowd(got.Count)
		return
	}
	there := make(map[chat.UserID]chat.User, len(got.Users))
	for _, u := range got.Users {
		there[u.ID] = u
	}
	r.people.add(there)
}

// ArriveLocked counts a session of this node in and announces its user, if the user was not in the room. Back tells that the
// user is not new.
func (r *Roster) ArriveLocked(session string, user chat.User, back bool) {
	kind := chat.ChangeJoin
	if back {
		kind = chat.ChangeBack
	}
	r.announce(r.people.arrived(session, user, kind), true)
	r.put(session, user, true)
}

// ListLocked returns the members to show.
func (r *Roster) ListLocked() List { return r.people.list() }

// CrowdLocked tells whether the room is a crowd.
func (r *Roster) CrowdLocked() bool { return r.people.crowd }

// Depart counts a session of this node out, and calls done. A user whose last session anywhere this was is announced as gone.
// Without goodbye the connection was lost: the session counts for the grace period still, in which the user may come back
// unnoticed.
func (r *Roster) Depart(session string, user chat.UserID, goodbye bool, done func()) {
	if goodbye || r.keeper.grace <= 0 {
		r.depart(session, user)
		done()
		return
	}
	r.keeper.afterGrace(func() {
		r.depart(session, user)
		done()
	})
}

func (r *Roster) depart(session string, id chat.UserID) {
	r.mu.Lock()
	user, last := r.people.departed(session, id)
	r.mu.Unlock()
	r.tell(func(ctx context.Context) error {
		ch, err := r.keeper.presence.Leave(ctx, r.room, session)
		if last && (err != nil || ch.Last) {
			r.gone(user, true)
		}
		if err == nil {
			r.counted(ch.Count)
		}
		return err
	})
}

// gone removes a user without a session here and announces it; with publish, to the other nodes as well.
func (r *Roster) gone(user chat.User, publish bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.people.here(user.ID) {
		return
	}
	r.announce(r.people.went(user.ID), false)
	if publish && !r.people.crowd {
		r.peers.Change(chat.Change{Kind: chat.ChangeLeave, User: user})
	}
}

// renamed gives a user with sessions here another name. With publish the name was taken on this node.
func (r *Roster) renamed(user chat.User, publish bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.people.here(user.ID) {
		return
	}
	r.announce(r.people.renamed(user), publish)
	for _, session := range r.people.users[user.ID].sessions {
		r.put(session, user, false)
	}
}

// Renamed is called for a session that came into the room while its user took another name.
func (r *Roster) Renamed(user chat.User) { r.renamed(user, true) }

// receive takes a change that another node announced.
func (r *Roster) receive(c chat.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.people.crowd {
		return // counts come from presence
	}
	switch c.Kind {
	case chat.ChangeJoin, chat.ChangeBack:
		r.announce(r.people.came(c.User, c.Kind), false)
	case chat.ChangeLeave:
		if !r.people.here(c.User.ID) {
			r.announce(r.people.went(c.User.ID), false)
		}
	case chat.ChangeRename:
		r.announce(r.people.renamed(c.User), false)
	}
}

// Page is a page of who is in a room.
type Page struct {
	Users []chat.User
	Count int    // users in the room
	Next  string // the cursor of the next page; "" when this is the last
}

// Who returns a page of who is in the room; without presence, of those whom this node knows of.
func (r *Roster) Who(ctx context.Context, cursor string, limit int) Page {
	r.settle(ctx)
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if got, err := r.keeper.presence.Members(ctx, r.room, cursor, limit); err == nil && got.Whole {
		return Page{Users: got.Users, Count: got.Count, Next: got.Next}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	users := make([]chat.User, 0, min(limit, len(r.people.users)))
	for _, p := range r.people.users {
		if len(users) == limit {
			break
		}
		users = append(users, p.user)
	}
	return Page{Users: users, Count: r.people.count()}
}

// settle waits until presence knows what this node has told it, so that users who ask find what they have just done. While
// presence is away it waits no more than a moment.
func (r *Roster) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout/8)
	defer cancel()
	_ = r.calls.Wait(ctx)
}

// announce tells the members, with publish the other nodes as well. Called with the room's lock held.
func (r *Roster) announce(c *chat.Change, publish bool) {
	if c == nil {
		return
	}
	r.audience.Announce(c)
	if publish {
		r.peers.Change(chat.Change{Kind: c.Kind, User: c.User, Old: c.Old})
	}
}

// put tells presence of a session and its user's name. With count the room's count is taken from the answer.
func (r *Roster) put(session string, user chat.User, count bool) {
	r.tell(func(ctx context.Context) error {
		ch, err := r.keeper.presence.Join(ctx, r.room, presence.Session{ID: session, User: user, At: time.Now()})
		if err == nil && count {
			r.counted(ch.Count)
		}
		return err
	})
}

// tell queues a call to presence behind those that wait.
func (r *Roster) tell(call func(context.Context) error) {
	r.calls.Do(func() {
		ctx, cancel := r.keeper.callContext()
		defer cancel()
		if err := call(ctx); err != nil {
			r.keeper.log.Debug("tell presence", "room", r.room, "err", err)
		}
	})
}

func (r *Roster) counted(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.people.counted(n)
}

func (r *Roster) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.people.count()
}

// tick tells a crowd's count, if that has changed.
func (r *Roster) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.people.tick(time.Now()); c != nil {
		r.audience.Announce(c)
	}
}

// differs tells whether presence, by the digest that it gave, has other users in the room.
func (r *Roster) differs(d presence.Digest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.people.differs(d)
}

// reconcile makes the roster what presence says, and announces the difference.
func (r *Roster) reconcile(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	asked := time.Now()
	got, err := r.keeper.presence.Members(ctx, r.room, "", chat.CrowdSize+1)
	if err != nil || !got.Whole {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.people.corrected(got, asked) {
		r.announce(c, false)
	}
}
