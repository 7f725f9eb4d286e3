package echo

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/creack/pty"

	"salon/internal/lang"
)

// serve starts a server and gives its URL.
func serve(t *testing.T, o Options) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	where, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() { done <- Serve(ctx, "127.0.0.1:0", o, func(a net.Addr) { where <- a }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case a := <-where:
		return "ws://" + a.String()
	case err := <-done:
		done <- err
		t.Fatal(err)
		return ""
	}
}

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	return dialAs(t, url, websocket.CompressionNoContextTakeover)
}

func dialAs(t *testing.T, url string, mode websocket.CompressionMode) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{CompressionMode: mode})
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(MaxMessage + 1)
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func TestHello(t *testing.T) {
	c := dial(t, serve(t, Options{}))
	for _, text := range []string{"bonjour", "", `"é" <b>`} {
		if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		op, got, err := c.Read(t.Context())
		if want := `Hello client ! Received "` + text + `"`; op != websocket.MessageText || string(got) != want || err != nil {
			t.Errorf("%q: %v %q, %v", text, op, got, err)
		}
	}
	if err := c.Write(t.Context(), websocket.MessageBinary, []byte{1}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusUnsupportedData {
		t.Errorf("binary: %v", err)
	}
}

func TestRaw(t *testing.T) {
	random := make([]byte, MaxMessage)
	rand.Read(random)
	url := serve(t, Options{Raw: true})
	plain, packed := dialAs(t, url, websocket.CompressionDisabled), dial(t, url)
	for _, m := range []struct {
		c    *websocket.Conn
		op   websocket.MessageType
		data []byte
	}{
		{packed, websocket.MessageText, []byte("é")},
		{plain, websocket.MessageBinary, nil},
		{plain, websocket.MessageBinary, random},
		{packed, websocket.MessageText, bytes.Repeat([]byte("salon "), 200_000)},
	} {
		sent := make(chan error, 1)
		go func() { sent <- m.c.Write(t.Context(), m.op, m.data) }()
		op, got, err := m.c.Read(t.Context())
		if op != m.op || !bytes.Equal(got, m.data) || err != nil {
			t.Fatalf("%d bytes came back as %v of %d bytes, %v", len(m.data), op, len(got), err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
	go plain.Write(t.Context(), websocket.MessageBinary, append(random, 0))
	if _, _, err := plain.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("a byte too many: %v", err)
	}
}

func TestStopSaysGoodbye(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	where, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() { done <- Serve(ctx, "127.0.0.1:0", Options{}, func(a net.Addr) { where <- a }) }()
	url := "ws://" + (<-where).String()
	polite, deaf := dial(t, url), dial(t, url) // the second never reads
	if err := deaf.Write(t.Context(), websocket.MessageText, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := polite.Write(t.Context(), websocket.MessageText, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := polite.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, _, err := polite.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("goodbye: %v", err)
	}
	if err := <-done; err != nil { // a client that does not answer does not hold the server up
		t.Error(err)
	}
}

func TestAsk(t *testing.T) {
	url := serve(t, Options{})
	var out strings.Builder
	if err := Ask(t.Context(), url, strings.NewReader("bonjour\r\n\x1b[2J\nfin"), &out, lang.French); err != nil {
		t.Fatal(err)
	}
	want := ">>> bonjour\n<<< Hello client ! Received \"bonjour\"\n" +
		">>> \ufffd[2J\n<<< Hello client ! Received \"\ufffd[2J\"\n" +
		">>> fin\n<<< Hello client ! Received \"fin\"\n"
	if out.String() != want {
		t.Errorf("printed %q", out.String())
	}
}

// TestAskAsPeopleWrite: host:port is enough, as for the chat.
func TestAskAsPeopleWrite(t *testing.T) {
	var out strings.Builder
	if err := Ask(t.Context(), strings.TrimPrefix(serve(t, Options{}), "ws://"), strings.NewReader("salut"), &out, lang.French); err != nil {
		t.Fatal(err)
	}
	if want := ">>> salut\n<<< Hello client ! Received \"salut\"\n"; out.String() != want {
		t.Errorf("printed %q", out.String())
	}
}

func TestAskNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	page := "ws" + strings.TrimPrefix(web.URL, "http")
	for address, want := range map[string]string{
		nobody:           "impossible de joindre ws://" + nobody + " : connexion refusée",
		"ws://" + nobody: "impossible de joindre ws://" + nobody + " : connexion refusée",
		page:             "impossible de joindre " + page + " : il a répondu avec l’état HTTP 404",
	} {
		if err := Ask(t.Context(), address, strings.NewReader("x"), io.Discard, lang.French); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
	if err := Ask(t.Context(), "ftp://x", strings.NewReader("x"), io.Discard, lang.French); err == nil || strings.Contains(err.Error(), "ws: ") {
		t.Errorf("another scheme: %v", err)
	}
}

// TestAskEncodings: a byte order mark is not sent, and what is not UTF-8 is refused with its reason.
func TestAskEncodings(t *testing.T) {
	url := serve(t, Options{})
	for in, want := range map[string]struct{ out, problem string }{
		"\ufeffsalut\n":                   {">>> salut\n<<< Hello client ! Received \"salut\"\n", ""},
		"\xfe\xff\x00x\x00\n":             {">>> x\n<<< Hello client ! Received \"x\"\n", ""},
		"x\x00\n\x00":                     {"", "l’entrée n’est pas en UTF-8 : convertissez-la d’abord, par exemple avec iconv -t UTF-8"},
		"a\xe9\n":                         {"", "l’entrée n’est pas en UTF-8 : convertissez-la d’abord, par exemple avec iconv -t UTF-8"},
		strings.Repeat("x", MaxMessage+1): {"", "une ligne de l’entrée a plus de 16777216 octets"},
	} {
		var out strings.Builder
		problem := ""
		if err := Ask(t.Context(), url, strings.NewReader(in), &out, lang.French); err != nil {
			problem = err.Error()
		}
		if out.String() != want.out || problem != want.problem {
			t.Errorf("%.20q: printed %q, ended with %q", in, out.String(), problem)
		}
	}
}

// TestPromptIsLeftBehind: whoever ends the input finds the shell's prompt in a row of its own.
func TestPromptIsLeftBehind(t *testing.T) {
	terminal, tty, err := pty.Open()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no terminal here: ", err)
	}
	defer terminal.Close()
	defer tty.Close()
	if _, err := terminal.WriteString("salut\n\x04"); err != nil {
		t.Fatal(err)
	}
	if err := Ask(t.Context(), serve(t, Options{}), tty, tty, lang.French); err != nil {
		t.Fatal(err)
	}
	if _, err := tty.WriteString("$"); err != nil {
		t.Fatal(err)
	}
	drawn, err := bufio.NewReader(terminal).ReadString('$')
	if err != nil || !strings.HasSuffix(drawn, "Message : \r\n$") {
		t.Errorf("%q, %v", drawn, err)
	}
}
