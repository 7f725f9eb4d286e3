package tui

import (
	"maps"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"salon/internal/lang"
)

// TestPlainTerminal: a terminal that understands no escape sequences gets none, and one can talk at it all the same.
func TestPlainTerminal(t *testing.T) {
	address, restart := serve(t)
	bob := user(t, address, "bob", "lobby")
	t.Setenv("SALON_NAME", "")
	t.Setenv("USER", "")
	for name, env := range map[string]map[string]string{
		"dumb":    {"TERM": "dumb", "COLORTERM": "truecolor"},
		"unset":   {},
		"empty":   {"TERM": ""},
		"unknown": {"TERM": "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			ada := open(t, Options{Address: address, Lang: lang.English, env: terminalOf(env)})
			ada.lastRow("Your name:")
			ada.types("ada-" + name + "\r")
			ada.sees("Welcome, ada-"+name+"!", "In #lobby")
			ada.types("half a l")
			ada.lastRow("#lobby> half a l")
			say(t, bob, "lobby", "salut "+name+"\nsecond line")
			ada.sees("bob said: salut " + name + "\n    second line")
			ada.lastRow("#lobby> half a l")
			ada.types("ine\x01\x1b[C\x1b[C\x0b") // back to the start, two to the right, and delete the rest
			ada.lastRow("#lobby> ha")
			ada.types("\x0c\x1b[DX")
			ada.lastRow("#lobby> hXa")
			ada.types("\r/help\r")
			ada.sees("You said: hXa", "complete a name")
			ada.lastRow("#lobby>")
			ada.types("\x03")
			if err := ada.end(); err != nil {
				t.Error(err)
			}
			if strings.Contains(ada.drawn(), "\x1b") {
				t.Errorf("got an escape sequence: %q", ada.drawn())
			}
		})
	}
	ada := open(t, Options{Address: address, Name: "ada", Lang: lang.English, env: terminalOf(nil)})
	ada.sees("Welcome, ada!")
	ada.types("half")
	stop, start := restart()
	stop()
	ada.sees("connection lost")
	start()
	ada.sees("connected again")
	ada.lastRow("#lobby> half")
	if strings.Contains(ada.drawn(), "\x1b") {
		t.Errorf("got an escape sequence: %q", ada.drawn())
	}
}

// TestNoColor: with NO_COLOR or without colours a terminal gets no sequence that is about styles, even at the end.
func TestNoColor(t *testing.T) {
	address, _ := serve(t)
	for name, o := range map[string]Options{
		"variable": {env: terminalOf(map[string]string{"TERM": "xterm-256color", "NO_COLOR": "1"})},
		"flag":     {Color: "never"},
	} {
		o.Address, o.Name = address, name
		ada := open(t, o)
		ada.sees("Bienvenue")
		ada.types("salut\r")
		ada.sees("Vous avez dit : salut")
		ada.types("\x03")
		if err := ada.end(); err != nil {
			t.Error(err)
		}
		until(t, ada.drawn, func() bool { return strings.Contains(ada.drawn(), pasteOff) })
		if m := regexp.MustCompile(`\x1b\[[\d;]*m`).FindString(ada.drawn()); m != "" {
			t.Errorf("%s: %q in %q", name, m, ada.drawn())
		}
	}
}

// TestInterruptClearsTheLine: Ctrl-C clears what is typed, as in a shell, and only then ends the talk.
func TestInterruptClearsTheLine(t *testing.T) {
	address, _ := serve(t)
	t.Setenv("SALON_NAME", "")
	t.Setenv("USER", "")
	ada := open(t, Options{Address: address, Lang: lang.English})
	ada.types("nobod\x03")
	ada.lastRow("Your name:")
	ada.types("ada\r")
	ada.sees("Welcome, ada!")
	ada.types("half a line\x03")
	ada.lastRow("#lobby>")
	ada.types("\x1b[A")
	ada.lastRow("#lobby> half a line")
	ada.types("\x03   \x03\x1b[200~pasted\x03")
	ada.lastRow("#lobby>")
	ada.types("still here\r")
	ada.sees("You said: still here")
	ada.types("x\x03\x03")
	if err := ada.end(); err != nil {
		t.Error(err)
	}
	unnamed := open(t, Options{Address: address, Lang: lang.English})
	unnamed.lastRow("Your name:")
	unnamed.types("x\x03\x03")
	if err := unnamed.end(); err != nil {
		t.Error(err)
	}
}

