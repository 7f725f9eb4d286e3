package ws

import (
	"bytes"
	"testing"
)

// TestXorMask compares with the definition of RFC 6455, section 5.3, for all alignments and around the sizes of blocks.
func TestXorMask(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	payload := []byte(noise(1100))
	for size := range len(payload) {
		for start := range 5 {
			for done := range 5 {
				p := bytes.Clone(payload[:size])
				want := bytes.Clone(p)
				for i := start; i < size; i++ {
					want[i] ^= key[(done+i-start)%4]
				}
				if start <= size {
					xorMask(p[start:], key, done)
				}
				if !bytes.Equal(p, want) {
					t.Fatalf("%d bytes at %d, %d bytes into the payload", size, start, done)
				}
			}
		}
	}
}

// TestMaskFrame: a masked frame is the same frame, in both directions, and two are not masked alike.
func TestMaskFrame(t *testing.T) {
	keys := map[[4]byte]bool{}
	for _, size := range []int{0, 1, 125, 126, 65535, 65536} {
		plain := newFrame(Binary, 0, []byte(noise(size)))
		masked := maskFrame(plain)
		head := headerSize(masked[1])
		h, err := parseHeader(masked[:head])
		if err != nil || !h.masked || !h.fin || h.op != Binary || h.length != int64(size) {
			t.Fatalf("header %+v, %v", h, err)
		}
		keys[h.mask] = true
		xorMask(masked[head:], h.mask, 0)
		if !bytes.Equal(masked[head:], []byte(noise(size))) {
			t.Errorf("payload of %d bytes changed", size)
		}
	}
	if len(keys) < 2 {
		t.Error("all frames have the same key")
	}
}
