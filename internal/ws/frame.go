package ws

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"unicode/utf8"
)

// Opcode is the kind of a message.
type Opcode byte

// The kinds of message. Text is UTF-8; what is read is checked.
const (
	Text   Opcode = 1
	Binary Opcode = 2
)

// The other opcodes of RFC 6455, section 5.2.
const (
	opContinuation Opcode = 0
	opClose        Opcode = 8
	opPing         Opcode = 9
	opPong         Opcode = 10
)

const (
	bitFin  = 0x80
	bitRSV1 = 0x40 // the message is compressed (RFC 7692, section 6)
	bitsRSV = 0x70
	bitMask = 0x80

	maxHeader  = 14  // bytes of the longest header
	maxControl = 125 // bytes of payload in a control frame
)

// header is the decoded header of a frame.
type header struct {
	length int64
	mask   [4]byte
	op     Opcode
	rsv    byte // the three reserved bits, at their places in the first byte
	fin    bool
	masked bool
}

func (h *header) control() bool { return h.op&8 != 0 }

// headerSize tells how many bytes a header has, by its second byte.
func headerSize(second byte) int {
	n := 2
	switch second &^ bitMask {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if second&bitMask != 0 {
		n += 4
	}
	return n
}

// parseHeader decodes the header p, of exactly headerSize bytes. It refuses lengths that are not in their shortest form or
// have the top bit set. Whether the frame is allowed where it stands is not decided here.
func parseHeader(p []byte) (header, error) {
	h := header{
		fin: p[0]&bitFin != 0, rsv: p[0] & bitsRSV, op: Opcode(p[0] & 0x0f),
		masked: p[1]&bitMask != 0, length: int64(p[1] &^ bitMask),
	}
	shortest := int64(0)
	switch h.length {
	case 126:
		h.length, shortest = int64(binary.BigEndian.Uint16(p[2:])), 126
	case 127:
		h.length, shortest = int64(binary.BigEndian.Uint64(p[2:])), 1<<16
	}
	if h.length < shortest { // a top bit makes it negative
		return h, fault(CloseProtocolError, "invalid length")
	}
	if h.masked {
		copy(h.mask[:], p[len(p)-4:])
	}
	return h, nil
}

// appendHeader appends the header of an unmasked final frame.
func appendHeader(p []byte, op Opcode, rsv byte, length int) []byte {
	p = append(p, bitFin|rsv|byte(op))
	switch {
	case length <= maxControl:
		return append(p, byte(length))
	case length < 1<<16:
		return binary.BigEndian.AppendUint16(append(p, 126), uint16(length))
	default:
		return binary.BigEndian.AppendUint64(append(p, 127), uint64(length))
	}
}

// appendFrame appends an unmasked final frame.
func appendFrame(p []byte, op Opcode, rsv byte, payload []byte) []byte {
	return append(appendHeader(p, op, rsv, len(payload)), payload...)
}

// newFrame returns an unmasked final frame, in memory of exactly its size.
func newFrame(op Opcode, rsv byte, payload []byte) []byte {
	size := 2 + len(payload)
	switch {
	case len(payload) >= 1<<16:
		size += 8
	case len(payload) > maxControl:
		size += 2
	}
	return appendFrame(make([]byte, 0, size), op, rsv, payload)
}

// maskFrame returns a copy of an unmasked frame as a client has to send it (section 5.3).
func maskFrame(frame []byte) []byte {
	head := headerSize(frame[1])
	var key [4]byte
	binary.LittleEndian.PutUint32(key[:], rand.Uint32()) // ChaCha8, seeded by the system: it cannot be predicted
	masked := make([]byte, 0, len(frame)+len(key))
	masked = append(masked, frame[:head]...)
	masked[1] |= bitMask
	masked = append(masked, key[:]...)
	masked = append(masked, frame[head:]...)
	xorMask(masked[head+len(key):], key, 0)
	return masked
}

// repeatFrom is the payload from which on it pays to repeat the key, and to let the processor's wide registers do the work.
const repeatFrom = 512

// xorMask masks or unmasks a piece of a payload that begins done bytes into it (RFC 6455, section 5.3).
func xorMask(p []byte, key [4]byte, done int) {
	half := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(done%len(key)))
	word := uint64(half)<<32 | uint64(half)
	if len(p) >= repeatFrom {
		p = xorBlocks(p, word)
	}
	for len(p) >= 32 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^word)
		binary.LittleEndian.PutUint64(p[8:], binary.LittleEndian.Uint64(p[8:])^word)
		binary.LittleEndian.PutUint64(p[16:], binary.LittleEndian.Uint64(p[16:])^word)
		binary.LittleEndian.PutUint64(p[24:], binary.LittleEndian.Uint64(p[24:])^word)
		p = p[32:]
	}
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^word)
		p = p[8:]
	}
	for i := range p {
		p[i] ^= byte(word >> (8 * i))
	}
}

