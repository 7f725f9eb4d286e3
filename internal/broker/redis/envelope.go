package redis

import (
	"encoding/binary"
	"errors"

	"salon/internal/chat"
)

// version is the first byte of every message; others are not for us.
const version = 1

var errEnvelope = errors.New("not a message of this version")

// seal makes what goes through Redis: version, sender, room, message; lengths as varints before the first two. A message
// without a room is a canary.
func seal(node string, room chat.RoomID, msg []byte) []byte {
	b := make([]byte, 0, 1+2*binary.MaxVarintLen16+len(node)+len(room)+len(msg))
	b = append(b, version)
	b = binary.AppendUvarint(b, uint64(len(node)))
	b = append(b, node...)
	b = binary.AppendUvarint(b, uint64(len(room)))
	b = append(b, room...)
	return append(b, msg...)
}

// open undoes seal. Msg is a part of b.
func open(b []byte) (node string, room chat.RoomID, msg []byte, err error) {
	if len(b) == 0 || b[0] != version {
		return "", "", nil, errEnvelope
	}
	first, b, ok := cut(b[1:])
	if !ok {
		return "", "", nil, errEnvelope
	}
	second, b, ok := cut(b)
	if !ok {
		return "", "", nil, errEnvelope
	}
	return string(first), chat.RoomID(second), b, nil
}

// cut takes a part with its length before it off the front.
func cut(b []byte) (part, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil, false
	}
	b = b[size:]
	return b[:n], b[n:], true
}
