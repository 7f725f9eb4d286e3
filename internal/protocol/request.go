package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"

	"salon/internal/chat"
)

// Request is any request. Each type uses the fields that it needs; a client leaves the others out.
type Request struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"` // repeated in the answer

	Name   string `json:"name,omitempty"`   // hello
	Token  string `json:"token,omitempty"`  // hello
	Secret string `json:"secret,omitempty"` // hello of a new user
	Lang   string `json:"lang,omitempty"`   // hello
	Client string `json:"client,omitempty"` // hello: for the log

	Room   string  `json:"room,omitempty"`
	Since  *uint64 `json:"since,omitempty"`  // join: resume after this number
	Last   *int    `json:"last,omitempty"`   // join: how many events to begin with
	CID    string  `json:"cid,omitempty"`    // send
	Text   string  `json:"text,omitempty"`   // send
	Before *uint64 `json:"before,omitempty"` // history
	After  *uint64 `json:"after,omitempty"`  // history
	Around *uint64 `json:"around,omitempty"` // history
	Limit  *int    `json:"limit,omitempty"`  // history, who, rooms
	Cursor string  `json:"cursor,omitempty"` // who, rooms: the answer's next
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
