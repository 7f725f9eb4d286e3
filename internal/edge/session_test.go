package edge_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/ws"
)

func TestFrameOfManyRequestsFillsNoMemory(t *testing.T) {
	h := open(t, nil)
	g := visit(t, h)
	g.say(`{"type":"hello","name":"ada"}` + "\n" + `{"type":"join","room":"r"}`)
	g.next("joined")
	const texts, requests = 20, 90 // more than the sockets hold, within the burst that is not slowed down
	for i := range texts {
		g.say(`{"type":"send","room":"r","cid":"c%d","text":%q}`, i, strings.Repeat("x", 8<<10))
		g.next("ack")
	}
	page := texts * 9 << 10
	g.say("%s", strings.Repeat(`{"type":"history","room":"r"}`+"\n", requests))
	server := h.conn(0)
	most, steady := 0, 0 // nobody reads: it grows until the server waits
	eventually(t, "the server waits", func() bool {
		if n := server.Queued(); n > most {
			most, steady = n, 0
		} else if n > queueBytes/2 {
			steady++
		}
		return steady == 50
	})
	if most > queueBytes+page {
		t.Errorf("%d bytes wait for one who reads nothing", most)
	}
	defer time.AfterFunc(patience, g.conn.Kill).Stop()
	for got := 0; got < requests; { // and nothing is lost
		_, b, err := g.conn.Read()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(b), `{"type":"history"`) {
			got++
		}
	}
}

// forgetful is a store of identities that does what the first claim asks, and does not answer.
type forgetful struct {
	accounts.Store
	once sync.Once
}

func (f *forgetful) ClaimName(ctx context.Context, key string, user chat.UserID, now, until time.Time) error {
	err := f.Store.ClaimName(ctx, key, user, now, until)
	f.once.Do(func() { err = accounts.ErrUnavailable })
	return err
}

func TestNameClaimedWithoutAnAnswer(t *testing.T) {
	h := open(t, func(w *world) { w.Accounts = &forgetful{Store: w.Accounts} })
	g := visit(t, h)
	g.say(`{"type":"hello","name":"ada"}`)
	if e := g.next("error", "welcome"); e["code"] != "unavailable" || e["temporary"] != true {
		t.Fatalf("got %v", e)
	}
	g.say(`{"type":"hello","name":"ada"}`)
	if w := g.next("error", "welcome"); w["type"] != "welcome" {
		t.Errorf("tried again: %v", w)
	}
}

func TestLostWelcome(t *testing.T) {
	h := open(t, nil)
	const secret = "made-by-chance-0123456789"
	hello := func(name string, more string) map[string]any {
		t.Helper()
		g := visit(t, h)
		g.say(`{"type":"hello","name":%q,"secret":%q%s}`, name, secret, more)
		return g.next("welcome", "error")
	}
	first := hello("ada", "") // and this answer is lost
	again := hello("ada", "")
	if again["type"] != "welcome" || again["token"] != first["token"] || again["back"] != false {
		t.Fatalf("said again: %v, first %v", again, first)
	}
	if first["user"].(map[string]any)["id"] != again["user"].(map[string]any)["id"] {
		t.Errorf("two users: %v, %v", first["user"], again["user"])
	}
	if other := hello("eve", ""); other["token"] != first["token"] || other["user"].(map[string]any)["name"] != "eve" {
		t.Errorf("said again with another name: %v", other)
	}
	g := visit(t, h)
	g.say(`{"type":"hello","token":%q}`, first["token"])
	if w := g.next("welcome", "error"); w["back"] != true || w["user"].(map[string]any)["name"] != "eve" {
		t.Errorf("with the token: %v", w)
	}
	if w := hello("bob", `,"token":"nobody's"`); w["code"] != "invalid_token" {
		t.Errorf("a token counts before a secret: %v", w)
	}
	for _, bad := range []string{"short", strings.Repeat("x", chat.MaxSecret+1)} {
		g := visit(t, h)
		g.say(`{"type":"hello","name":"bob","secret":%q}`, bad)
		if e := g.next("welcome", "error"); e["code"] != "bad_request" {
			t.Errorf("a secret of %d bytes: %v", len(bad), e)
		}
	}
}

func TestTextModeGoesToAnotherRoomWhileCatchingUp(t *testing.T) {
	h := open(t, nil)
	conn, err := ws.Dial(t.Context(), h.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		conn.Kill()
		<-conn.Done()
	}()
	read := func(want string) {
		t.Helper()
		defer time.AfterFunc(patience, conn.Kill).Stop()
		for {
			_, b, err := conn.Read()
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(b), want) {
				return
			}
		}
	}
	say := func(text string) {
		conn.Queue(ws.NewMessage(ws.Text, []byte(text)))
		conn.Flush()
	}
	say("bob")
	read("Bienvenue")
	g := visit(t, h)
	g.say(`{"type":"hello","name":"ada"}` + "\n" + `{"type":"join","room":"lobby"}`)
	g.next("joined")
	lags := h.Rooms.Stats()
	for i := 0; lags.Lags.Load() == 0; i++ { // bob reads nothing
		g.say(`{"type":"send","room":"lobby","cid":"c%d","text":%q}`, i, strings.Repeat("x", 32<<10))
		g.next("ack")
	}
	say("/join garden") // waits to be read until there is room
	read("Vous êtes maintenant dans garden")
	eventually(t, "it caught up with nothing any more", func() bool { return h.conn(0).Queued() == 0 })
	say("/who")
	read("Dans garden (1)")
	if n := lags.Members.Load(); n != 2 {
		t.Errorf("%d members of two rooms with one each", n)
	}
}
