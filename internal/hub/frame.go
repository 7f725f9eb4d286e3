package hub

import (
	"salon/internal/chat"
	"salon/internal/ws"
)

// notice is a push that is not stored: a member that misses one has lost nothing.
type notice struct {
	change *chat.Change
	typing chat.User   // when change is nil
	skip   chat.UserID // the user whom it tells nothing new
	self   chat.UserID // the user whose own deed it is; see Format.NoEcho
	n      uint64      // counts the room's notices: those from before a member's answer are in the answer
}

// frame is what one message carries, encoded once for each format. Only the delivery that made it uses it: it needs no lock.
type frame struct {
	room    chat.RoomID
	entries []entry // events without a hole; none: a notice
	notice  *notice
	page    *Format // the one that the entries are encoded in
	formats []formatted
}

// formatted is a frame in one format.
type formatted struct {
	format   *Format
	messages []*ws.Message // one for each event, or one for all; nil for what is not shown
}

func (f *frame) first() uint64 { return f.entries[0].ev.Seq }
func (f *frame) last() uint64  { return f.entries[len(f.entries)-1].ev.Seq }

// in returns the frame's messages in a format.
func (f *frame) in(format *Format) []*ws.Message {
	for i := range f.formats {
		if f.formats[i].format == format {
			return f.formats[i].messages
		}
	}
	messages := f.encode(format)
	f.formats = append(f.formats, formatted{format, messages})
	return messages
}

func (f *frame) encode(format *Format) []*ws.Message {
	switch {
	case f.notice != nil && f.notice.change != nil:
		return []*ws.Message{message(format.Change(f.room, f.notice.change))}
	case f.notice != nil:
		return []*ws.Message{message(format.Typing(f.room, f.notice.typing))}
	case !format.OneByOne:
		return []*ws.Message{f.join(format, f.entries)}
	}
	messages := make([]*ws.Message, len(f.entries))
	for i := range f.entries {
		messages[i] = message(f.encoding(format, &f.entries[i]))
	}
	return messages
}

// from returns one message with the events from the number given.
func (f *frame) from(format *Format, seq uint64) *ws.Message {
	if seq <= f.first() {
		return f.in(format)[0]
	}
	return f.join(format, f.entries[seq-f.first():]) // for a member that came in the middle
}

// encoding returns an event in a format.
func (f *frame) encoding(format *Format, e *entry) []byte {
	if format == f.page {
		return e.line
	}
	return format.Event(&e.ev)
}

// join makes one message of events, on a line each.
func (f *frame) join(format *Format, entries []entry) *ws.Message {
	size := 0
	for i := range entries {
		size += len(entries[i].line) + 1
	}
	b := make([]byte, 0, size)
	for i := range entries {
		line := f.encoding(format, &entries[i])
		if line == nil {
			continue
		}
		if len(b) > 0 {
			b = append(b, '\n')
		}
		b = append(b, line...)
	}
	return message(b)
}

// message makes a message; nil of nothing.
func message(b []byte) *ws.Message {
	if len(b) == 0 {
		return nil
	}
	return ws.NewMessage(ws.Text, b)
}
