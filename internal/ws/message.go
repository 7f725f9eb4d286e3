package ws

import "sync"

// Message is one message to send, to any number of connections, which share its bytes. It is framed once. It is compressed
// at most once, for the first connection that sends it compressed. It is immutable and safe for concurrent use.
type Message struct {
	plain []byte // the frame, unmasked

	once     sync.Once
	deflated []byte // the compressed frame, unmasked; nil when it is not smaller; set by once
}

// NewMessage makes a message. The caller must not change payload any more. Text must be UTF-8.
func NewMessage(op Opcode, payload []byte) *Message {
	return &Message{plain: newFrame(op, 0, payload)}
}

// Size returns the length of the payload in bytes.
func (m *Message) Size() int { return len(m.plain) - headerSize(m.plain[1]) }

// Payload returns the payload, which must not be changed.
func (m *Message) Payload() []byte { return m.plain[headerSize(m.plain[1]):] }

// frame returns the unmasked frame for a connection whose peer keeps a window of 1<<window bytes. 0 means that the peer
// does not take compressed frames. Payloads shorter than from bytes are not compressed.
//
// There is one compressed frame for all peers, whatever their window. A peer gets it when its window holds the whole
// payload, because no reference can then reach out of the window. The others get the plain frame.
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
