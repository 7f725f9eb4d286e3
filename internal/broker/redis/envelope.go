package redis

import (
	"encoding/binary"
	"errors"

	"salon/internal/chat"
)

// version is the first byte of every message. A message of another version is dropped.
const version = 2

var errEnvelope = errors.New("not a message of this version")

// envelope is what goes through Redis.
type envelope struct {
	history string // the sender's: a room of the same name in another history is another room
	node    string // the sender
	room    chat.RoomID
	msg     []byte
}

// encode writes an envelope: version, history, sender, room, message. All but the first and the last have their length as a
// varint before them. A message without a room is a probe.
func (e envelope) encode() []byte {
	b := make([]byte, 0, 1+3*binary.MaxVarintLen16+len(e.history)+len(e.node)+len(e.room)+len(e.msg))
	b = append(b, version)
	for _, part := range []string{e.history, e.node, string(e.room)} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return append(b, e.msg...)
}

// decode is the inverse of encode. The message is a part of b.
func decode(b []byte) (envelope, error) {
	if len(b) == 0 || b[0] != version {
		return envelope{}, errEnvelope
	}
	b = b[1:]
	var parts [3][]byte
	for i := range parts {
		var ok bool
		if parts[i], b, ok = cut(b); !ok {
			return envelope{}, errEnvelope
		}
	}
	return envelope{history: string(parts[0]), node: string(parts[1]), room: chat.RoomID(parts[2]), msg: b}, nil
}

// cut removes a part, with its length before it, from the front.
func cut(b []byte) (part, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil, false
	}
	b = b[size:]
	return b[:n], b[n:], true
}
