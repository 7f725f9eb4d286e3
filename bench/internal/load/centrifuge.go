package load

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Centrifuge is the JSON protocol of the centrifuge library: a frame holds one or more objects, separated by line feeds. An
// event carries what Salon's does.
type Centrifuge struct{}

var _ Dialect = Centrifuge{}

// Endpoint implements [Dialect].
func (Centrifuge) Endpoint() (path, subprotocol string) { return "/connection/websocket", "" }

// Greet implements [Dialect].
func (Centrifuge) Greet(_, room int, _ string, _ int) []string {
	return []string{`{"id":1,"connect":{"name":"bench"}}` + "\n" +
		fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q}}`, RoomName(room))}
}

// Joined implements [Dialect].
func (Centrifuge) Joined(payload []byte) (bool, error) {
	if bytes.Contains(payload, []byte(`"error":`)) || bytes.Contains(payload, []byte(`"disconnect":`)) {
		return false, fmt.Errorf("the server answers %s", payload)
	}
	return bytes.Contains(payload, []byte(`"id":2`)), nil
}

// Token implements [Dialect].
func (Centrifuge) Token([]byte) string { return "" }

// AppendSend implements [Dialect].
func (Centrifuge) AppendSend(dst []byte, room int, cid, text []byte) []byte {
	dst = append(dst, `{"id":3,"publish":{"channel":"room-`...)
	dst = strconv.AppendInt(dst, int64(room), 10)
	dst = append(dst, `","data":{`...)
	dst = append(dst, author...)
	dst = append(dst, cid...)
	dst = append(dst, `","text":"`...)
	dst = append(dst, text...)
	return append(dst, `"}}}`...)
}

// Trouble implements [Dialect].
func (Centrifuge) Trouble(payload []byte) error {
	if bytes.Contains(payload, []byte(`"error":`)) || bytes.Contains(payload, []byte(`"disconnect":`)) {
		return fmt.Errorf("the server says %s", strings.TrimSpace(string(payload[:min(len(payload), 300)])))
	}
	return nil
}

// Marks implements [Dialect]. Channels have numbers only with a history, which is not a default.
func (Centrifuge) Marks() Marks { return Marks{} }

// Pong implements [Dialect]. The ping is an empty object, and so is its answer.
func (Centrifuge) Pong(payload []byte) []byte {
	if string(payload) == "{}" {
		return payload
	}
	return nil
}
