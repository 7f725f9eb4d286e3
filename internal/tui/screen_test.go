package tui

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"salon/internal/lang"
)

func TestTalk(t *testing.T) {
	address, _ := serve(t)
	bob := user(t, address, "bob", "lobby")
	say(t, bob, "lobby", "first")
	logged := filepath.Join(t.TempDir(), "log")
	tokens := t.TempDir()
	ada := open(t, Options{Address: address, Name: "ada", LogFile: logged, TokenDir: tokens})
	ada.sees("Bienvenue, ada !", "Dans #lobby (2) : ", "bob a dit : first")

	ada.types("half a l")
	say(t, bob, "lobby", "salut 👩‍👩‍👧\nsecond line")
	ada.sees("bob a dit : salut 👩‍👩‍👧\n    second line")
	ada.lastRow("#lobby> half a l")
	ada.types("ine\r")
	ada.sees("Vous avez dit : half a line")
	ada.lastRow("#lobby>")

	ada.types("//slash\r/nope\r")
	ada.sees("Vous avez dit : /slash", "Commande inconnue : /nope")
	ada.types("/join Garden\rhi\r")
	ada.sees("Dans #garden (1) : ada", "Vous avez dit : hi")
	ada.lastRow("#garden>")
	say(t, bob, "lobby", "there")
	ada.sees("#lobby bob a dit : there")
	ada.types("/rooms\r/nick grace\r")
	ada.sees("* #garden", "* #lobby", "Vous vous appelez désormais grace")
	ada.types("/who\r")
	ada.sees("Dans #garden (1) : grace")
	ada.types("/leave\r")
	ada.sees("Vous avez quitté #garden")
	ada.types("bo\t you there?\r")
	ada.sees("Vous avez dit : bob,  you there?")
	ada.types("/quit\r")
	if err := ada.end(); err != nil {
		t.Error(err)
	}
	if n := strings.Count(ada.screen(), "half a line"); n != 1 {
		t.Errorf("what was said is shown %d times:\n%s", n, ada.screen())
	}
	checkLogFile(t, logged, "#lobby bob: salut 👩‍👩‍👧\n    second line\n", "#lobby ada: half a line\n",
		"#garden ada: hi\n", "#lobby grace: bob,  you there?\n")
	again := open(t, Options{Address: address, Name: "grace", TokenDir: tokens})
	again.sees("Content de vous revoir, grace !", "bob,  you there?")
	again.types("/history 2\r")
	again.sees("Il n’y a rien avant.")
}

func checkLogFile(t *testing.T, path string, want ...string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range want {
		if !bytes.Contains(b, []byte(text)) {
			t.Errorf("the log lacks %q:\n%s", text, b)
		}
	}
	if bytes.Contains(b, []byte("first")) {
		t.Errorf("the log has what was said before:\n%s", b)
	}
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} #`).Match(b) {
		t.Errorf("the log begins without a date:\n%s", b)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the log's mode is %v, %v", info.Mode(), err)
	}
}

func TestServerGoesAndComesBack(t *testing.T) {
	address, restart := serve(t)
	ada := open(t, Options{Address: address, Name: "ada", Lang: lang.English})
	ada.types("before\r") // perhaps before the terminal is in raw mode
	ada.sees("You said: before")
	stop, start := restart()
	stop()
	ada.sees("connection lost")
	ada.types("while away\rtoo\rhalf")
	ada.sees("… while away", "… too")
	start()
	ada.sees("connected again", "You said: while away", "You said: too")
	ada.lastRow("#lobby> half")
	if s := ada.screen(); strings.Count(s, "while away") != 1 || strings.Contains(s, "… too") {
		t.Errorf("shown twice:\n%s", s)
	}
}

