package roster

import (
	"cmp"
	"slices"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

// crowdEnds is the count at which a room is a crowd no more. It is a little under [chat.CrowdSize], so that one user who
// comes and goes does not switch between the two again and again.
const crowdEnds = chat.CrowdSize - 20

// settle is how long a change on this node stands against an older look at presence.
const settle = 3 * time.Second

// people is who is in a room, as this node knows it. Its methods change it and return the change that the members are to be
// told, nil for none. It has no lock of its own.
type people struct {
	shared bool                    // other nodes may have sessions in the room
	users  map[chat.UserID]*person // in a crowd that nodes share: only users with a session on this node
	left   map[chat.UserID]time.Time
	total  int  // in a crowd that nodes share: users in the room, by presence
	crowd  bool // counts are told in place of names
	told   int  // in a crowd: the count that was told last
}

// person is a user in the room.
type person struct {
	user     chat.User
	sessions []string  // on this node, with those that may still come back
	since    time.Time // of the last change

	weight int64 // see weigh; 0 while it is not known
}

// weigh returns the user's weight, which is computed once for each name.
func (p *person) weigh() int64 {
	if p.weight == 0 {
		p.weight = presence.Weight(p.user)
	}
	return p.weight
}

// List is who is in a room.
type List struct {
	Members []chat.User // by name; nil in a crowd
	Count   int         // users in the room
	Crowd   bool        // too many to list
}

// list returns the members to show.
func (o *people) list() List {
	if o.crowd {
		return List{Count: o.count(), Crowd: true}
	}
	users := make([]chat.User, 0, len(o.users))
	for _, p := range o.users {
		users = append(users, p.user)
	}
	slices.SortFunc(users, func(a, b chat.User) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return List{Members: users, Count: len(users)}
}

func (o *people) count() int { return max(o.total, len(o.users)) }

// here tells whether the user has sessions on this node.
func (o *people) here(id chat.UserID) bool {
	p := o.users[id]
	return p != nil && len(p.sessions) > 0
}

// came adds a user with these sessions on this node. It returns nil for one who was in the room already.
func (o *people) came(user chat.User, kind chat.ChangeKind, sessions ...string) *chat.Change {
	if o.users[user.ID] != nil {
		return nil
	}
	delete(o.left, user.ID)
	o.users[user.ID] = &person{user: user, sessions: sessions, since: time.Now()}
	if !o.crowd && len(o.users) > chat.CrowdSize {
		o.beginCrowd(len(o.users))
	}
	return o.change(kind, user, "")
}

// arrived counts a session of this node in. It returns the change of a user who was not in the room, or who has another name
// than before.
func (o *people) arrived(session string, user chat.User, kind chat.ChangeKind) *chat.Change {
	p := o.users[user.ID]
	if p == nil {
		return o.came(user, kind, session)
	}
	p.sessions = append(p.sessions, session)
	return o.renamed(user)
}

// departed counts a session of this node out. It returns the user as the room knows it, and whether that was the user's last
// session here.
func (o *people) departed(session string, id chat.UserID) (user chat.User, last bool) {
	p := o.users[id]
	p.sessions = slices.DeleteFunc(p.sessions, func(s string) bool { return s == session })
	return p.user, len(p.sessions) == 0
}

// went removes a user. It returns nil for one who was not in the room.
func (o *people) went(id chat.UserID) *chat.Change {
	p := o.users[id]
	if p == nil {
		return nil
	}
	delete(o.users, id)
	if o.left == nil {
		o.left = map[chat.UserID]time.Time{}
	}
	o.left[id] = time.Now()
	return o.change(chat.ChangeLeave, p.user, "") // with the name that the others know
}

// renamed gives a user another name. It returns nil where the user is not in the room or has the name already.
func (o *people) renamed(user chat.User) *chat.Change {
	p := o.users[user.ID]
	if p == nil || p.user == user {
		return nil
	}
	old := p.user.Name
	p.user, p.weight = user, 0
	return o.change(chat.ChangeRename, user, old)
}

// change returns what the members are told; in a crowd, nothing.
func (o *people) change(kind chat.ChangeKind, user chat.User, old string) *chat.Change {
	if o.crowd {
		return nil
	}
	return &chat.Change{Kind: kind, User: user, Old: old, Count: o.count()}
}

// counted takes the count of a shared room that presence gave. Only a crowd needs it.
func (o *people) counted(n int) {
	switch {
	case !o.shared:
	case o.crowd:
		o.total = n
	case n > chat.CrowdSize:
		o.beginCrowd(n)
	}
}

// beginCrowd begins to tell counts in place of names. In a shared room it forgets users without a session here, whose coming
// and going nobody tells any more.
func (o *people) beginCrowd(count int) {
	o.crowd, o.told = true, 0
	if o.shared {
		o.total = count
		o.dropAbsent()
	}
}

func (o *people) dropAbsent() {
	for id, p := range o.users {
		if len(p.sessions) == 0 {
			delete(o.users, id)
		}
	}
}

// tick forgets old departures. It returns the count of a crowd, if that changed since it was told, and ends a crowd that is
// none any more in a room that no other node shares.
func (o *people) tick(now time.Time) *chat.Change {
	for id, at := range o.left {
		if now.Sub(at) > settle {
			delete(o.left, id)
		}
	}
	if !o.crowd {
		return nil
	}
	c := &chat.Change{Kind: chat.ChangeCount, Count: o.count()}
	if o.count() <= crowdEnds && !o.shared {
		o.crowd = false
		c.Members = o.list().Members
	} else if o.told == c.Count {
		return nil
	}
	o.told = c.Count
	return c
}

// corrected takes what presence said at the time asked for, and returns the changes: presence is right about users on other
// nodes, this node about its own.
func (o *people) corrected(got presence.Members, asked time.Time) []*chat.Change {
	if got.Count > chat.CrowdSize || o.crowd && got.Count > crowdEnds {
		if !o.crowd {
			o.beginCrowd(got.Count)
		}
		o.total = got.Count
		o.dropAbsent()
		return nil
	}
	there := make(map[chat.UserID]chat.User, len(got.Users))
	for _, u := range got.Users {
		there[u.ID] = u
	}
	if o.crowd {
		return []*chat.Change{o.endCrowd(there)}
	}
	before := asked.Add(-settle)
	var changes []*chat.Change
	for id, u := range there {
		switch p := o.users[id]; {
		case p == nil && o.left[id].Before(before):
			changes = append(changes, o.came(u, chat.ChangeJoin))
		case p != nil && len(p.sessions) == 0 && p.since.Before(before):
			changes = append(changes, o.renamed(u))
		}
	}
	for id, p := range o.users {
		if _, ok := there[id]; !ok && len(p.sessions) == 0 && p.since.Before(before) {
			changes = append(changes, o.went(id))
		}
	}
	return changes
}

// endCrowd begins to tell names again, with the whole list.
func (o *people) endCrowd(there map[chat.UserID]chat.User) *chat.Change {
	o.crowd, o.total = false, 0
	o.dropAbsent() // left in the crowd, with a session elsewhere, which may have ended since
	o.add(there)
	all := o.list()
	return &chat.Change{Kind: chat.ChangeCount, Count: all.Count, Members: all.Members}
}

// add adds users on other nodes without telling anybody.
func (o *people) add(there map[chat.UserID]chat.User) {
	for id, u := range there {
		if o.users[id] == nil {
			o.users[id] = &person{user: u, since: time.Now()}
		}
	}
}

// differs tells whether presence has other users than this node, by the digest that presence gave.
func (o *people) differs(d presence.Digest) bool {
	switch {
	case d.Count != o.count():
		return true
	case o.crowd:
		return d.Count <= crowdEnds // the users of a crowd are not known here
	}
	var sum int64
	for _, p := range o.users {
		sum += p.weigh()
	}
	return d.Sum != sum
}
