// Package checker compares what clients were told with what the history has, and counts each broken promise.
//
// A Witness records what one client is told. Check judges all of them. Nothing here knows which faults there were.
package checker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"salon/internal/chat"
)

// Ack is what a client was told of a send of its own.
type Ack struct {
	Room chat.RoomID
	User chat.UserID
	CID  string
	Seq  uint64
}

// Sight is an event as a client was shown it.
type Sight struct {
	Seq  uint64
	User chat.UserID
	CID  string
	Text string
}

// Witness records what one client was told. It is safe for concurrent use.
type Witness struct {
	Name string

	mu    sync.Mutex // guards what follows
	acks  []Ack
	sends map[chat.RoomID][]string // cids given to the client to send, in that order
	seen  map[chat.RoomID][]Sight
	since map[chat.RoomID]uint64 // the number after which the client asked for everything; none where it did not say
	gone  bool
}

// NewWitness makes a witness.
func NewWitness(name string) *Witness {
	return &Witness{
		Name: name, sends: map[chat.RoomID][]string{}, seen: map[chat.RoomID][]Sight{}, since: map[chat.RoomID]uint64{},
	}
}

// Acked records an acknowledgement.
func (w *Witness) Acked(a Ack) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acks = append(w.acks, a)
}

// Sent records that the client was given something to send. At the end it must be acknowledged.
func (w *Witness) Sent(room chat.RoomID, cid string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sends[room] = append(w.sends[room], cid)
}

// Since records that the client asked for everything in a room after a number: what comes next must be shown too.
func (w *Witness) Since(room chat.RoomID, seq uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since[room] = seq
}

// Gone records that the client has ended before the others. It need not have been told what comes after.
func (w *Witness) Gone() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = true
}

// Saw records an event that the client was shown.
func (w *Witness) Saw(room chat.RoomID, s Sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[room] = append(w.seen[room], s)
}

// Last gives the last number that the client was shown of a room.
func (w *Witness) Last(room chat.RoomID) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.seen[room]; len(s) > 0 {
		return s[len(s)-1].Seq
	}
	return 0
}

// Acks tells how many acknowledgements the client got.
func (w *Witness) Acks() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acks)
}

// Verdict counts the broken promises; all are 0 when all were kept.
type Verdict struct {
	Lost      int // acknowledged, and not in the history under that number
	Unsettled int // sent, and not acknowledged at the end
	Twice     int // one send stored twice
	Shuffled  int // sends of a client that stand in a log in another order than it sent them
	Holes     int // numbers missing in a log
	Gaps      int // numbers that a client was not shown between two that it was, or at the end
	Repeats   int // numbers that a client was shown again, or after a later one
	Phantoms  int // shown, and not in the history under that number, or not the same

	Acks, Events, Sights int // how much was checked
	Details              []string
}

// Broken tells how many promises were broken.
func (v *Verdict) Broken() int {
	return v.Lost + v.Unsettled + v.Twice + v.Shuffled + v.Holes + v.Gaps + v.Repeats + v.Phantoms
}

// String gives the counts, and the first details.
func (v *Verdict) String() string {
	s := fmt.Sprintf("lost %d, unsettled %d, stored twice %d, shuffled %d, holes %d, gaps %d, repeats %d, phantoms %d (of %d acks, %d events, %d sights)",
		v.Lost, v.Unsettled, v.Twice, v.Shuffled, v.Holes, v.Gaps, v.Repeats, v.Phantoms, v.Acks, v.Events, v.Sights)
	if len(v.Details) > 0 {
		s += "\n  " + strings.Join(v.Details, "\n  ")
	}
	return s
}

func (v *Verdict) note(count *int, format string, args ...any) {
	*count++
	if len(v.Details) < 20 {
		v.Details = append(v.Details, fmt.Sprintf(format, args...))
	}
}

