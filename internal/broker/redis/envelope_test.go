package redis

import (
	"reflect"
	"testing"
)

func TestEnvelope(t *testing.T) {
	for _, want := range []envelope{
		{"h", "n_1", "lobby", []byte("hello")}, {"h", "n_1", "", []byte{}}, {"", "", "漢字", []byte("\x00\xff")}, {"h", "n_1", "lobby", []byte{}},
	} {
		if got, err := decode(want.encode()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: %+v, %v", want, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(envelope{"h", "n_1", "lobby", []byte("hello")}.encode())
	f.Add([]byte{})
	f.Add([]byte{version, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add([]byte{version, 3, 'a'})
	f.Add([]byte{version, 1, 'h', 1, 'n', 2, 'r'})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decode(b)
		if err != nil {
			return
		}
		if again, err := decode(e.encode()); err != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%q: %+v, encoded and decoded again %+v, %v", b, e, again, err)
		}
	})
}