// TestAddressOfNoServer: the message that there is no server names the address, at the start and after a loss, whatever it is
// that answers there.
func TestAddressOfNoServer(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := nobody.Addr().String()
	nobody.Close()
	ada := open(t, Options{Address: address, Name: "ada", Lang: lang.English})
	ada.sees("cannot reach ws://"+address+"/ws: connection refused", "connection refused; next try in")

	rude, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer rude.Close()
	go func() {
		for {
			c, err := rude.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	ben := open(t, Options{Address: rude.Addr().String(), Name: "ben", Lang: lang.English})
	ben.sees("cannot reach ws://" + rude.Addr().String() + "/ws: ")

	address, restart := serve(t)
	eve := open(t, Options{Address: address, Name: "eve", Lang: lang.English})
	eve.sees("Welcome, eve!")
	stop, _ := restart()
	stop()
	eve.sees("connection lost", "cannot reach ws://"+address+"/ws: connection refused")
}

// TestNameOfAnother: whoever is refused a name is told what to do about it.
func TestNameOfAnother(t *testing.T) {
	address, _ := serve(t)
	user(t, address, "bea", "lobby")
	for l, want := range map[lang.Lang]string{
		lang.English: "salon: the name \"bea\" is in use, or kept for somebody who left. Take another name (--name). If it is your own name " +
			"on another machine or in a browser, bring its token along (--token, or SALON_TOKEN)",
		lang.French: "salon: le nom «\u00a0bea\u00a0» est pris, ou gardé pour quelqu’un qui est parti. Prenez un autre nom (--name). Si c’est " +
			"votre propre nom sur une autre machine ou dans un navigateur, apportez-en le jeton (--token, ou SALON_TOKEN)",
	} {
		p := pipeTo(t, Options{Address: address, Name: "bea", Lang: l}, false)
		if err := <-p.ended; err == nil || "salon: "+err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	t.Setenv("SALON_NAME", "")
	bea := open(t, Options{Address: address, Name: "Bea", Lang: lang.English})
	until(t, bea.drawn, func() bool { // in rows of the terminal
		return strings.Contains(bea.drawn(), "Take another name (--name)") && strings.Contains(bea.drawn(), "SALON_TOKEN")
	})
	bea.types("ada\r")
	bea.sees("Welcome, ada!")
}

// TestOneServerByAllItsNames: who was here as localhost is the same user as 127.0.0.1, and a name is the same in all of
// Unicode's forms.
func TestOneServerByAllItsNames(t *testing.T) {
	address, _ := serve(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ids := map[string]bool{}
	for _, o := range []Options{
		{Address: "localhost:" + port, Name: "Zo\u00eb"},
		{Address: address, Name: "Zoe\u0308"},
		{Address: "http://LOCALHOST:" + port + "/?room=garden", Name: "ZOE\u0308"},
		{Address: "[::ffff:127.0.0.1]:" + port, Name: "zo\u00eb"},
	} {
		o.TokenDir, o.Lang, o.JSON = dir, lang.English, true
		p := pipeTo(t, o, false)
		p.write("salut\n")
		p.in.Close()
		if err := <-p.ended; err != nil {
			t.Errorf("%s as %+q: %v", o.Address, o.Name, err)
		}
		ids[regexp.MustCompile(`u_\w+`).FindString(p.output())] = true
	}
	if len(ids) != 1 || ids[""] {
		t.Errorf("users: %v", ids)
	}
}

func TestServerKey(t *testing.T) {
	for server, want := range map[string]string{
		"ws://127.0.0.1:8888/ws":             "ws://127.0.0.1:8888/ws",
		"ws://localhost:8888/ws":             "ws://127.0.0.1:8888/ws",
		"ws://salon.localhost:8888/ws":       "ws://127.0.0.1:8888/ws",
		"ws://[::1]:8888/ws":                 "ws://127.0.0.1:8888/ws",
		"ws://[0:0:0:0:0:0:0:1]:8888/ws":     "ws://127.0.0.1:8888/ws",
		"ws://0.0.0.0:8888/ws":               "ws://127.0.0.1:8888/ws",
		"ws://[::]:8888/ws":                  "ws://127.0.0.1:8888/ws",
		"ws://[::1%25lo]:8888/ws":            "ws://127.0.0.1:8888/ws",
		"ws://localhost/ws":                  "ws://127.0.0.1/ws",
		"ws://localhost:9999/ws":             "ws://127.0.0.1:9999/ws",
		"ws://127.0.0.2:8888/ws":             "ws://127.0.0.2:8888/ws", // can be another server
		"wss://Chat.Example:443/ws":          "wss://chat.example/ws",
		"ws://chat.example:80/ws?room=x":     "ws://chat.example/ws",
		"wss://u:p@chat.example:8443/ws":     "wss://chat.example:8443/ws",
		"ws://[2001:DB8::7]/ws":              "ws://[2001:db8::7]/ws",
		"ws://[fe80:0::1%25lo]:8888/ws":      "ws://[fe80::1%25lo]:8888/ws",
		"ws://chat.example:8888/another/way": "ws://chat.example:8888/another/way",
		"s":                                  "s",
	} {
		if got := serverKey(server); got != want {
			t.Errorf("%s: %s, want %s", server, got, want)
		}
	}
}

// TestTokensUnderOldServers has a file of an earlier version, which kept tokens under the URL that was asked for.
func TestTokensUnderOldServers(t *testing.T) {
	tokens, err := openTokens(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	old := `{"ws://localhost:8888/ws": {"ada": "t1", "bob": "t2"}, "ws://[::1]:8888/ws": {"eve": "t3"},
		"ws://127.0.0.1:8888/ws": {"ada": "t4"}, "ws://localhost:9999/ws": {"ada": "t5"}}`
	if err := os.WriteFile(tokens.path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tokens.save("ws://[::1]:8888/ws", "zoe", "t6"); err != nil {
		t.Fatal(err)
	}
	b, err := tokens.read()
	if err != nil {
		t.Fatal(err)
	}
	for server, want := range map[string]map[string]string{
		"ws://127.0.0.1:8888/ws": {"ada": "t4", "bob": "t2", "eve": "t3", "zoe": "t6"},
		"ws://127.0.0.1:9999/ws": {"ada": "t5"},
		"ws://localhost:8888/ws": {"ada": "t1"}, // of another user of that name; it is not thrown away
	} {
		if !maps.Equal(b[server], want) {
			t.Errorf("%s: %v, want %v", server, b[server], want)
		}
	}
	if len(b) != 3 {
		t.Errorf("servers: %v", b)
	}
}
