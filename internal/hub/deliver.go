package hub

import (
	"salon/internal/chat"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// maxFrame bounds the events that go out in one frame, in bytes of their lines; a single larger one goes alone.
const maxFrame = 64 << 10

// item is what waits to go out to the members: an event, a signal, or connections to flush.
type item struct {
	entry  entry   // an event, when its Seq is not 0
	signal *signal // else a push that is not stored,
	flush  []Sink  // or connections that got something queued and may not be members
}

// signal is a push that is not stored: who misses it has lost nothing.
type signal struct {
	json []byte
	text [2]string   // by language; "" for what is not shown
	skip chat.UserID // whom it tells nothing new
	self chat.UserID // whom the line tells nothing new: text mode has said it already
	n    uint64      // counts the room's signals: those from before a member's answer are in the answer
}

// send puts it in the queue to the members and sees that somebody delivers. Called with mu held.
func (r *room) send(it item) {
	if it.signal != nil {
		r.signals++
		it.signal.n = r.signals
	}
	r.out = append(r.out, it)
	if !r.sending {
		r.sending = true
		r.hub.work.Go(r.deliver)
	}
}

// claimDelivery makes the caller the one who delivers, if nobody is: it calls deliver, or has it called, soon.
func (r *room) claimDelivery() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	free := !r.sending
	r.sending = true
	return free
}

// flushLater flushes the senders' connections once their acks had the chance to go out together with the event.
func (r *room) flushLater(batch []send) {
	sinks := make([]Sink, len(batch))
	for i := range batch {
		sinks[i] = batch[i].sink
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.send(item{flush: sinks})
}

// deliver hands what waits to the members until nothing does. What comes meanwhile goes out together in the next round:
// the busier a room, the more a write carries.
func (r *room) deliver() {
	for {
		r.mu.Lock()
		items, members := r.out, r.members
		r.out = nil
		r.shared = len(items) > 0
		r.sending = len(items) > 0
		r.mu.Unlock()
		if len(items) == 0 {
			return
		}
		frames, flush := pack(r.id, items)
		n := 0
		for _, m := range members {
			for _, f := range frames {
				n += m.take(f)
			}
			m.sink.Flush()
		}
		r.hub.stats.Deliveries.Add(int64(n))
		for _, s := range flush {
			s.Flush()
		}
	}
}

// frame is what one frame carries, encoded once for each form that a member asks for. Only the delivery that made it uses
// it, so that it needs no lock.
type frame struct {
	room    chat.RoomID
	entries []entry // events without a hole; none: a signal
	signal  *signal
	json    *ws.Message
	text    [2][]*ws.Message // by language, one for each event, nil for what is not shown
}

// pack makes frames of items, in their order.
func pack(id chat.RoomID, items []item) (frames []*frame, flush []Sink) {
	entries := make([]entry, 0, len(items))
	var last *frame // takes more events
	size := 0
	for _, it := range items {
		switch {
		case it.flush != nil:
			flush = append(flush, it.flush...)
		case it.signal != nil:
			frames = append(frames, &frame{room: id, signal: it.signal})
			last = nil
		default:
			n := len(entries)
			entries = append(entries, it.entry)
			if last != nil && size+len(it.entry.line) <= maxFrame {
				last.entries = entries[n-len(last.entries) : n+1]
				size += len(it.entry.line)
				continue
			}
			last = &frame{room: id, entries: entries[n : n+1]}
			size = len(it.entry.line)
			frames = append(frames, last)
		}
	}
	return frames, flush
}

func (f *frame) first() uint64 { return f.entries[0].ev.Seq }
func (f *frame) last() uint64  { return f.entries[len(f.entries)-1].ev.Seq }

// asJSON gives the frame with the events from the number given.
func (f *frame) asJSON(from uint64) *ws.Message {
	if f.signal != nil {
		if f.json == nil {
			f.json = ws.NewMessage(ws.Text, f.signal.json)
		}
		return f.json
	}
	if from > f.first() { // somebody came in the middle
		return ws.NewMessage(ws.Text, joinLines(f.entries[from-f.first():]))
	}
	if f.json == nil {
		f.json = ws.NewMessage(ws.Text, joinLines(f.entries))
	}
	return f.json
}

func joinLines(entries []entry) []byte {
	size := 0
	for i := range entries {
		size += len(entries[i].line) + 1
	}
	b := make([]byte, 0, size)
	for i := range entries {
		if i > 0 {
			b = append(b, '\n')
		}
		b = append(b, entries[i].line...)
	}
	return b
}

// asText gives the lines of the frame in a language, one for each event, nil for what is not shown.
func (f *frame) asText(l lang.Lang) []*ws.Message {
	if f.text[l] != nil {
		return f.text[l]
	}
	if f.signal != nil {
		f.text[l] = []*ws.Message{line(f.signal.text[l])}
		return f.text[l]
	}
	lines := make([]*ws.Message, len(f.entries))
	for i := range f.entries {
		lines[i] = line(protocol.TextEvent(l, &f.entries[i].ev))
	}
	f.text[l] = lines
	return lines
}

func line(s string) *ws.Message {
	if s == "" {
		return nil
	}
	return ws.NewMessage(ws.Text, []byte(s))
}
