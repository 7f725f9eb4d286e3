package redis

import (
	"bytes"
	"testing"

	"salon/internal/chat"
)

func TestEnvelope(t *testing.T) {
	for _, test := range []struct {
		node string
		room chat.RoomID
		msg  string
	}{
		{"n_1", "lobby", "hello"}, {"n_1", "", ""}, {"", "漢字", "\x00\xff"}, {"n_1", "lobby", ""},
	} {
		node, room, msg, err := open(seal(test.node, test.room, []byte(test.msg)))
		if err != nil || node != test.node || room != test.room || string(msg) != test.msg {
			t.Errorf("%+v: %q %q %q %v", test, node, room, msg, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(seal("n_1", "lobby", []byte("hello")))
	f.Add([]byte{})
	f.Add([]byte{version, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add([]byte{version, 3, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		node, room, msg, err := open(b)
		if err != nil {
			return
		}
		n2, r2, m2, err := open(seal(node, room, msg))
		if err != nil || n2 != node || r2 != room || !bytes.Equal(m2, msg) {
			t.Errorf("%q: %q %q %q, sealed and opened again %q %q %q, %v", b, node, room, msg, n2, r2, m2, err)
		}
	})
}
