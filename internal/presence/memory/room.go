package memory

import (
	"slices"

	"salon/internal/chat"
)

// room is who is in one room. All of it is guarded by Shared.mu.
type room struct {
	sessions map[string]membership
	users    map[chat.UserID]*present
	order    []chat.UserID // the users sorted, so that the start of a page is found in O(log n)
}

// membership is one session in a room.
type membership struct {
	node string
	user chat.User // as this session's last Join named it
}

// present is a user with at least one session in the room.
type present struct {
	user     chat.User // as the last Join named it
	sessions int
}

func newRoom() *room {
	return &room{sessions: map[string]membership{}, users: map[chat.UserID]*present{}}
}

// add adds a session, or updates its user. It reports whether the session is the user's first in the room.
func (r *room) add(node, session string, user chat.User) (first bool) {
	old, was := r.sessions[session]
	if was && old.user.ID != user.ID {
		r.remove(session)
		was = false
	}
	r.sessions[session] = membership{node: node, user: user}
	p := r.users[user.ID]
	if p == nil {
		p = &present{}
		r.users[user.ID] = p
		at, _ := slices.BinarySearch(r.order, user.ID)
		r.order = slices.Insert(r.order, at, user.ID)
		first = true
	}
	p.user = user
	if !was {
		p.sessions++
	}
	return first
}

// remove removes a session. It returns its user, and whether the session was the user's last in the room.
func (r *room) remove(session string) (user chat.User, last bool) {
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

// page returns at most limit users after cursor, and the cursor of the next page.
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
