package cluster

import (
	"reflect"
	"testing"
	"unsafe"

	"salon/internal/chat"
)

// FuzzDecode reads whatever the broker may bring. What can be read is the same after it was written and read again, and the
// events take no more memory than a small multiple of the message.
func FuzzDecode(f *testing.F) {
	for _, g := range golden {
		f.Add(g.msg)
		f.Add(withNewField(g.msg))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		m, err := parse(msg)
		if err != nil {
			return
		}
		says, _, err := decodeAny(msg)
		var again []byte
		switch says := says.(type) {
		case []chat.Event:
			if size := cap(says) * int(unsafe.Sizeof(chat.Event{})); size > 16*len(msg) {
				t.Errorf("%d bytes of events from a message of %d", size, len(msg))
			}
			if len(says) == 0 {
				return
			}
			again = encodeEvents(says...)
		case chat.Change:
			again = encodeChange(says)
		case chat.User:
			again = appendUser(appendHeader(nil, m.kind), &says)
		case string:
			again = appendProbe(appendHeader(nil, m.kind), says)
		}
		if err != nil && m.kind != kindEvents {
			return
		}
		if same, refused, err := decodeAny(again); err != nil || refused > 0 || !reflect.DeepEqual(same, says) {
			t.Errorf("%+v\nbecame %+v, %d refused, %v", says, same, refused, err)
		}
	})
}

// FuzzReceive hands a message to a node as the broker does, in a room of users and in that of the nodes.
func FuzzReceive(f *testing.F) {
	for _, g := range golden {
		f.Add(g.msg)
	}
	c, err := Open(Config{Node: "n", Logger: silent}, newRecorder())
	if err != nil {
		f.Fatal(err)
	}
	c.closed = true // nothing is answered
	f.Fuzz(func(_ *testing.T, msg []byte) {
		c.receive("lobby", msg)
		c.receive(nodesRoom, msg)
	})
}
