package redis

import (
	"sync"
	"time"

	"salon/internal/chat"
)

// own is what this node put in one bucket, or wants to.
type own struct {
	mu      sync.Mutex // guards all of it
	entries map[string]*entry
	digest  int64 // sum of the weights of the entries that are not leaving
	moves   int   // calls begun, ever
	busy    int   // calls that have not come back
	strikes int   // beats in a row that found a difference while calls moved
}

// entry is one session's being in a room.
type entry struct {
	field   string
	user    chat.UserID
	record  string
	weight  int64
	busy    int       // calls for it that have not come back
	joining bool      // a Join was sent and not confirmed: it may be there or not
	leaving time.Time // since when it is to go; zero for staying
	again   bool      // a Leave was sent and not confirmed
}

func newOwn() *own { return &own{entries: map[string]*entry{}} }

// join notes that a session is to be in a room, and begins a call. Again tells that an earlier call for this is unconfirmed.
func (o *own) join(field string, user chat.UserID, record string) (e *entry, again bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e = o.entries[field]
	switch {
	case e == nil:
		e = &entry{field: field}
		o.entries[field] = e
	case e.leaving.IsZero():
		again = e.joining && e.user == user
		o.digest -= e.weight
	}
	e.user, e.record, e.weight = user, record, weight(field, record)
	e.leaving, e.again, e.joining = time.Time{}, false, true
	o.digest += e.weight
	o.begin(e)
	return e, again
}

// joined ends a join's call.
func (o *own) joined(e *entry, record string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.end(e)
	if err == nil && e.record == record {
		e.joining = false
	}
}

// leave notes that a session is to leave a room, and begins a call; nil when it is not in it.
func (o *own) leave(field string) (e *entry, again bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e = o.entries[field]
	if e == nil {
		return nil, false
	}
	o.markLeaving(e)
	again = e.again
	e.again = true
	o.begin(e)
	return e, again
}

func (o *own) markLeaving(e *entry) {
	if e.leaving.IsZero() {
		e.leaving = time.Now()
		o.digest -= e.weight
	}
}

// left ends a leave's call.
func (o *own) left(e *entry, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.end(e)
	if err == nil && !e.leaving.IsZero() && e.busy == 0 && o.entries[e.field] == e {
		delete(o.entries, e.field)
	}
}

func (o *own) begin(e *entry) {
	o.moves++
	o.busy++
	e.busy++
}

func (o *own) end(e *entry) {
	o.busy--
	e.busy--
}

// leaveAll marks everything as leaving and gives the changes for that.
func (o *own) leaveAll(bucket int) []change {
	o.mu.Lock()
	defer o.mu.Unlock()
	drops := make([]change, 0, len(o.entries))
	for _, e := range o.entries {
		o.markLeaving(e)
		drops = append(drops, change{bucket: bucket, field: e.field})
	}
	return drops
}

// forget drops what left long ago: Redis is away, and when it is back it has such sessions too much, not too little.
func (o *own) forget(before time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for field, e := range o.entries {
		if !e.leaving.IsZero() && e.busy == 0 && e.leaving.Before(before) {
			delete(o.entries, field)
		}
	}
}

// mark remembers the state before a look at Redis.
type mark struct {
	digest int64
	moves  int
	busy   int
}

func (o *own) mark() mark {
	o.mu.Lock()
	defer o.mu.Unlock()
	return mark{digest: o.digest, moves: o.moves, busy: o.busy}
}

// differs tells whether Redis, whose digest was read after the mark, has something else than this node put there. A difference
// while calls moved is believed the second time only: it is most likely theirs.
func (o *own) differs(before mark, digest int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if digest == before.digest {
		o.strikes = 0
		return false
	}
	still := before.busy == 0 && o.moves == before.moves
	o.strikes++
	if !still && o.strikes < 2 {
		return false
	}
	o.strikes = 0
	return true
}

// compare gives what has to change for Redis, which has the records given, to have what this node put there. Sessions
// with a call on the way are left out.
func (o *own) compare(bucket int, there map[string]string) (puts, drops []change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for field, e := range o.entries {
		if e.busy == 0 && e.leaving.IsZero() && there[field] != e.record {
			puts = append(puts, change{bucket: bucket, field: field, record: e.record})
		}
	}
	for field := range there {
		if e := o.entries[field]; e == nil || (e.busy == 0 && !e.leaving.IsZero()) {
			drops = append(drops, change{bucket: bucket, field: field})
		}
	}
	return puts, drops
}
