// Package wire tests a whole node over real sockets with a foreign WebSocket client: both ways in, and what happens to bad
// input.
package wire

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"salon/internal/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestJSONConversation(t *testing.T) {
	n := start(t)
	ada, bob := dialJSON(t, n), dialJSON(t, n)
	w := ada.hello("ada")
	if w["type"] != "welcome" || w["id"] != "h" || w["back"] != false || w["token"] == nil || w["ping"] != 25.0 {
		t.Fatalf("welcome: %v", w)
	}
	bob.hello("bob")
	ada.join("lobby")
	if j := bob.join("lobby"); j["count"] != 2.0 || len(j["members"].([]any)) != 2 {
		t.Fatalf("joined: %v", j)
	}
	if p := ada.next("presence"); p["change"] != "join" || p["user"].(map[string]any)["name"] != "bob" {
		t.Fatalf("presence: %v", p)
	}
	ada.send(`{"type":"send","id":"s","room":"lobby","cid":"c1","text":"salut"}` + "\n" + `{"type":"typing","room":"lobby"}`)
	if a := ada.next("ack"); a["id"] != "s" || a["cid"] != "c1" || a["seq"] != 1.0 || a["at"] == nil {
		t.Fatalf("ack: %v", a)
	}
	for _, p := range []*peer{ada, bob} {
		if e := p.next("event"); e["seq"] != 1.0 || e["text"] != "salut" || e["cid"] != "c1" || e["kind"] != "message" {
			t.Fatalf("event: %v", e)
		}
	}
	if e := bob.next("typing"); e["user"].(map[string]any)["name"] != "ada" {
		t.Fatalf("typing: %v", e)
	}
	ada.send(`{"type":"send","room":"lobby","cid":"c1","text":"salut"}`)
	if a := ada.next("ack"); a["seq"] != 1.0 {
		t.Fatalf("sent again: %v", a)
	}
	bob.send(`{"type":"history","id":"y","room":"lobby","after":0}`)
	if h := bob.next("history"); len(h["events"].([]any)) != 1 || h["head"] != 1.0 || h["more"] != false || h["id"] != "y" {
		t.Fatalf("history: %v", h)
	}
	bob.send(`{"type":"who","room":"lobby"}`)
	if h := bob.next("who"); h["count"] != 2.0 {
		t.Fatalf("who: %v", h)
	}
	bob.send(`{"type":"rooms"}`)
	if h := bob.next("rooms"); len(h["rooms"].([]any)) != 1 {
		t.Fatalf("rooms: %v", h)
	}
	bob.send(`{"type":"ping","id":"p"}`)
	if h := bob.next("pong"); h["id"] != "p" {
		t.Fatalf("pong: %v", h)
	}
	bob.send(`{"type":"hello","name":"robert"}`)
	if h := bob.next("welcome"); h["user"].(map[string]any)["name"] != "robert" {
		t.Fatalf("renamed: %v", h)
	}
	if p := ada.next("presence"); p["change"] != "rename" || p["old"] != "bob" {
		t.Fatalf("rename: %v", p)
	}
	bob.send(`{"type":"leave","id":"l","room":"lobby"}`)
	bob.next("left")
	if p := ada.next("presence"); p["change"] != "leave" || p["count"] != 1.0 {
		t.Fatalf("leave: %v", p)
	}
}

func TestTokenBringsBack(t *testing.T) {
	dir := t.TempDir()
	n := start(t, "--data="+dir)
	ada := dialJSON(t, n)
	w := ada.hello("ada")
	ada.join("lobby")
	ada.send(`{"type":"send","room":"lobby","cid":"c1","text":"salut"}`)
	ada.next("ack")
	thief := dialJSON(t, n)
	if e := thief.hello("ADA"); e["code"] != "name_taken" {
		t.Fatalf("another ada: %v", e)
	}
	thief.send(`{"type":"hello","name":"ada","token":"guess"}`)
	if e := thief.next("error", "welcome"); e["code"] != "invalid_token" {
		t.Fatalf("a guessed token: %v", e)
	}
	ada.send(fmt.Sprintf(`{"type":"hello","name":"ada","token":%q}`, w["token"])) // on the same connection: nothing changes
	ada.next("welcome")

	again := dialJSON(t, n)
	again.send(fmt.Sprintf(`{"type":"hello","token":%q}`, w["token"]))
	back := again.next("welcome", "error")
	if back["back"] != true || back["token"] != nil || back["user"].(map[string]any)["id"] != w["user"].(map[string]any)["id"] {
		t.Fatalf("back: %v", back)
	}
	again.send(`{"type":"join","room":"lobby","since":0}`)
	if j := again.next("joined"); len(j["events"].([]any)) != 1 || j["count"] != 1.0 {
		t.Fatalf("joined: %v", j)
	}
}

