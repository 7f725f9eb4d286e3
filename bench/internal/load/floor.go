package load

import "strconv"

// Floor is the dialect of the floor servers: the first frame names the room, every other goes to all its members as it is.
// What is sent looks like Salon's event, so that as many bytes are delivered.
type Floor struct{}

var _ Dialect = Floor{}

// Endpoint implements [Dialect].
func (Floor) Endpoint() (path, subprotocol string) { return "/", "" }

// Greet implements [Dialect].
func (Floor) Greet(_, room int, _ string, _ int) []string { return []string{RoomName(room)} }

// Joined implements [Dialect].
func (Floor) Joined(payload []byte) (bool, error) { return string(payload) == "joined", nil }

// Token implements [Dialect].
func (Floor) Token([]byte) string { return "" }

// AppendSend implements [Dialect].
func (Floor) AppendSend(dst []byte, room int, cid, text []byte) []byte {
	dst = append(dst, `{"type":"event","room":"room-`...)
	dst = strconv.AppendInt(dst, int64(room), 10)
	dst = append(dst, `","seq":12345,"kind":"message",`...)
	dst = append(dst, author...)
	dst = append(dst, cid...)
	dst = append(dst, `","text":"`...)
	dst = append(dst, text...)
	return append(dst, `"}`...)
}

// author is what an event tells beside its text, as long as Salon's.
const author = `"at":"2026-11-22T13:00:00.123Z","user":{"id":"u_abcdefghijklmnop","name":"member 123","color":"#7c3aed"},"cid":"`

// Trouble implements [Dialect].
func (Floor) Trouble([]byte) error { return nil }

// Marks implements [Dialect]. The floor gives no numbers.
func (Floor) Marks() Marks { return Marks{} }

// Pong implements [Dialect]. The floor sends no pings.
func (Floor) Pong([]byte) []byte { return nil }
