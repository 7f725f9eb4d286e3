package hub

import (
	"cmp"
	"context"
	"slices"
	"time"

	"salon/internal/chat"
	"salon/internal/lang"
	"salon/internal/presence"
	"salon/internal/protocol"
)

// crowdEnds is the count at which a crowd is a company again: a little under [chat.CrowdSize], so that one who comes and
// goes does not turn it over and over.
const crowdEnds = chat.CrowdSize - 20

// awayTimeout bounds what presence is told when it did not answer the last beat: it notes what is asked and does it when it is
// back, and who comes and goes meanwhile must not pile up before it.
const awayTimeout = 50 * time.Millisecond

// roster is who is in a room, as this node knows it: a cache of presence, corrected by it. What is announced to the members
// is what changes in it, so that nobody is announced twice, whatever is lost or doubled between nodes. Guarded by room.mu.
type roster struct {
	people map[chat.UserID]*person // in a crowd shared by nodes: those with a session here only
	total  int                     // in a crowd shared by nodes: users in the room, by presence
	crowd  bool
	told   int                       // in a crowd: the count told last
	left   map[chat.UserID]time.Time // who went lately, so that an older look at presence does not bring it back
}

// person is a user in the room.
type person struct {
	user  chat.User
	here  int       // sessions on this node, those in their grace included
	since time.Time // of the last change

	weight int64 // see weigh; 0 while it is not known
}

