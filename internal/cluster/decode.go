package cluster

import (
	"encoding/binary"
	"errors"
	"time"
	"unicode/utf8"

	"salon/internal/chat"
)

const (
	// maxSeq is the largest number that an event may have: the largest that a JavaScript client can tell from the next.
	maxSeq = 1<<53 - 1
	// maxAt is the end of the year 9999, in ms: later times cannot be written for clients (RFC 3339).
	maxAt = 253402300800000 - 1
	// maxField bounds a user's identity, name and colour, an event's kind and a probe's name, in bytes. It is above all that
	// a node takes from a client.
	maxField = 256
	// minEvent is how many bytes an event's record takes at least: its length, two numbers of a byte, and six texts, of
	// which two have a byte. It bounds what a message makes the decoder allocate.
	minEvent = 1 + 2 + 6 + 2
)

var (
	// errUnknown says that the message is for nodes of another version.
	errUnknown = errors.New("a message of another version")
	errRoom    = errors.New("a kind of message that is not said in this room")
	errRecord  = errors.New("a record is cut off")
	errField   = errors.New("a field is cut off, too long or not UTF-8")
	errNumber  = errors.New("a number is cut off, too large or not in its shortest form")
	errValue   = errors.New("a field has a value that cannot be")
	errRecords = errors.New("not one record")
)

// message is a message without its header. Its body is memory of the broker.
type message struct {
	kind kind
	body []byte
}

// parse reads a message's header. Errors: errUnknown, errRecord.
func parse(msg []byte) (message, error) {
	if len(msg) < headerSize {
		return message{}, errRecord
	}
	if msg[0] != version || msg[1]&^knownFlags != 0 {
		return message{}, errUnknown
	}
	rest := msg[2:]
	if msg[1]&flagSigned != 0 {
		if len(rest) <= signatureSize {
			return message{}, errRecord
		}
		rest = rest[signatureSize:]
	}
	if k := kind(rest[0]); k < kindEvents || k > kindUserChanged {
		return message{}, errUnknown
	}
	return message{kind: kind(rest[0]), body: rest[1:]}, nil
}

// decodeEvents reads the events of a room. One that cannot be read is refused, and the error says why the last one was; the
// others are returned. All share one copy of the body.
func decodeEvents(room chat.RoomID, body []byte) (events []chat.Event, refused int, err error) {
	d := decoder{rest: string(body)}
	events = make([]chat.Event, 0, countRecords(body))
	for d.rest != "" {
		record := d.record()
		if d.err != nil {
			return events, refused + 1, d.err // where the next record begins is not known
		}
		ev, wrong := decodeEvent(room, record)
		if wrong != nil {
			refused, err = refused+1, wrong
			continue
		}
		events = append(events, ev)
	}
	return events, refused, err
}

// countRecords tells how many of the records in body may be events.
func countRecords(body []byte) int {
	n := 0
	for len(body) >= minEvent {
		length, size := binary.Uvarint(body)
		if size <= 0 || length > uint64(len(body)-size) {
			break
		}
		if used := size + int(length); used >= minEvent {
			n++
		}
		body = body[size+int(length):]
	}
	return n
}

func decodeEvent(room chat.RoomID, record string) (chat.Event, error) {
	d := decoder{rest: record}
	seq, kind, at := d.uint(), d.text(maxField), d.uint()
	user, cid, text := d.user(), d.text(chat.MaxCID), d.text(len(record))
	switch {
	case d.err != nil:
		return chat.Event{}, d.err
	case seq == 0 || seq > maxSeq || at > maxAt || kind == "" || user.ID == "":
		return chat.Event{}, errValue
	}
	return chat.Event{
		Room: room, Seq: seq, Kind: chat.Kind(kind), At: time.UnixMilli(int64(at)).UTC(), User: user, CID: cid, Text: text,
	}, nil
}

// decodeChange reads a change in who is in a room.
func decodeChange(body []byte) (chat.Change, error) {
	d := one(body)
	c := chat.Change{Kind: chat.ChangeKind(d.text(maxField)), User: d.user(), Old: d.text(maxField)}
	switch {
	case d.err != nil:
		return chat.Change{}, d.err
	case !travels(c.Kind) || c.User.ID == "":
		return chat.Change{}, errValue
	}
	return c, nil
}

// travels tells whether nodes tell each other of such changes. Counts come from presence.
func travels(k chat.ChangeKind) bool {
	switch k {
	case chat.ChangeJoin, chat.ChangeBack, chat.ChangeLeave, chat.ChangeRename:
		return true
	}
	return false
}

// decodeUser reads a message that holds a user.
func decodeUser(body []byte) (chat.User, error) {
	d := one(body)
	u := d.user()
	switch {
	case d.err != nil:
		return chat.User{}, d.err
	case u.ID == "":
		return chat.User{}, errValue
	}
	return u, nil
}

// decodeProbe reads the name of a probe.
func decodeProbe(body []byte) (string, error) {
	d := one(body)
	name := d.text(maxField)
	switch {
	case d.err != nil:
		return "", d.err
	case name == "":
		return "", errValue
	}
	return name, nil
}

// decoder reads fields off the front of a text. After an error it gives zero values.
type decoder struct {
	rest string
	err  error
}

// one gives a decoder of the one record that body must hold.
func one(body []byte) decoder {
	d := decoder{rest: string(body)}
	record := d.record()
	if d.err == nil && d.rest != "" {
		d.err = errRecords
	}
	return decoder{rest: record, err: d.err}
}

func (d *decoder) record() string {
	n := d.uint()
	if d.err == nil && n > uint64(len(d.rest)) {
		d.err = errRecord
	}
	return d.cut(n)
}

func (d *decoder) user() chat.User {
	return chat.User{ID: chat.UserID(d.text(maxField)), Name: d.text(maxField), Color: d.text(maxField)}
}

// text reads a text of at most that many bytes.
func (d *decoder) text(most int) string {
	n := d.uint()
	if d.err == nil && (n > uint64(most) || n > uint64(len(d.rest))) {
		d.err = errField
	}
	s := d.cut(n)
	if !utf8.ValidString(s) {
		d.err = errField
		return ""
	}
	return s
}

// cut takes n bytes off the front, which are there unless an error was noted.
func (d *decoder) cut(n uint64) string {
	if d.err != nil {
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// uint reads a number. The shortest form is the only one.
func (d *decoder) uint() uint64 {
	if d.err != nil {
		return 0
	}
	var n uint64
	for i := 0; i < len(d.rest) && i < binary.MaxVarintLen64; i++ {
		b := d.rest[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if i > 0 && b == 0 || i == binary.MaxVarintLen64-1 && b > 1 {
				break // not the shortest form, or more than 64 bits
			}
			d.rest = d.rest[i+1:]
			return n
		}
	}
	d.err = errNumber
	return 0
}
