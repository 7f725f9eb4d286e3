package protocol

import (
	"encoding/json"

	"salon/internal/chat"
)

// DecodeEvent reads a line as [AppendEvent] writes it.
func DecodeEvent(line []byte) (chat.Event, error) {
	var e struct {
		Room chat.RoomID `json:"room"`
		wireEvent
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return chat.Event{}, err
	}
	return e.in(e.Room), nil
}
