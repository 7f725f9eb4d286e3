package memory

import (
	"slices"

	"salon/internal/chat"
)

// room is who is in one room. All of it is guarded by Shared.mu.
type room struct {
	sessions map[string]stay
	users    map[chat.UserID]*present
	order    []chat.UserID // the users sorted, so that a page starts anywhere in O(log n)
}

// stay is one session's being in a room.
type stay struct {
	node string
	user chat.User // as this session's last Join named it
}

// present is a user with at least one session in the room.
type present struct {
	user     chat.User // as the last Join named it
	sessions int
}

func newRoom() *room {
	return &room{sessions: map[string]stay{}, users: map[chat.UserID]*present{}}
}

// add puts a session in, or renews its user, and tells whether the user came by that.
func (r *room) add(node, session string, user chat.User) (came bool) {
	old, was := r.sessions[session]
	if was && old.user.ID != user.ID {
		r.remove(session)
		was = false
	}
	r.sessions[session] = stay{node: node, user: user}
	p := r.users[user.ID]
	if p == nil {
		p = &present{}
		r.users[user.ID] = p
		at, _ := slices.BinarySearch(r.order, user.ID)
		r.order = slices.Insert(r.order, at, user.ID)
		came = true
	}
	p.user = user
	if !was {
		p.sessions++
	}
	return came
}

// remove takes a session out and tells whether its user, who is returned, went by that.
func (r *room) remove(session string) (user chat.User, went bool) {
	s, ok := r.sessions[session]
	if !ok {
		return chat.User{}, false
	}
	delete(r.sessions, session)
	p := r.users[s.user.ID]
	if p.sessions--; p.sessions > 0 {
		return p.user, false
	}
	delete(r.users, s.user.ID)
	at, _ := slices.BinarySearch(r.order, s.user.ID)
	r.order = slices.Delete(r.order, at, at+1)
	return p.user, true
}

// page gives at most limit users after cursor, and where the next page starts.
func (r *room) page(cursor string, limit int) (users []chat.User, next string) {
	at, found := slices.BinarySearch(r.order, chat.UserID(cursor))
	if found {
		at++
	}
	end := min(at+max(limit, 1), len(r.order))
	for _, id := range r.order[at:end] {
		users = append(users, r.users[id].user)
	}
	if end < len(r.order) {
		next = string(r.order[end-1])
	}
	return users, next
}