// xorBlocks does whole blocks of p, and returns the rest.
func xorBlocks(p []byte, word uint64) []byte {
	var block [repeatFrom]byte
	for i := 0; i < len(block); i += 8 {
		binary.LittleEndian.PutUint64(block[i:], word)
	}
	for len(p) >= len(block) {
		subtle.XORBytes(p, p, block[:])
		p = p[len(block):]
	}
	return p
}

// Close codes of RFC 6455, section 7.4.1, and of the IANA registry that continues it.
const (
	CloseNormal         = 1000
	CloseGoingAway      = 1001
	CloseProtocolError  = 1002
	CloseUnsupported    = 1003
	CloseNoCode         = 1005 // never on the wire: the peer's close frame had no code
	CloseInvalidData    = 1007
	ClosePolicy         = 1008
	CloseTooBig         = 1009
	CloseInternalError  = 1011
	CloseServiceRestart = 1012
	CloseTryAgainLater  = 1013
)

// maxReason is the room for the reason in a close frame, in bytes. The code takes two.
const maxReason = maxControl - 2

// CloseError says that a connection ended by the protocol: either the peer sent a close frame, or the peer broke the rules
// and was sent a close frame with this code.
type CloseError struct {
	Code   int
	Reason string
	Remote bool // the peer sent the close frame; otherwise this side found a fault
}

func (e *CloseError) Error() string {
	if e.Remote {
		return fmt.Sprintf("ws: closed by the peer: %d %q", e.Code, e.Reason)
	}
	return fmt.Sprintf("ws: closed for a fault of the peer: %d %s", e.Code, e.Reason)
}

func fault(code int, reason string) error { return &CloseError{Code: code, Reason: reason} }

// validCloseCode tells whether a close frame may have this code: section 7.4 and the IANA registry (1012 to 1014).
func validCloseCode(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
		return true
	}
	return false
}

// parseClose reads the payload of a peer's close frame.
func parseClose(p []byte) (*CloseError, error) {
	if len(p) == 0 {
		return &CloseError{Code: CloseNoCode, Remote: true}, nil
	}
	if len(p) == 1 {
		return nil, fault(CloseProtocolError, "close frame of one byte")
	}
	code := int(p[0])<<8 | int(p[1])
	if !validCloseCode(code) {
		return nil, fault(CloseProtocolError, "invalid close code")
	}
	if !utf8.Valid(p[2:]) {
		return nil, fault(CloseInvalidData, "close reason is not UTF-8")
	}
	return &CloseError{Code: code, Reason: string(p[2:]), Remote: true}, nil
}

// closePayload returns the payload of a close frame. 0 and CloseNoCode stand for no code. A reason that is too long is cut
// between two characters, and a reason that is not UTF-8 is left out.
func closePayload(code int, reason string) []byte {
	if code == 0 || code == CloseNoCode {
		return nil
	}
	if !validCloseCode(code) {
		code = CloseInternalError
	}
	if !utf8.ValidString(reason) {
		reason = ""
	}
	if len(reason) > maxReason {
		cut := maxReason
		for !utf8.RuneStart(reason[cut]) {
			cut--
		}
		reason = reason[:cut]
	}
	return append([]byte{byte(code >> 8), byte(code)}, reason...)
}
