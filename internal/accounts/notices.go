package accounts

import (
	"sync"

	"salon/internal/chat"
)

// Changed says that a user with sessions on this node has another name.
type Changed struct {
	User chat.User // as it is now
	Here bool      // the name was taken on this node; else another node told of it, or the store
}

// notices tells the subscribers of changes: of one user's in order, and without a lock, so that a subscriber may ask the
// directory.
type notices struct {
	subscribers []func(Changed) // set before use

	mu      sync.Mutex // guards what follows
	waiting map[chat.UserID]*queue
}

// queue holds the changes of one user that are not told yet.
type queue struct {
	changes []Changed
	telling bool // a goroutine takes them one by one
}

// add puts a change in its user's queue. The caller calls tell afterwards, without locks.
func (n *notices) add(c Changed) {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := n.waiting[c.User.ID]
	if q == nil {
		q = &queue{}
		if n.waiting == nil {
			n.waiting = map[chat.UserID]*queue{}
		}
		n.waiting[c.User.ID] = q
	}
	q.changes = append(q.changes, c)
}

// tell tells the subscribers of the user's changes. If another goroutine is doing that, it tells these too, and tell returns
// at once.
func (n *notices) tell(id chat.UserID) {
	for c, ok := n.next(id, true); ok; c, ok = n.next(id, false) {
		for _, f := range n.subscribers {
			f(c)
		}
	}
}

// next takes the next change from the user's queue, and removes the queue when it is empty.
func (n *notices) next(id chat.UserID, first bool) (c Changed, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := n.waiting[id]
	if q == nil || first && q.telling {
		return c, false
	}
	if len(q.changes) == 0 {
		delete(n.waiting, id)
		return c, false
	}
	q.telling = true
	c, q.changes = q.changes[0], q.changes[1:]
	return c, true
}
