package session

import (
	"context"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

func TestNewNameIsThatOfAllSessions(t *testing.T) {
	h := open(t, nil)
	one, two, watch := visit(t, h), visit(t, h), visit(t, h)
	one.say(`{"type":"hello","name":"ada"}`)
	w := one.next("welcome")
	two.say(`{"type":"hello","token":%q}`+"\n"+`{"type":"join","room":"r"}`, w["token"])
	two.next("joined")
	watch.say(`{"type":"hello","name":"bob"}` + "\n" + `{"type":"join","room":"r"}`)
	watch.next("joined")
	one.say(`{"type":"hello","name":"eve"}`) // which is not in the room itself
	one.next("welcome")
	if p := watch.next("presence"); p["change"] != "rename" || p["user"].(map[string]any)["name"] != "eve" {
		t.Errorf("the room was told %v", p)
	}

	user := chat.User{ID: chat.UserID(w["user"].(map[string]any)["id"].(string)), Name: "eva"}
	h.Renamed(user) // on another node
	h.names.mu.Lock()
	held := *h.names.here[user.ID]
	h.names.mu.Unlock()
	if held.key != keyOf("eva") || held.sessions != 2 {
		t.Errorf("holds %+v", held)
	}
	two.say(`{"type":"send","room":"r","cid":"c","text":"x"}`)
	if e := watch.next("event"); e["user"].(map[string]any)["name"] != "eva" {
		t.Errorf("said as %v", e["user"])
	}
}

// slowRoom is a history that reads the room "slow" when it is let.
type slowRoom struct {
	history.Store
	asked, goOn chan struct{}
	fail        error // what the read gives then
}

func (s *slowRoom) Read(ctx context.Context, room chat.RoomID, q history.Query) (history.Page, error) {
	if room == "slow" {
		close(s.asked)
		<-s.goOn
		if s.fail != nil {
			return history.Page{}, s.fail
		}
	}
	return s.Store.Read(ctx, room, q)
}

func TestNewNameWhileJoining(t *testing.T) {
	s := &slowRoom{asked: make(chan struct{}), goOn: make(chan struct{})}
	h := openWith(t, func(real history.Store) history.Store { s.Store = real; return s }, nil)
	one, two, watch := visit(t, h), visit(t, h), visit(t, h)
	one.say(`{"type":"hello","name":"ada"}`)
	two.say(`{"type":"hello","token":%q}`, one.next("welcome")["token"])
	two.next("welcome")
	two.say(`{"type":"join","room":"slow"}`)
	<-s.asked
	one.say(`{"type":"hello","name":"eve"}`)
	one.next("welcome")
	close(s.goOn)
	if p := two.next("presence"); p["change"] != "rename" || p["old"] != "ada" {
		t.Errorf("the room was told %v", p)
	}
	watch.say(`{"type":"hello","name":"bob"}` + "\n" + `{"type":"join","room":"slow"}`)
	for _, m := range watch.next("joined")["members"].([]any) {
		if m.(map[string]any)["name"] == "ada" {
			t.Error("one who joins later is shown the old name")
		}
	}
}

func TestNewNameWhileTextModeFailsToGoElsewhere(t *testing.T) {
	s := &slowRoom{asked: make(chan struct{}), goOn: make(chan struct{}), fail: history.ErrUnavailable}
	h := openWith(t, func(real history.Store) history.Store { s.Store = real; return s }, nil)
	watch, ada := visit(t, h), visitText(t, h)
	watch.say(`{"type":"hello","name":"bob"}` + "\n" + `{"type":"join","room":"lobby"}`)
	watch.next("joined")
	ada.say("ada")
	user := watch.next("presence")["user"].(map[string]any)
	ada.say("/join slow")
	<-s.asked
	h.Renamed(chat.User{ID: chat.UserID(user["id"].(string)), Name: "eve"}) // on another node
	close(s.goOn)
	if p := watch.next("presence"); p["change"] != "rename" {
		t.Errorf("the room was told %v", p)
	}
}
