package cluster

import (
	"encoding/binary"

	"salon/internal/chat"
)

// A message between nodes is a header and a body.
//
//	header  version, flags, [signature of 32 bytes, where flags has flagSigned], kind; one byte each of the others
//	body    records, each its length and as many bytes; which record holds what is said at the kinds
//
// A length or number is a uvarint, a time a uvarint of milliseconds since 1970, and a text its length and as many bytes of
// UTF-8. The fields of a record follow each other. A newer node may append fields to a record: an older one skips them.
// Whatever an older node would misunderstand needs another kind; whatever it could not even skip needs another version.
// A node ignores messages whose version, flags or kind it does not know. The comparison of heads makes up for events, and
// the comparison with presence for changes.
const version = 1

// The flags of a message.
const (
	// flagSigned says that a signature follows. No node signs yet, and none verifies: the signature is skipped, so that
	// nodes with and without a key of the deployment will be able to run side by side.
	flagSigned = 1 << 0

	knownFlags = flagSigned
)

const (
	signatureSize = 32
	headerSize    = 3 // without a signature
)

// kind says what a message is.
type kind byte

// The kinds of message. The first three are said in a room that people use, the others in [nodesRoom].
const (
	kindEvents      kind = 1 // events of the room: a record for each of them
	kindChange      kind = 2 // a change in who is in the room: one record
	kindTyping      kind = 3 // somebody in the room writes: a record with the user
	kindProbe       kind = 4 // asks the other nodes for an answer: a record with the probe's name
	kindProbeAnswer kind = 5 // answers a probe: a record with the probe's name
	kindUserChanged kind = 6 // a user has another name: a record with the user
)

// nodesRoom is the room in which nodes probe each other and tell what all of them must know. No room of users starts with a
// dot.
const nodesRoom chat.RoomID = ".nodes"

func appendHeader(b []byte, k kind) []byte { return append(b, version, 0, byte(k)) }

// appendEvent writes the record of an event. The room is not part of it: the broker names it.
func appendEvent(b []byte, e *chat.Event) []byte {
	b = appendUint(b, uint64(eventSize(e)))
	b = appendUint(b, e.Seq)
	b = appendText(b, e.Kind)
	b = appendUint(b, uint64(e.At.UnixMilli()))
	b = appendUserFields(b, &e.User)
	b = appendText(b, e.CID)
	return appendText(b, e.Text)
}

// appendChange writes the record of a change.
func appendChange(b []byte, c *chat.Change) []byte {
	b = appendUint(b, uint64(textSize(c.Kind)+userSize(&c.User)+textSize(c.Old)))
	b = appendText(b, c.Kind)
	b = appendUserFields(b, &c.User)
	return appendText(b, c.Old)
}

// appendUser writes a record with a user.
func appendUser(b []byte, u *chat.User) []byte {
	return appendUserFields(appendUint(b, uint64(userSize(u))), u)
}

// appendProbe writes a record with a probe's name.
func appendProbe(b []byte, name string) []byte {
	return appendText(appendUint(b, uint64(textSize(name))), name)
}

func appendUserFields(b []byte, u *chat.User) []byte {
	return appendText(appendText(appendText(b, u.ID), u.Name), u.Color)
}

func appendText[T ~string](b []byte, s T) []byte { return append(appendUint(b, uint64(len(s))), s...) }

func appendUint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// recordSize is how many bytes appendEvent writes.
func recordSize(e *chat.Event) int {
	size := eventSize(e)
	return uintSize(uint64(size)) + size
}

// eventSize is how many bytes the fields of an event take.
func eventSize(e *chat.Event) int {
	return uintSize(e.Seq) + textSize(e.Kind) + uintSize(uint64(e.At.UnixMilli())) + userSize(&e.User) + textSize(e.CID) + textSize(e.Text)
}

func userSize(u *chat.User) int { return textSize(u.ID) + textSize(u.Name) + textSize(u.Color) }

func textSize[T ~string](s T) int { return uintSize(uint64(len(s))) + len(s) }

// uintSize is how many bytes n takes as a uvarint: 7 bits in each.
func uintSize(n uint64) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}
