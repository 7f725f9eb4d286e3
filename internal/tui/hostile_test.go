package tui

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"salon/internal/lang"
	"salon/internal/ws"
)

// evil clears the screen and renames the window of a terminal that it reaches.
const evil = "\x1b]0;mine\x07\x1b[2J\u009b31m"

// hostile is a server that one should not trust: it answers what is asked of it with control sequences.
func hostile(t *testing.T) (address string) {
	t.Helper()
	var here sync.WaitGroup
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		here.Add(1)
		defer here.Done()
		c, err := ws.Upgrade(w, r, &ws.Options{Subprotocols: []string{"salon.v1.json"}})
		if err != nil {
			return
		}
		defer c.Kill()
		bad, _ := json.Marshal(evil)
		say := func(s string) {
			c.Queue(ws.NewMessage(ws.Text, []byte(strings.ReplaceAll(s, "EVIL", strings.Trim(string(bad), `"`)))))
			c.Flush()
		}
		for greeted := false; ; {
			_, b, err := c.Read()
			if err != nil {
				return
			}
			var q struct{ Type, ID, Room, CID, Text string }
			json.Unmarshal(b, &q)
			id := `"id":"` + q.ID + `",`
			switch {
			case q.Type == "hello" && !greeted:
				greeted = true
				say(`{"type":"welcome",` + id + `"session":"s","user":{"id":"u_x","name":"ada","color":"#000000"},` +
					`"limits":{"text":1000,"rooms":5,"frame":100000},"ping":25}`)
			case q.Type == "join" && q.Room == "lobby":
				say(`{"type":"joined",` + id + `"room":"lobby","head":0,"events":[],"more":false,"count":1,` +
					`"members":[{"id":"u_y","name":"zaEVIL","color":"EVIL"}]}`)
				say(`{"type":"error","code":"internal","message":"a complaint EVIL"}`)
			default:
				say(`{"type":"error",` + id + `"code":"EVIL","message":"no ` + q.Type + ` EVIL"}`)
			}
			if q.Text == "go" {
				c.Close(4100, "closed by "+evil)
			}
		}
	}))
	t.Cleanup(func() { web.CloseClientConnections(); here.Wait(); web.Close() })
	return strings.TrimPrefix(web.URL, "http://")
}

var ours = regexp.MustCompile(`\x1b\[(\d*[ACJ]|[\d;]*m|\?2004[hl]|\?25h)|\r\n|\r|\n`)

// strange gives what a program wrote to a terminal that is neither text nor of this program's own drawing.
func strange(drawn string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' {
			return r
		}
		return -1
	}, ours.ReplaceAllString(drawn, ""))
}

func TestHostileServerStaysText(t *testing.T) {
	ada := open(t, Options{Address: hostile(t), Name: "ada", Lang: lang.English})
	ada.sees("Welcome, ada!", "a complaint")
	ada.types("/nick bob\r/join garden\rza\t\x15")
	ada.sees("Error: no hello", "the room #garden: no join")
	ada.lastRow("#lobby>") // only then is it certain where the next line goes
	ada.types("said\r")
	ada.sees("not sent: said (no ")
	ada.types("go\r")
	ada.sees("connection lost: closed by")
	if s := strange(ada.drawn()); s != "" {
		t.Errorf("got through: %q in %q", s, ada.drawn())
	}
}

func TestHostileServerStaysTextInAPipe(t *testing.T) {
	p := pipeTo(t, Options{Address: hostile(t), Name: "ada", Lang: lang.English, Follow: true}, false)
	p.write("said\ngo\n")
	for _, want := range []string{"a complaint", "refused: no send", "connection lost: closed by"} {
		until(t, p.toPeople, func() bool { return strings.Contains(p.toPeople(), want) })
	}
	if s := strange(p.toPeople()); s != "" {
		t.Errorf("got through: %q in %q", s, p.toPeople())
	}
	refused := pipeTo(t, Options{Address: hostile(t), Name: "ada", Lang: lang.English, Rooms: []string{"garden"}}, false)
	if err := <-refused.ended; err == nil || strange(err.Error()) != "" {
		t.Errorf("ended with %q", err)
	}
}
