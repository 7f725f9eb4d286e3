package load

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
)

// Opcodes, RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

// header is the header of the frame that a walker is in.
type header struct {
	opcode     byte
	final      bool
	compressed bool  // RSV1
	length     int64 // bytes of payload
}

var errMasked = errors.New("a frame from the server is masked")

// walker goes through a stream of frames, of which a read gives any part. It keeps what it must to go on: the part of a
// header that came, and how much of the payload is to come.
type walker struct {
	frame  header
	inside bool  // frame's header is read, its payload not yet
	left   int64 // bytes of the payload that are to come
	head   [10]byte
	have   int // bytes of head that came
}

// next gives the next piece of payload in p, and the rest of p behind it. The piece is of w.frame, and its last when w.left is
// 0. ok is false when p ends before there is a piece; all of p is then taken.
func (w *walker) next(p []byte) (piece, rest []byte, ok bool, err error) {
	if !w.inside {
		if p, err = w.header(p); err != nil || !w.inside {
			return nil, nil, false, err
		}
	}
	n := min(int64(len(p)), w.left)
	if n == 0 && w.left > 0 {
		return nil, nil, false, nil
	}
	w.left -= n
	w.inside = w.left > 0
	return p[:n], p[n:], true, nil
}

// header reads a header, as far as p goes. Where it is complete, w is inside.
func (w *walker) header(p []byte) (rest []byte, err error) {
	if w.have == 0 && len(p) >= len(w.head) { // the usual case: all of it is here
		n, err := w.parse(p)
		return p[n:], err
	}
	for len(p) > 0 && !w.inside {
		w.head[w.have] = p[0]
		w.have++
		p = p[1:]
		if _, err := w.parse(w.head[:w.have]); err != nil {
			return nil, err
		}
	}
	if w.inside {
		w.have = 0
	}
	return p, nil
}

// parse reads the header at the beginning of p, n bytes long. Where it is complete, w is inside.
func (w *walker) parse(p []byte) (n int, err error) {
	if len(p) < 2 {
		return 0, nil
	}
	if p[1]&0x80 != 0 {
		return 0, errMasked
	}
	length := int64(p[1])
	n = 2
	switch {
	case length == 126 && len(p) >= 4:
		length, n = int64(binary.BigEndian.Uint16(p[2:])), 4
	case length == 127 && len(p) >= 10:
		length, n = int64(binary.BigEndian.Uint64(p[2:])&(1<<63-1)), 10
	case length >= 126:
		return 0, nil
	}
	w.frame = header{opcode: p[0] & 0xf, final: p[0]&0x80 != 0, compressed: p[0]&0x40 != 0, length: length}
	w.left, w.inside = length, true
	return n, nil
}

// appendFrame writes a frame as clients do: masked.
func appendFrame(dst []byte, opcode byte, payload []byte) []byte {
	dst = append(dst, 0x80|opcode)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	var key [4]byte
	binary.LittleEndian.PutUint32(key[:], rand.Uint32())
	dst = append(dst, key[:]...)
	for i, c := range payload {
		dst = append(dst, c^key[i&3])
	}
	return dst
}
