package mongo

import (
	"math/rand/v2"
	"time"
)

// Whoever has just stored a batch knows the head, and would get the next numbers too while the other nodes still read it:
// of several nodes with much to write in one room, one would go on for ever. So a node that loses number after number
// reserves the room: it writes its name into the room's reservation, a document, and the other nodes leave the room to it
// for some time. Meanwhile one of them asks to be the next holder, the sooner the longer ago it held the room, so that each
// node gets the room in turn. When the time is over, the next holder takes the reservation. While a node holds it, the node
// is as quick as a node alone.
//
// A reservation is a courtesy. The unique keys decide what is stored where; a node that does not see the document in time,
// has a wrong clock or dies costs time and nothing else. Each node measures times from what it sees.
const (
	holdFor     = 100 * time.Millisecond // how long a holder has the room
	handOverFor = 50 * time.Millisecond  // how long the holder then waits for the next one, before it goes on as if alone
	yieldFor    = 25 * time.Millisecond  // how long the others leave the reservation to the next holder, before one of them takes it
	lookEvery   = 4 * time.Millisecond   // about how often a node that waits looks at the document
)

// lateNumbers tells an old answer, of two nodes that read at once, from a reservation that was deleted and made anew.
const lateNumbers = 10

// reservationDoc is a room's reservation as stored. The collection and its fields keep the names that they had in earlier
// versions, so that nodes of both versions heed each other.
type reservationDoc struct {
	Room   string `bson:"_id"`
	Holder string `bson:"node"`
	Number int64  `bson:"turn"` // grows by one with each holder

	Next  string `bson:"next,omitempty"`  // who asked to be the holder after that
	After int64  `bson:"after,omitempty"` // after which number; another than Number: nobody has asked yet
}

func (doc reservationDoc) asked() bool { return doc.After == doc.Number }

// reservation is what a node knows of a room's reservation.
type reservation struct {
	contested bool      // other nodes want to write in the room as well
	number    int64     // the last one seen
	since     time.Time // when it was seen first
	exact     bool      // the holder changed then, as the look before was just before
	looked    time.Time // the last time
	mine      bool      // this node is the holder
	held      int64     // the last number that was this node's, 0 for none
}

// step is what a node that waits for a reservation does now.
type step int

const (
	stepLook step = iota // at the document again, after a while
	stepAsk              // to be the next holder
	stepTake             // the reservation
)

// mustWait reports whether the room is another node's now.
func (r *reservation) mustWait(now time.Time) bool {
	return r.contested && !(r.mine && now.Sub(r.since) < holdFor)
}

// next takes in the document and says what node does now. For stepLook it also says after which time to look again, if the
// room is still to be waited for.
func (r *reservation) next(doc reservationDoc, node string, now time.Time) (step, time.Duration) {
	r.see(doc, node, now)
	age := now.Sub(r.since)
	if r.mine {
		switch {
		case age < holdFor:
			return stepLook, 0
		case !doc.asked() || age >= holdFor+handOverFor: // nobody else wants the room, or is there to take it
			r.contested = false
			return stepLook, 0
		}
		return stepLook, soon()
	}
	due := holdFor
	switch {
	case doc.Number == 0:
		return stepTake, 0
	case !doc.asked():
		due = r.askAfter()
		if age >= due {
			return stepAsk, 0
		}
	case doc.Next == node:
		if age >= due {
			return stepTake, 0
		}
	case age >= due+yieldFor:
		return stepTake, 0
	}
	if age >= due || !r.exact { // who saw the holder change knows when its time is over
		return stepLook, soon()
	}
	return stepLook, due - age
}

// askAfter is how long after a change of holder a node asks to be next: at once where it was never the holder, after half
// the holder's time where it was the holder before.
func (r *reservation) askAfter() time.Duration {
	if r.held == 0 {
		return 0
	}
	return holdFor / time.Duration(1+r.number-r.held)
}

// see takes in the document and reports whether the holder changed.
func (r *reservation) see(doc reservationDoc, node string, now time.Time) bool {
	before := r.looked
	r.looked = now
	if late := r.number - doc.Number; late == 0 || doc.Number > 0 && late > 0 && late < lateNumbers {
		return false
	}
	r.number, r.since, r.exact, r.mine = doc.Number, now, now.Sub(before) < 3*lookEvery, doc.Holder == node
	if r.mine {
		r.held = doc.Number
	} else if r.held > doc.Number { // somebody has emptied the collection
		r.held = 0
	}
	return true
}

// soon varies lookEvery, so that nodes do not look in step.
func soon() time.Duration { return lookEvery/2 + rand.N(lookEvery) }
