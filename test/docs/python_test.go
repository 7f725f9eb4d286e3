package docs

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"salon/test/harness"
)

// bare is a client that knows WebSocket and nothing else, as the page's.
type bare struct {
	t   *testing.T
	ctx context.Context
	c   *websocket.Conn
}

func dialBare(t *testing.T, url string) *bare {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	t.Cleanup(cancel)
	c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	c.SetReadLimit(1 << 20)
	return &bare{t, ctx, c}
}

func (b *bare) send(text string) {
	b.t.Helper()
	if err := b.c.Write(b.ctx, websocket.MessageText, []byte(text)); err != nil {
		b.t.Fatal(err)
	}
}

// next gives the next line that is no announcement. The page's clients would wait for ever after a refusal; this one says so.
func (b *bare) next() string {
	b.t.Helper()
	for {
		_, line, err := b.c.Read(b.ctx)
		switch {
		case err != nil:
			b.t.Fatal(err)
		case strings.HasPrefix(string(line), "Erreur : "):
			b.t.Fatalf("refused: %s", line)
		case !strings.HasPrefix(string(line), "Annonce : "):
			return string(line)
		}
	}
}

// converse plays a talk with "python3 -m websockets": after > it says a line, after < it is told one.
func converse(t *testing.T, url, talk string) {
	t.Helper()
	b := dialBare(t, url)
	defer b.c.CloseNow()
	for line := range strings.Lines(talk) {
		line = strings.TrimSuffix(line, "\n")
		if said, ok := strings.CutPrefix(line, "> "); ok {
			b.send(said)
		} else if want, ok := strings.CutPrefix(line, "< "); ok {
			if got := b.next(); got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		}
	}
	b.c.Close(websocket.StatusNormalClosure, "")
}

var (
	dialed  = regexp.MustCompile(`url = "([^"]+)"`)
	sends   = regexp.MustCompile(`(\w+)\.send\("([^"]*)"(?: \* (\d+))?\)`)
	awaited = regexp.MustCompile(`for line in (\w+):\n\s+if line.startswith\("([^"]+)"\)`)
)

// runProgram plays a program of the page: clients that say what it has them say, and one that waits for a line.
func runProgram(t *testing.T, program string, names *strings.Replacer) {
	t.Helper()
	url, waits := dialed.FindStringSubmatch(program), awaited.FindStringSubmatch(program)
	if url == nil || waits == nil || len(sends.FindAllString(program, -1)) < 3 {
		t.Fatalf("what does this program do?\n%s", program)
	}
	clients := map[string]*bare{}
	for _, m := range sends.FindAllStringSubmatch(program, -1) {
		if clients[m[1]] == nil {
			clients[m[1]] = dialBare(t, names.Replace(url[1]))
		}
		text := m[2]
		if m[3] != "" {
			times, err := strconv.Atoi(m[3])
			if err != nil {
				t.Fatal(err)
			}
			text = strings.Repeat(text, times)
		}
		clients[m[1]].send(text)
	}
	// The one that waits comes last: whoever is refused never says anything.
	for who, c := range clients {
		for who != waits[1] && !strings.HasPrefix(c.next(), "Bienvenue ") {
		}
	}
	for !strings.HasPrefix(clients[waits[1]].next(), waits[2]) {
	}
	for _, c := range clients {
		c.c.Close(websocket.StatusNormalClosure, "")
	}
}
