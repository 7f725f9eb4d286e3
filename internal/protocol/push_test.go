package protocol

import (
	"testing"
	"time"

	"salon/internal/chat"
)

// TestPushGolden: a client decodes each golden answer, and finds in it what its type has.
func TestPushGolden(t *testing.T) {
	ada := chat.User{ID: "u_1", Name: "ada", Color: "#7c3aed"}
	for _, g := range lines[struct{ Name, Frame string }](t, "answers.jsonl") {
		p, err := DecodePush([]byte(g.Frame))
		if err != nil {
			t.Errorf("%s: %v", g.Name, err)
			continue
		}
		ok := true
		switch g.Name {
		case "welcome":
			ok = p.User == ada && p.Token == "t0k" && p.Ping == 25 && p.Limits.Frame == 524288
		case "event":
			ok = p.Event().Seq == 129 && p.Event().Room == "lobby" && p.Event().User == ada && p.Event().Kind == chat.KindMessage
		case "joined":
			page := p.Page("lobby")
			ok = len(page) == 1 && page[0].Seq == 129 && page[0].Room == "lobby" && p.Head == 129 && p.More && p.Count == 1
		case "presence":
			told := p.Presence()
			ok = told.User != nil && told.User.Name == "ada l." && told.Old == "ada" && told.Change == chat.ChangeRename
		case "count":
			ok = p.Presence().User == nil && p.Presence().Count == 101
		case "rooms":
			ok = len(p.Rooms) == 1 && p.Rooms[0].Room == "lobby"
		case "lag":
			ok = p.Room == "lobby" && p.Seq == 128
		case "error":
			ok = p.ErrorCode() == chat.CodeRateLimited && p.Temporary && p.RetryAfter() == 800*time.Millisecond && p.CID == "b3c1"
		case "bye":
			ok = p.CloseCode() == CloseRestart && p.ErrorCode() == "" && p.RetryAfter() == 0
		}
		if !ok {
			t.Errorf("%s: decoded %+v", g.Name, p)
		}
	}
}

func TestRetryAfterIsBounded(t *testing.T) {
	for ms, want := range map[int64]time.Duration{-5: 0, 0: 0, 300: 300 * time.Millisecond, 1 << 50: 10 * time.Minute} {
		if got := (&Push{RetryAfterMS: ms}).RetryAfter(); got != want {
			t.Errorf("%d ms: %v, want %v", ms, got, want)
		}
	}
}