func TestNameOfOneWhoNeverGotItsToken(t *testing.T) {
	n := start(t)
	lost := dialJSON(t, n)
	lost.send(`{"type":"hello","name":"ada"}`)
	lost.next("welcome") // as the server sees it: the connection dies before this arrives
	lost.conn.CloseNow()
	eventually(t, "the name is free", func() bool { return dialJSON(t, n).hello("ada")["type"] == "welcome" })
}

func TestBadRequests(t *testing.T) {
	n := start(t, "--max-text=100", "--max-rooms=2")
	p := dialJSON(t, n)
	refused := func(request, code string) {
		t.Helper()
		p.send(request)
		e := p.next("error")
		if e["code"] != code {
			t.Errorf("%.80s: %v, want %s", request, e, code)
		}
	}
	refused(`{"type":"join","room":"lobby"}`, "hello_first")
	refused(`{"type":"hello","name":""}`, "invalid_name")
	refused(`{"type":"hello"}`, "invalid_name")
	refused(`{"type":"hello","name":"a\u0000b"}`, "invalid_name")
	refused(`{"type":"hello","name":"a\u202eb"}`, "invalid_name")
	p.hello("ada")
	refused(`{`, "bad_request")
	refused(`[]`, "bad_request")
	refused(`{"type":7}`, "bad_request")
	refused(`{"type":"fly"}`, "unknown_request")
	refused(`{"type":"send","room":"lobby","cid":"c","text":"x"}`, "not_member")
	for _, room := range []string{"", "a/b", "../etc", `a\u0000`, `a\u001b[0m`, "a b", `e\u0301`} {
		refused(fmt.Sprintf(`{"type":"join","room":"%s"}`, room), "invalid_room")
	}
	p.join("lobby")
	p.join("two")
	refused(`{"type":"join","room":"three"}`, "too_many_rooms")
	refused(`{"type":"send","room":"lobby","text":"x"}`, "invalid_cid")
	refused(`{"type":"send","room":"lobby","cid":"a b","text":"x"}`, "invalid_cid")
	for _, text := range []string{`\n `, `\u200b`, `\ufeff`, `\u3164`, `\u0000`, `\u0301`, `\u202e`} {
		refused(fmt.Sprintf(`{"type":"send","room":"lobby","cid":"c","text":"%s"}`, text), "invalid_text")
	}
	refused(`{"type":"send","room":"lobby","cid":"c","text":"`+strings.Repeat("x", 101)+`"}`, "too_large")
	refused(`{"type":"history","room":"lobby","before":1,"after":1}`, "bad_request")
	refused(`{"type":"history","room":"lobby","before":0}`, "bad_request")
	refused(`{"type":"history","room":"lobby","limit":0}`, "bad_request")
	refused(`{"type":"join","room":"lobby","last":-1}`, "bad_request")
	refused(`{"room":"lobby"}`, "bad_request")
	refused(`{"type":"join"}`, "invalid_room")
	refused(`{"type":"send","cid":"c","text":"x"}`, "invalid_room")
	refused(`{"type":"send","room":"lobby","cid":"c"}`, "invalid_text")
	p.send(`{"type":"join","room":"lobby","last":201}`)
	p.next("joined")
	p.send(`{"type":"history","room":"lobby","limit":1000}`)
	p.next("history")
	p.send(`{"type":"ping"}`)
	p.next("pong") // and nothing else happened
}

func TestFloodIsRefusedAndCounted(t *testing.T) {
	n := start(t, "--max-rate=5")
	p := dialJSON(t, n)
	p.hello("ada")
	p.join("lobby")
	var flood strings.Builder // in one frame, so that no pause between frames lets more through
	for i := range 40 {
		fmt.Fprintf(&flood, `{"type":"send","room":"lobby","cid":"c%d","text":"x"}`+"\n", i)
	}
	p.send(flood.String())
	acks, refused := 0, 0
	for range 40 {
		switch o := p.next("ack", "error"); {
		case o["type"] == "ack":
			acks++
		case o["code"] == "rate_limited" && o["temporary"] == true && o["retry_after_ms"].(float64) > 0 && o["cid"] != nil:
			refused++
		default:
			t.Fatalf("got %v", o)
		}
	}
	if acks < 10 || refused == 0 {
		t.Errorf("%d acknowledged, %d refused", acks, refused)
	}
}

