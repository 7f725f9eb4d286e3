package hub

import "salon/internal/chat"

// maxFrame bounds the events that go out in one message, in bytes of their encodings. A single larger event goes alone.
const maxFrame = 64 << 10

// item is what waits to go out to the members.
type item struct {
	entry  entry       // an event, when its number is not 0;
	notice *notice     // else a push that is not stored,
	flush  []Recipient // or connections with something queued, which may not be members
}

// fanout is a room's members on this node and what waits to go out to them. At most one goroutine delivers. It has no lock of
// its own.
type fanout struct {
	members    []*receiver
	shared     bool // a delivery reads members: copy before a change
	waiting    []item
	notices    uint64 // how many there were
	delivering bool
}

// put puts an item behind those that wait. True: the caller must see to it that they are delivered.
func (f *fanout) put(it item) (start bool) {
	if it.notice != nil {
		f.notices++
		it.notice.n = f.notices
	}
	f.waiting = append(f.waiting, it)
	start = !f.delivering
	f.delivering = true
	return start
}

// claim makes the caller the one who delivers, if nobody is.
func (f *fanout) claim() bool {
	free := !f.delivering
	f.delivering = true
	return free
}

// take takes all that waits, and the members to deliver it to. Nothing: the delivery ends.
func (f *fanout) take() ([]item, []*receiver) {
	items := f.waiting
	f.waiting = nil
	f.shared = len(items) > 0
	f.delivering = f.shared
	return items, f.members
}

func (f *fanout) add(m *receiver) {
	f.unshare()
	m.index = len(f.members)
	f.members = append(f.members, m)
}

func (f *fanout) remove(m *receiver) {
	f.unshare()
	last := len(f.members) - 1
	f.members[m.index] = f.members[last]
	f.members[m.index].index = m.index
	f.members[last] = nil
	f.members = f.members[:last]
	m.index = outside
}

// unshare copies the members if a delivery may be reading them.
func (f *fanout) unshare() {
	if f.shared {
		f.members = append(make([]*receiver, 0, len(f.members)+8), f.members...)
		f.shared = false
	}
}

// pack makes frames of items, in their order.
func pack(id chat.RoomID, page *Format, items []item) (frames []*frame, flush []Recipient) {
	entries := make([]entry, 0, len(items))
	var last *frame // takes more events
	size := 0
	for _, it := range items {
		switch {
		case it.flush != nil:
			flush = append(flush, it.flush...)
		case it.notice != nil:
			frames = append(frames, &frame{room: id, notice: it.notice, page: page})
			last = nil
		default:
			n := len(entries)
			entries = append(entries, it.entry)
			if last != nil && size+len(it.entry.line) <= maxFrame {
				last.entries = entries[n-len(last.entries) : n+1]
				size += len(it.entry.line)
				continue
			}
			last = &frame{room: id, entries: entries[n : n+1], page: page}
			size = len(it.entry.line)
			frames = append(frames, last)
		}
	}
	return frames, flush
}