// Check judges what the witnesses were told by the logs, each as read from its start at the end of everything. Each witness must
// have been shown each of its rooms from its first sight to the end.
func Check(logs map[chat.RoomID][]chat.Event, witnesses []*Witness) *Verdict {
	v := &Verdict{}
	index := map[string]chat.Event{} // room/user/cid
	for _, room := range slices.Sorted(maps.Keys(logs)) {
		v.checkLog(room, logs[room], index)
	}
	for _, w := range witnesses {
		v.checkWitness(w, logs, index)
	}
	return v
}

func key(room chat.RoomID, user chat.UserID, cid string) string {
	return string(room) + "/" + string(user) + "/" + cid
}

func (v *Verdict) checkLog(room chat.RoomID, log []chat.Event, index map[string]chat.Event) {
	next := uint64(1)
	for _, e := range log {
		v.Events++
		if e.Seq != next {
			v.note(&v.Holes, "%s: %d where %d was next in the log", room, e.Seq, next)
		}
		next = e.Seq + 1
		k := key(room, e.User.ID, e.CID)
		if first, ok := index[k]; ok {
			v.note(&v.Twice, "%s: the send %s is stored as %d and as %d", room, e.CID, first.Seq, e.Seq)
			continue
		}
		index[k] = e
	}
}

func (v *Verdict) checkWitness(w *Witness, logs map[chat.RoomID][]chat.Event, index map[string]chat.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	acked := map[string]uint64{} // room/cid
	for _, a := range w.acks {
		v.Acks++
		acked[string(a.Room)+"/"+a.CID] = a.Seq
		if e, ok := index[key(a.Room, a.User, a.CID)]; !ok || e.Seq != a.Seq {
			v.note(&v.Lost, "%s: was told that %s is %d in %s, the history has %d", w.Name, a.CID, a.Seq, a.Room, e.Seq)
		}
	}
	for room, cids := range w.sends {
		v.checkSends(w, room, cids, acked)
	}
	for room := range w.since {
		if _, ok := w.seen[room]; !ok {
			v.checkSights(w, room, nil, logs[room])
		}
	}
	for room, sights := range w.seen {
		v.checkSights(w, room, sights, logs[room])
	}
}

// checkSends judges what a client sent to a room. Called with w.mu held.
func (v *Verdict) checkSends(w *Witness, room chat.RoomID, cids []string, acked map[string]uint64) {
	last := uint64(0)
	for _, cid := range cids {
		seq, ok := acked[string(room)+"/"+cid]
		switch {
		case ok && seq < last:
			v.note(&v.Shuffled, "%s: its send %s is %d in %s, an earlier one %d", w.Name, cid, seq, room, last)
		case ok:
			last = seq
		case !w.gone:
			v.note(&v.Unsettled, "%s: never acknowledged in %s: %s", w.Name, room, cid)
		}
	}
}

// checkSights judges what a client was shown of a room. Called with w.mu held.
func (v *Verdict) checkSights(w *Witness, room chat.RoomID, sights []Sight, log []chat.Event) {
	last, begun := w.since[room]
	for _, s := range sights {
		v.Sights++
		switch {
		case !begun || s.Seq == last+1:
		case s.Seq <= last:
			v.note(&v.Repeats, "%s: was shown %d of %s after %d", w.Name, s.Seq, room, last)
			continue
		default:
			v.note(&v.Gaps, "%s: was shown %d of %s after %d", w.Name, s.Seq, room, last)
		}
		last, begun = s.Seq, true
		if s.Seq == 0 || s.Seq > uint64(len(log)) {
			v.note(&v.Phantoms, "%s: was shown %d of %s, which ends at %d", w.Name, s.Seq, room, len(log))
			continue
		}
		if e := log[s.Seq-1]; e.User.ID != s.User || e.CID != s.CID || e.Text != s.Text {
			v.note(&v.Phantoms, "%s: was shown another %d of %s than the history has", w.Name, s.Seq, room)
		}
	}
	if last < uint64(len(log)) && !w.gone {
		v.note(&v.Gaps, "%s: was shown %s up to %d of %d", w.Name, room, last, len(log))
	}
}
