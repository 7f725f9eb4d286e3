package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// Salon is the subprotocol salon.v1.json, docs/PROTOCOL.md.
type Salon struct{}

var _ Dialect = Salon{}

var (
	salonWelcome = []byte(`"type":"welcome"`)
	salonJoined  = []byte(`"type":"joined"`)
	salonError   = []byte(`"type":"error"`)
	salonLag     = []byte(`"type":"lag"`)
	salonBye     = []byte(`"type":"bye"`)

	salonMarks = Marks{
		Sequence: []byte(`"seq":`), Ack: []byte(`"type":"ack"`), Presence: []byte(`"type":"presence"`),
	}
)

// Endpoint implements [Dialect].
func (Salon) Endpoint() (path, subprotocol string) { return "/ws", "salon.v1.json" }

// Greet implements [Dialect].
func (Salon) Greet(member, room int, token string, last int) []string {
	hello := fmt.Sprintf(`{"type":"hello","id":"h","name":"member %d","client":"bench"}`, member)
	if token != "" {
		hello = fmt.Sprintf(`{"type":"hello","id":"h","token":%q,"client":"bench"}`, token)
	}
	return []string{hello, fmt.Sprintf(`{"type":"join","id":"j","room":%q,"last":%d}`, RoomName(room), last)}
}

// Joined implements [Dialect].
func (Salon) Joined(payload []byte) (bool, error) {
	if bytes.Contains(payload, salonError) || bytes.Contains(payload, salonBye) {
		return false, fmt.Errorf("the server answers %s", payload)
	}
	return bytes.Contains(payload, salonJoined), nil
}

// Token implements [Dialect].
func (Salon) Token(payload []byte) string {
	for line := range bytes.SplitSeq(payload, []byte("\n")) {
		var welcome struct{ Token string }
		if bytes.Contains(line, salonWelcome) && json.Unmarshal(line, &welcome) == nil {
			return welcome.Token
		}
	}
	return ""
}

// AppendSend implements [Dialect].
func (Salon) AppendSend(dst []byte, room int, cid, text []byte) []byte {
	dst = append(dst, `{"type":"send","id":"`...)
	dst = append(dst, cid...)
	dst = append(dst, `","room":"room-`...)
	dst = strconv.AppendInt(dst, int64(room), 10)
	dst = append(dst, `","cid":"`...)
	dst = append(dst, cid...)
	dst = append(dst, `","text":"`...)
	dst = append(dst, text...)
	return append(dst, `"}`...)
}

// Trouble implements [Dialect].
func (Salon) Trouble(payload []byte) error {
	for _, bad := range [][]byte{salonError, salonLag, salonBye} {
		if i := bytes.Index(payload, bad); i >= 0 {
			return fmt.Errorf("the server says %s", payload[max(0, i-1):min(len(payload), i+200)])
		}
	}
	return nil
}

// Marks implements [Dialect].
func (Salon) Marks() Marks { return salonMarks }

// Pong implements [Dialect]. Salon's pings are WebSocket's.
func (Salon) Pong([]byte) []byte { return nil }
