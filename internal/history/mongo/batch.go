package mongo

import (
	"fmt"

	"salon/internal/chat"
	"salon/internal/history"
)

// sendKey names one send of a room: what must be stored once.
type sendKey struct {
	user chat.UserID
	cid  string
}

func keyOf(e chat.Event) sendKey { return sendKey{e.User.ID, e.CID} }

// batch is what one Append is to store, and what of it is stored already.
type batch struct {
	room  chat.RoomID
	given []sendKey          // in the order of the answer, repeats included
	sends []chat.Event       // in the order of the log, each once
	size  []int              // of each of sends, in bytes
	at    map[sendKey]int    // where in sends a key is
	done  map[int]chat.Event // the stored form of each of sends that is known to be durable
	first int                // the sends in front of this one are all done
}

// newBatch checks the sizes, so that of a batch that is too large nothing is stored.
func newBatch(room chat.RoomID, events []chat.Event) (*batch, error) {
	b := &batch{room: room, at: make(map[sendKey]int, len(events)), done: make(map[int]chat.Event, len(events))}
	for _, e := range events {
		key := keyOf(e)
		b.given = append(b.given, key)
		if _, again := b.at[key]; again {
			continue
		}
		size := sizeOf(room, e)
		if size > maxEvent {
			return nil, fmt.Errorf("%w: %d bytes of text, the server takes %d with all fields", history.ErrTooLarge, len(e.Text), maxEvent)
		}
		e.Room = room
		b.at[key] = len(b.sends)
		b.sends, b.size = append(b.sends, e), append(b.size, size)
	}
	return b, nil
}

// store takes in e, which is durable with the number it has, as the stored form of the send with its key. An event of
// another batch changes nothing.
func (b *batch) store(e chat.Event) {
	i, ok := b.at[keyOf(e)]
	if !ok {
		return
	}
	b.done[i] = e
	for b.first < len(b.sends) && b.stored(b.first) {
		b.first++
	}
}

func (b *batch) stored(i int) bool { _, ok := b.done[i]; return ok }

// next returns the first sends that are not stored, in order: at most limit, and not more than one message to the server
// holds beside the rest of it (48 MB by the protocol; a third of it is plenty).
func (b *batch) next(limit int) []chat.Event {
	var chunk []chat.Event
	bytes := 0
	for i := b.first; i < len(b.sends) && len(chunk) < limit; i++ {
		if b.stored(i) {
			continue
		}
		if bytes += b.size[i]; bytes > maxEvent && len(chunk) > 0 {
			break
		}
		chunk = append(chunk, b.sends[i])
	}
	return chunk
}

// answer returns the stored events in the order given. All are stored.
func (b *batch) answer() []chat.Event {
	out := make([]chat.Event, len(b.given))
	for i, key := range b.given {
		out[i] = b.done[b.at[key]]
	}
	return out
}
