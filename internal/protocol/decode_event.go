package protocol

import (
	"encoding/json"
	"time"

	"salon/internal/chat"
)

// DecodeEvent reads a line as [AppendEvent] writes it.
func DecodeEvent(line []byte) (chat.Event, error) {
	var e struct {
		Room chat.RoomID `json:"room"`
		Seq  uint64      `json:"seq"`
		Kind chat.Kind   `json:"kind"`
		At   time.Time   `json:"at"`
		User chat.User   `json:"user"`
		CID  string      `json:"cid"`
		Text string      `json:"text"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return chat.Event{}, err
	}
	return chat.Event{Room: e.Room, Seq: e.Seq, Kind: e.Kind, At: e.At, User: e.User, CID: e.CID, Text: e.Text}, nil
}
