package load

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// serverFrame is a frame as servers write it.
func serverFrame(first byte, payload []byte) []byte {
	f := []byte{first}
	switch n := len(payload); {
	case n < 126:
		f = append(f, byte(n))
	case n < 1<<16:
		f = append(f, 126, byte(n>>8), byte(n))
	default:
		f = append(f, 127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(f, payload...)
}

func TestWalkerFindsFramesHoweverTheyAreCut(t *testing.T) {
	payloads := [][]byte{
		[]byte("short"), {}, bytes.Repeat([]byte("m"), 125), bytes.Repeat([]byte("~"), 126), bytes.Repeat([]byte("l"), 70_000), []byte("end"),
	}
	var stream []byte
	for _, p := range payloads {
		stream = append(stream, serverFrame(0x81, p)...)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		var w walker
		var got [][]byte
		var current []byte
		for p := stream; len(p) > 0; {
			n := min(len(p), 1+r.IntN(1<<(round%18)))
			read := p[:n]
			p = p[n:]
			for {
				piece, rest, ok, err := w.next(read)
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				current = append(current, piece...)
				if w.left == 0 {
					got = append(got, current)
					current = nil
				}
				read = rest
			}
		}
		if len(got) != len(payloads) {
			t.Fatalf("round %d: %d frames, want %d", round, len(got), len(payloads))
		}
		for i := range got {
			if !bytes.Equal(got[i], payloads[i]) {
				t.Fatalf("round %d: frame %d has %d bytes, want %d", round, i, len(got[i]), len(payloads[i]))
			}
		}
	}
}

func TestWalkerReadsFlags(t *testing.T) {
	for first, want := range map[byte]header{
		0x81: {opcode: opText, final: true, length: 2},
		0xc1: {opcode: opText, final: true, compressed: true, length: 2},
		0x01: {opcode: opText, length: 2},
		0x89: {opcode: opPing, final: true, length: 2},
	} {
		var w walker
		if _, _, ok, err := w.next(serverFrame(first, []byte("{}"))); !ok || err != nil || w.frame != want {
			t.Errorf("%#x: %+v %v %v", first, w.frame, ok, err)
		}
	}
	var w walker
	if _, _, _, err := w.next([]byte{0x81, 0x82, 1, 2, 3, 4, 5, 6}); err != errMasked {
		t.Errorf("a masked frame gives %v", err)
	}
}

func TestStampComesBack(t *testing.T) {
	for _, s := range []stamp{{1, 2, 3}, {at: time.Hour, sender: 9999, n: 123456}, {}} {
		text := append(appendStamp([]byte(nil), s), "and words"...)
		if got, ok := readStamp(text); !ok || got != s {
			t.Errorf("%s: %+v %v, want %+v", text, got, ok, s)
		}
	}
	for _, bad := range []string{"", "~", "~1.2", "~1.2.3", "~1..3 ", "1.2.3 ", "~1.2.! ", "~A.2.3 "} {
		if got, ok := readStamp([]byte(bad)); ok {
			t.Errorf("%q gives %+v", bad, got)
		}
	}
}

func TestNoTextHasTheMarker(t *testing.T) {
	for _, l := range newLines().all {
		if bytes.IndexByte([]byte(l), marker) >= 0 || len(l) < 20 || len(l) > 100 {
			t.Errorf("%q", l)
		}
	}
}
