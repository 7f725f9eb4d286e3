package protocol

import (
	"bufio"
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"salon/internal/chat"
)

// lines reads a golden file, whose lines the browser client's tests read too.
func lines[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []T
	for s := bufio.NewScanner(f); s.Scan(); {
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", s.Text(), err)
		}
		all = append(all, v)
	}
	return all
}

func TestRequestsGolden(t *testing.T) {
	for _, g := range lines[struct {
		Frame    string
		Requests []Request
		Error    chat.Code
		ID       string
	}](t, "requests.jsonl") {
		var got []Request
		for line := range Requests([]byte(g.Frame)) {
			r, err := Decode(line)
			if g.Error != "" {
				if chat.CodeOf(err) != g.Error || err == nil || r.ID != g.ID {
					t.Errorf("%s: id %q, %v; want id %q, %s", g.Frame, r.ID, err, g.ID, g.Error)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", g.Frame, err)
			}
			got = append(got, r)
		}
		if !reflect.DeepEqual(got, g.Requests) {
			t.Errorf("%s:\n got %+v\nwant %+v", g.Frame, got, g.Requests)
		}
	}
}

func TestAnswersGolden(t *testing.T) {
	ada := chat.User{ID: "u_1", Name: "ada", Color: "#7c3aed"}
	at := time.Date(2026, 11, 22, 13, 0, 0, 123e6, time.UTC)
	ev := chat.Event{Room: "lobby", Seq: 129, Kind: chat.KindMessage, At: at, User: ada, CID: "b3c1", Text: "salut \"toi\"\n\u2028é 🎈"}
	line := AppendEvent(nil, &ev)
	renamed := ada
	renamed.Name = "ada l."
	made := map[string][]byte{
		"welcome": Marshal(Welcome{Type: "welcome", ID: "1", Session: "s_1", Token: "t0k", User: ada,
			Limits: chat.Limits{Text: 65536, Rate: 20, Rooms: 50, Frame: 524288}, Ping: 25}),
		"event":    line,
		"ack":      AppendAck(nil, "3", &ev),
		"joined":   AppendJoined(nil, "2", &Joined{Room: "lobby", Head: 129, Lines: [][]byte{line}, More: true, Members: []chat.User{ada}, Count: 1}),
		"crowd":    AppendJoined(nil, "2", &Joined{Room: "agora", Count: 101, Crowd: true}),
		"history":  AppendHistory(nil, "4", "lobby", 129, nil, false),
		"presence": Marshal(Presence{Type: "presence", Room: "lobby", Change: chat.ChangeRename, User: &renamed, Old: "ada", Count: 2}),
		"count":    Marshal(Presence{Type: "presence", Room: "agora", Change: chat.ChangeCount, Count: 101}),
		"who":      Marshal(Who{Type: "who", ID: "5", Room: "lobby", Members: []chat.User{ada}, Count: 2, Next: "u_1"}),
		"rooms":    Marshal(Rooms{Type: "rooms", ID: "6", Rooms: []RoomLine{{Room: "lobby", Head: 129, Count: 2, At: &Time{at}}}}),
		"typing":   Marshal(Typing{Type: "typing", Room: "lobby", User: ada}),
		"lag":      Marshal(Lag{Type: "lag", Room: "lobby", Seq: 128}),
		"pong":     Marshal(Plain{Type: "pong", ID: "7"}),
		"left":     Marshal(Plain{Type: "left", ID: "8", Room: "lobby"}),
		"error": Marshal(Error{Type: "error", ID: "9", Room: "lobby", CID: "b3c1", Code: chat.CodeRateLimited,
			Message: "trop de messages : attendez un peu", Temporary: true, RetryAfterMS: 800}),
		"bye": Marshal(Bye{Type: "bye", Code: CloseRestart, Reason: "the server is restarting", Message: "le serveur redémarre"}),
	}
	for _, g := range lines[struct{ Name, Frame string }](t, "answers.jsonl") {
		if string(made[g.Name]) != g.Frame {
			t.Errorf("%s:\n got %s\nwant %s", g.Name, made[g.Name], g.Frame)
		}
		delete(made, g.Name)
	}
	for name := range made {
		t.Errorf("%s is in no golden frame", name)
	}
	back, err := DecodePush(line)
	if err != nil || !reflect.DeepEqual(back.Event(), ev) {
		t.Errorf("decoded %+v, %v; want %+v", back, err, ev)
	}
}
