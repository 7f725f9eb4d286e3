package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"

	"salon/internal/chat"
)

// Request is any request; each type uses the fields that it needs.
type Request struct {
	Type string `json:"type"`
	ID   string `json:"id"` // repeated in the answer

	Name   string `json:"name"`   // hello
	Token  string `json:"token"`  // hello
	Secret string `json:"secret"` // hello of a new user
	Lang   string `json:"lang"`   // hello
	Client string `json:"client"` // hello: for the log

	Room   string  `json:"room"`
	Since  *uint64 `json:"since"`  // join: resume after this number
	Last   *int    `json:"last"`   // join: how many events to begin with
	CID    string  `json:"cid"`    // send
	Text   string  `json:"text"`   // send
	Before *uint64 `json:"before"` // history
	After  *uint64 `json:"after"`  // history
	Around *uint64 `json:"around"` // history
	Limit  *int    `json:"limit"`  // history, who, rooms
	Cursor string  `json:"cursor"` // who, rooms: the answer's next
}

// Requests gives the JSON objects in a frame: its lines, empty ones left out.
func Requests(frame []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for line := range bytes.SplitSeq(frame, []byte{'\n'}) {
			if line = bytes.TrimSpace(line); len(line) > 0 && !yield(line) {
				return
			}
		}
	}
}

// Decode reads one request. Even when it fails, ID is set where it could be read, so that the error finds its request.
// Errors: [chat.CodeBadRequest].
func Decode(line []byte) (Request, error) {
	var r Request
	err := json.Unmarshal(line, &r)
	long := len(r.ID) > MaxID
	if long {
		r.ID = ""
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "":
		return r, chat.Errorf(chat.CodeBadRequest, "a request is a JSON object")
	case errors.As(err, &wrong):
		return r, chat.Errorf(chat.CodeBadRequest, "the field %q has the wrong type", wrong.Field)
	case err != nil:
		return r, chat.Errorf(chat.CodeBadRequest, "this is not JSON")
	case r.Type == "":
		return r, chat.Errorf(chat.CodeBadRequest, "the field %q is missing", "type")
	case long:
		return r, chat.Errorf(chat.CodeBadRequest, "a request's id has at most %d bytes", MaxID)
	}
	return r, nil
}

// MaxID is the longest id of a request, in bytes: it is sent back, so it must not be a way to make the server talk.
const MaxID = 128
