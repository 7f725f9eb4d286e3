package wire

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

func TestTextMode(t *testing.T) {
	n := start(t)
	ada := dial(t, n, "") // the course's clients name only host and port
	ada.send("Hello|ada")
	ada.expect("Bienvenue ada, vous êtes dans lobby. /help donne les commandes.", "Votre nom ?")
	bob := dial(t, n, "ws?lang=en")
	bob.send("bob")
	bob.expect("Welcome bob, you are in lobby. /help lists the commands.", "Your name?")
	ada.expect("Annonce : bob a rejoint la chatroom")
	ada.send("salut")
	bob.expect("ada said: salut")
	bob.send("//slash")
	ada.expect("bob a dit : /slash") // and not its own line
	bob.send("/who")
	bob.expect("In lobby (2): ada, bob")
	bob.send("/nick robert")
	bob.expect("You are now called robert", "Announcement: bob is now called robert")
	ada.expect("Annonce : bob s’appelle désormais robert")
	bob.send("/nope")
	bob.expect("Unknown command /nope. /help lists the commands.", "Announcement: bob is now")
	bob.conn.Close(websocket.StatusNormalClosure, "")
	ada.expect("Annonce : robert a quitté la chatroom")

	late := dial(t, n, "?room=lobby")
	late.send("hello|late")
	late.expect("Bienvenue late, vous êtes dans lobby. /help donne les commandes.", "Votre nom ?")
	late.expect("ada a dit : salut")
	late.expect("bob a dit : /slash")
	late.send("/join jardin")
	late.expect("Vous êtes maintenant dans jardin")
	ada.expect("Annonce : late a rejoint la chatroom")
	ada.expect("Annonce : late a quitté la chatroom")
}

func TestTextModeNames(t *testing.T) {
	n := start(t)
	ada := dial(t, n, "?lang=en")
	ada.send("Hello|Ada")
	ada.expect("Welcome Ada, you are in lobby. /help lists the commands.", "Your name?")
	other := dial(t, n, "?lang=en")
	other.send("ada")
	other.expect(`Error: the name "ada" is in use, or kept for somebody who left`, "Your name?")
	other.send("a|b|c")
	other.expect("Error: the name has a '|'")
	ada.conn.Close(websocket.StatusNormalClosure, "")
	eventually(t, "the name is free", func() bool {
		p := dial(t, n, "?lang=en")
		p.send("ada")
		p.line()
		return strings.HasPrefix(p.line(), "Welcome")
	})
}

func TestTextModeCommands(t *testing.T) {
	n := start(t)
	ada := dial(t, n, "?lang=en&room=%23OpS&last=0")
	ada.send(`{"type":"hello","name":"ada"}`)
	ada.expect("Error: this is text mode; for JSON connect with the subprotocol salon.v1.json", "Your name?")
	ada.binary("ada")
	ada.expect("Error: a message is a text frame")
	ada.send("ada")
	ada.expect("Welcome ada, you are in ops. /help lists the commands.")
	ada.binary("bin\xff\x00")
	ada.expect("Error: a message is a text frame")
	ada.send("first")
	ada.send("second")
	for command, usage := range map[string]string{
		"/nick": "/nick <name>", "/join": "/join <room>", "/history x": "/history [n]", "/history 0": "/history [n]",
	} {
		ada.send(command)
		ada.expect(usage)
	}
	watch := dialJSON(t, n) // text mode is not told when something is stored
	watch.hello("watch")
	eventually(t, "both are stored", func() bool {
		watch.send(`{"type":"rooms"}`)
		for _, r := range watch.next("rooms")["rooms"].([]any) {
			return r.(map[string]any)["head"] == 2.0
		}
		return false
	})
	bob := dial(t, n, "?lang=en&room=OPS&last=1")
	bob.send("bob")
	bob.expect("Welcome bob, you are in ops. /help lists the commands.", "Your name?")
	bob.expect("ada said: second")
	ada.expect("Announcement: bob joined the chat room")
	none := dial(t, n, "?lang=en&room=ops&last=0")
	none.send("eve")
	none.expect("Welcome eve, you are in ops. /help lists the commands.", "Your name?")
	ada.expect("Announcement: eve joined the chat room")
	bob.expect("Announcement: eve joined the chat room")
	ada.send("/nick Arthur")
	ada.expect("You are now called Arthur")
	for _, p := range []*peer{bob, none} {
		p.expect("Announcement: ada is now called Arthur")
	}
	ada.send("/who")
	ada.expect("In ops (3): Arthur, bob, eve")
	for _, query := range []string{"?room=a/b", "?last=-1", "?last=x"} {
		conn, res, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(n.URL(), "http")+query, nil)
		if err == nil {
			conn.CloseNow()
		}
		if err == nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %v, want status 400", query, err)
		}
	}
}