// TestNarrowTerminal: rows are broken between words, nothing sticks out, and what is cut says so, after the cause.
func TestNarrowTerminal(t *testing.T) {
	address, restart := serve(t)
	bob := user(t, address, "bob", "lobby")
	ada := open(t, Options{Address: address, Name: "ada"})
	ada.sees("Bienvenue")
	pty.Setsize(ada.tty, &pty.Winsize{Cols: 28, Rows: 20})
	syscall.Kill(os.Getpid(), syscall.SIGWINCH)
	say(t, bob, "lobby", "il était une fois une petite fille de village")
	ada.sees("fille de village")
	stop, _ := restart()
	stop()
	until(t, ada.screen, func() bool { return strings.Contains(ada.drawn(), "connexion refusée ; nouvel…") })
	if !strings.Contains(ada.drawn(), " a dit : il était\r\n    une fois une petite\r\n    fille de village") {
		t.Errorf("broken elsewhere:\n%q", ada.drawn())
	}
	for line := range strings.SplitSeq(regexp.MustCompile(`\x1b\[[\d;?]*[a-zA-Z]`).ReplaceAllString(ada.drawn()[strings.Index(ada.drawn(), "il était")-30:], ""), "\r") {
		if n := columns(strings.TrimPrefix(line, "\n")); n > 28 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestNameIsAskedFor(t *testing.T) {
	address, _ := serve(t)
	user(t, address, "bob", "lobby")
	t.Setenv("USER", "carol")
	t.Setenv("SALON_NAME", "")
	c := open(t, Options{Address: address, Lang: lang.English})
	c.lastRow("Your name [carol]:")
	c.types("bob\r")
	c.sees(`the name "bob" is in use`)
	c.lastRow("Your name [carol]:")
	c.types("a|b\r")
	c.sees("the name has a '|'")
	c.types("\r")
	c.sees("Welcome, carol!")
}

// TestTerminalIsRestored sees that the terminal is as it was, whatever ended the talk.
func TestTerminalIsRestored(t *testing.T) {
	address, _ := serve(t)
	for name, end := range map[string]func(c *console){
		"ctrl-c":          func(c *console) { c.types("half\x03\x03") },
		"ctrl-d":          func(c *console) { c.types("\x04") },
		"quit":            func(c *console) { c.types("/quit\r") },
		"SIGTERM":         func(*console) { syscall.Kill(os.Getpid(), syscall.SIGTERM) },
		"SIGHUP":          func(*console) { syscall.Kill(os.Getpid(), syscall.SIGHUP) },
		"caller":          func(c *console) { c.cancel() },
		"while connected": func(c *console) { c.types("said\r\x03") },
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, Options{Address: address, Name: "ada-" + strings.ReplaceAll(name, " ", "-")})
			c.sees("Bienvenue", "#lobby>")
			end(c)
			if err := c.end(); err != nil {
				t.Error(err)
			}
			after, err := term.GetState(int(c.tty.Fd()))
			if err != nil || !reflect.DeepEqual(after, c.before) {
				t.Errorf("the terminal is not what it was (%v)", err)
			}
			until(t, c.drawn, func() bool { return strings.Contains(c.drawn(), pasteOff) })
			if rows := strings.Split(c.screen(), "\n"); strings.Contains(rows[len(rows)-1], "#lobby>") {
				t.Errorf("the prompt is left:\n%s", c.screen())
			}
		})
	}
}

func TestTerminalIsRestoredBeforeAPanic(t *testing.T) {
	address, _ := serve(t)
	c := open(t, Options{Address: address, Name: "ada"})
	c.sees("Bienvenue")
	c.types("/quit\r")
	c.end()
	tty, err := openTerminal(c.tty, c.tty, false, color16)
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		tty.guard(func() { panic("broken") })
	}()
	if after, err := term.GetState(int(c.tty.Fd())); err != nil || !reflect.DeepEqual(after, c.before) {
		t.Errorf("the terminal is not what it was (%v)", err)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	address, _ := serve(t)
	bob := user(t, address, "bob", "lobby")
	ada := open(t, Options{Address: address, Name: "ada"})
	ada.sees("Bienvenue")
	for _, text := range []string{
		"\x1b[2J\x1b[Hclear", "\x1b]0;title\x07", "\u009b31mred", "a\rb", "a\bb", "\u202eturned",
		"line\n[12:00] carol a dit : forged", "\x1bPq\x1b\\", "\x00", "\x7f", "\u2028x", "%s%d%n",
	} {
		say(t, bob, "lobby", text)
	}
	say(t, bob, "lobby", "the end")
	ada.sees("the end", "\n    [12:00] carol a dit : forged", "\ufffd[2J\ufffd[Hclear", "%s%d%n")
	if s := strange(ada.drawn()); s != "" {
		t.Errorf("got through: %q", s)
	}
}
