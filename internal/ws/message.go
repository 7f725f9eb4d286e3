package ws

import "sync"

// Message is one message to send. It is framed once and compressed at most once, when the first connection asks that
// wants it so; any number of connections share the bytes. It is immutable and safe for concurrent use.
type Message struct {
	plain []byte // the frame, unmasked

	once     sync.Once
	deflated []byte // the compressed frame, unmasked; nil where that is not smaller; set by once
}

// NewMessage prepares a message and takes payload over: the caller must not touch it any more. Text must be UTF-8.
func NewMessage(op Opcode, payload []byte) *Message {
	return &Message{plain: newFrame(op, 0, payload)}
}

// Size tells the payload's bytes.
func (m *Message) Size() int { return len(m.plain) - headerSize(m.plain[1]) }

// Payload returns the payload, which must not be changed.
func (m *Message) Payload() []byte { return m.plain[headerSize(m.plain[1]):] }

// frame returns the unmasked frame for a connection whose peer keeps a window of 1<<window bytes; 0 stands for a peer
// that does not take compressed frames.
//
// One compressed frame has to do for all peers, whatever their window. It does for those whose window holds the whole
// payload, since no reference can then reach out of it; the others get the plain frame.
func (m *Message) frame(window uint8, from int) []byte {
	size := m.Size()
	if window == 0 || size < from || window < maxWindow && size > 1<<window {
		return m.plain
	}
	m.once.Do(m.deflate)
	if m.deflated == nil {
		return m.plain
	}
	return m.deflated
}

func (m *Message) deflate() {
	payload := m.Payload()
	d := deflaters.Get().(*deflater)
	if p := d.deflate(payload); len(p) < len(payload) {
		m.deflated = newFrame(Opcode(m.plain[0]&0x0f), bitRSV1, p)
	}
	deflaters.Put(d)
}