func TestHelloTimeout(t *testing.T) {
	n := start(t, "--hello-timeout=100ms")
	if code := dialJSON(t, n).closed(); code != protocol.CloseHelloTimeout {
		t.Errorf("closed with %d", code)
	}
}

func TestHellosAreCounted(t *testing.T) {
	n := start(t)
	p := dialJSON(t, n)
	for range 10 {
		p.send(`{"type":"hello","name":"|"}`)
	}
	if code := p.closed(); code != protocol.CloseBadHello {
		t.Errorf("closed with %d", code)
	}
}

func TestTooLargeAndNotText(t *testing.T) {
	n := start(t, "--max-text=1000", "--max-frame=2000")
	p := dialJSON(t, n)
	p.hello("ada")
	p.send(`{"type":"ping","x":"` + strings.Repeat("x", 3000) + `"}`)
	if code := p.closed(); code != websocket.StatusMessageTooBig {
		t.Errorf("too large: closed with %d", code)
	}
	p = dialJSON(t, n)
	p.conn.Write(t.Context(), websocket.MessageBinary, []byte{1})
	if e := p.next("error"); e["code"] != "bad_request" {
		t.Errorf("binary: %v", e)
	}
	p.conn.Write(t.Context(), websocket.MessageText, []byte("{\"type\":\"ping\",\"x\":\"\xff\"}"))
	if code := p.closed(); code != websocket.StatusInvalidFramePayloadData {
		t.Errorf("not UTF-8: closed with %d", code)
	}
}

func TestOneAddress(t *testing.T) {
	n := start(t, "--max-per-address=3")
	for range 3 {
		dialJSON(t, n)
	}
	if code := dialJSON(t, n).closed(); code != protocol.CloseTooMany {
		t.Errorf("closed with %d", code)
	}
}

func TestStopSaysBye(t *testing.T) {
	n := start(t)
	p := dialJSON(t, n)
	p.hello("ada")
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		n.Stop(ctx)
	}()
	if b := p.next("bye"); b["code"] != float64(protocol.CloseRestart) || b["reason"] == "" {
		t.Errorf("bye: %v", b)
	}
	if code := p.closed(); code != protocol.CloseRestart {
		t.Errorf("closed with %d", code)
	}
	<-done
}

func TestHostileTextStaysText(t *testing.T) {
	n := start(t)
	ada, text := dialJSON(t, n), dial(t, n, "?lang=en")
	ada.hello("ada")
	ada.join("lobby")
	text.send("bob")
	text.expect("Welcome bob, you are in lobby. /help lists the commands.", "Your name?")
	ada.send(`{"type":"send","room":"lobby","cid":"c1","text":"\u001b[2J<script>alert(1)</script>\nAnnonce : root"}`)
	text.expect("ada said: \ufffd[2J<script>alert(1)</script>\n    Annonce : root")
	if e := ada.next("event"); e["text"] != "\x1b[2J<script>alert(1)</script>\nAnnonce : root" {
		t.Errorf("event: %v", e)
	}
}

func TestRestartKeepsHistory(t *testing.T) {
	dir := t.TempDir()
	first := start(t, "--data="+dir)
	p := dialJSON(t, first)
	token := p.hello("ada")["token"]
	p.join("lobby")
	for i := range 60 {
		p.send(fmt.Sprintf(`{"type":"send","room":"lobby","cid":"c%d","text":"x"}`, i))
		if o := p.next("ack", "error"); o["type"] == "error" { // after the pause that the server asks for, it is accepted
			time.Sleep(time.Duration(o["retry_after_ms"].(float64)) * time.Millisecond)
			p.send(fmt.Sprintf(`{"type":"send","room":"lobby","cid":"c%d","text":"x"}`, i))
			p.next("ack")
		}
	}
	p.conn.CloseNow()
	stop(t, first)
	second := start(t, "--data="+dir)
	p = dialJSON(t, second)
	p.send(fmt.Sprintf(`{"type":"hello","token":%q}`, token))
	if w := p.next("welcome", "error"); w["back"] != true {
		t.Fatalf("after the restart: %v", w)
	}
	if j := p.join("lobby"); j["head"] != 60.0 || len(j["events"].([]any)) != 50 || j["more"] != true {
		t.Errorf("after the restart: head %v, %d events, more %v", j["head"], len(j["events"].([]any)), j["more"])
	}
}