// list gives the members to show, by name; none in a crowd.
func (o *roster) list() (users []chat.User, count int, crowd bool) {
	if o.crowd {
		return nil, o.count(), true
	}
	users = make([]chat.User, 0, len(o.people))
	for _, p := range o.people {
		users = append(users, p.user)
	}
	slices.SortFunc(users, func(a, b chat.User) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return users, len(users), false
}

func (o *roster) count() int { return max(o.total, len(o.people)) }

// arrive counts a session in: it is announced if the user was not here, and presence is told. Called with mu held.
func (r *room) arrive(m *Member, user chat.User) {
	change := protocol.ChangeJoin
	if m.back {
		change = protocol.ChangeBack
	}
	if p := r.roster.people[user.ID]; p != nil {
		p.here++
		if r.noteRenamed(user) { // it took another name as it came back
			r.publishPresence(protocol.ChangeRename, user, "")
		}
	} else {
		r.noteCame(user, 1, change)
		r.publishPresence(change, user, "")
	}
	r.tellPresence(func(ctx context.Context) error {
		ch, err := r.hub.presence.Join(ctx, r.id, presence.Session{ID: m.session, User: user, At: time.Now()})
		if err == nil {
			r.noteTotal(ch.Count)
		}
		return err
	})
}

// depart counts a session out; if presence says that it was the user's last anywhere, that is announced.
func (r *room) depart(m *Member) {
	m.mu.Lock()
	user := m.user
	m.mu.Unlock()
	r.mu.Lock()
	p := r.roster.people[user.ID]
	p.here--
	last := p.here == 0
	r.mu.Unlock()
	r.tellPresence(func(ctx context.Context) error {
		ch, err := r.hub.presence.Leave(ctx, r.id, m.session)
		if last && (err != nil || ch.Edge) {
			r.gone(user, true)
		}
		if err == nil {
			r.noteTotal(ch.Count)
		}
		return err
	})
}

// tellPresence has f run behind what presence is told already, off everybody's way.
func (r *room) tellPresence(f func(context.Context) error) {
	r.toPresence.do(func() {
		// Not bounded by the hub's life: a node that stops takes its sessions out.
		timeout := 2 * time.Second
		if r.hub.away.Load() {
			timeout = awayTimeout
		}
		ctx, cancel := context.WithTimeout(r.hub.patience, timeout)
		defer cancel()
		if err := f(ctx); err != nil {
			r.hub.log.Debug("tell presence", "room", r.id, "err", err)
		}
	})
}

// gone takes a user out who has no session here, and announces it; with publish to the other nodes too.
func (r *room) gone(user chat.User, publish bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.roster.people[user.ID]; p != nil && p.here > 0 {
		return
	}
	r.noteWent(user)
	if publish {
		r.publishPresence(protocol.ChangeLeave, user, "")
	}
}

// noteCame puts a user, with that many sessions here, in the roster and announces it, if it was not there. In a crowd that
// begins with it, who has none is forgotten at once. Called with mu held.
func (r *room) noteCame(user chat.User, here int, change string) {
	o := &r.roster
	if p := o.people[user.ID]; p != nil {
		return
	}
	delete(o.left, user.ID)
	o.people[user.ID] = &person{user: user, here: here, since: time.Now()}
	if !o.crowd && len(o.people) > chat.CrowdSize {
		r.enterCrowd(len(o.people))
	}
	r.announce(&protocol.Presence{Change: change, User: &user}, user.ID)
}

// noteWent takes a user out of the roster and announces it, if it was there. Called with mu held.
func (r *room) noteWent(user chat.User) {
	o := &r.roster
	p := o.people[user.ID]
	if p == nil {
		return
	}
	user = p.user // with the name that the others know
	delete(o.people, user.ID)
	if o.left == nil {
		o.left = map[chat.UserID]time.Time{}
	}
	o.left[user.ID] = time.Now()
	r.announce(&protocol.Presence{Change: protocol.ChangeLeave, User: &user}, user.ID)
}

// noteRenamed changes a user's name in the roster and announces it, if it had another, which it tells. Called with mu held.
func (r *room) noteRenamed(user chat.User) bool {
	p := r.roster.people[user.ID]
	if p == nil || p.user == user {
		return false
	}
	old := p.user.Name
	p.user, p.weight = user, 0
	r.announce(&protocol.Presence{Change: protocol.ChangeRename, User: &user, Old: old}, "")
	return true
}

// noteTotal takes the count that presence gave; it matters in a crowd that other nodes share.
func (r *room) noteTotal(count int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.hub.shared() {
		return
	}
	r.roster.total = count
	if !r.roster.crowd {
		r.roster.total = 0
		if count > chat.CrowdSize {
			r.enterCrowd(count)
		}
	}
}

// enterCrowd begins to tell counts instead of names. Called with mu held.
func (r *room) enterCrowd(count int) {
	r.roster.crowd, r.roster.told = true, 0
	if r.hub.shared() {
		r.roster.total = count
		r.roster.dropAbsent()
	}
}

// dropAbsent forgets, in a crowd, those who have no session here: they would grow stale, since nobody tells of them any more.
func (o *roster) dropAbsent() {
	for id, p := range o.people {
		if p.here == 0 {
			delete(o.people, id)
		}
	}
}

// announce queues a presence push to the members; in a crowd tellCrowds does, once a second. Called with mu held.
func (r *room) announce(p *protocol.Presence, skip chat.UserID) {
	if r.roster.crowd {
		return
	}
	p.Type, p.Room, p.Count = "presence", r.id, r.roster.count()
	var self chat.UserID
	if p.Change == protocol.ChangeRename {
		self = p.User.ID
	}
	r.send(item{signal: &signal{
		json: protocol.Marshal(p),
		text: [2]string{protocol.TextPresence(lang.French, p), protocol.TextPresence(lang.English, p)},
		skip: skip, self: self,
	}})
}

// tellCrowds tells the crowds' counts where they changed, once a second, and ends what is no crowd any more.
func (h *Hub) tellCrowds(ctx context.Context) {
	every(ctx, time.Second, func() {
		for _, r := range h.active() {
			r.tellCrowd()
			r.release()
		}
	})
}

func (r *room) tellCrowd() {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.roster
	for id, at := range o.left {
		if time.Since(at) > settle {
			delete(o.left, id)
		}
	}
	if !o.crowd {
		return
	}
	p := &protocol.Presence{Type: "presence", Room: r.id, Change: protocol.ChangeCount, Count: o.count()}
	if o.count() <= crowdEnds && !r.hub.shared() {
		o.crowd = false
		p.Members, _, _ = o.list()
	} else if o.told == p.Count {
		return
	}
	o.told = p.Count
	r.send(item{signal: &signal{json: protocol.Marshal(p)}})
}

// Rename tells the member's room that the user has another name. With publish the other nodes are told too: it was taken here.
func (m *Member) Rename(user chat.User, publish bool) {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.left {
		return
	}
	m.mu.Lock()
	m.user = user
	m.mu.Unlock()
	if r.noteRenamed(user) && publish {
		r.publishPresence(protocol.ChangeRename, user, "")
	}
	r.tellPresence(func(ctx context.Context) error {
		_, err := r.hub.presence.Join(ctx, r.id, presence.Session{ID: m.session, User: user, At: time.Now()})
		return err
	})
}
