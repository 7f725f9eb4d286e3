package ws

// Payload gives the message's payload. It must not be changed.
func (m *Message) Payload() []byte { return m.plain[headerSize(m.plain[1]):] }
