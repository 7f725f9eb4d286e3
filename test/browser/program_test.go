package browser

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// program is a server in a process of its own, which a test may kill and start again on the same port and data.
type program struct {
	t    *testing.T
	data string
	args []string
	url  *url.URL
	cmd  *exec.Cmd
}

func startProgram(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, data: t.TempDir(), args: args, url: &url.URL{Host: "127.0.0.1:" + freePort(t)}}
	p.start()
	t.Cleanup(p.stop)
	return p
}

// freePort finds a port below those that systems give by themselves (from 32768 on Linux): no other program is given it
// while the server is down.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20000 + mathrand.IntN(12000))
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return ""
}

// webSocket is the address of its WebSocket.
func (p *program) webSocket() string { return "ws://" + p.url.Host + "/ws" }

var address = regexp.MustCompile(`https?://\S+`)

// start runs the program and waits until it says where it is.
func (p *program) start() {
	p.t.Helper()
	args := append([]string{"serve", "--data", p.data, "-p", p.url.Port()}, p.args...)
	p.cmd = exec.Command(binary, args...)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	var log strings.Builder
	p.cmd.Stderr = &log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	found := make(chan string, 1)
	go func() {
		defer close(found)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if where := address.FindString(lines.Text()); where != "" {
				found <- where
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case where := <-found:
		if p.url, err = url.Parse(where); err != nil || where == "" {
			p.kill()
			p.t.Fatalf("the program did not say where it is (%v)\n%s", err, log.String())
		}
	case <-time.After(patience):
		p.kill()
		p.t.Fatalf("the program did not start\n%s", log.String())
	}
}

// kill ends it as a power cut does.
func (p *program) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// stop ends it in order.
func (p *program) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Signal(os.Interrupt)
	done := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait()
	done.Stop()
}

// speak says texts in a room, some at a time, and waits until they are stored.
func (p *program) speak(room, name string, texts ...string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, p.webSocket(), &websocket.DialOptions{Subprotocols: []string{"salon.v1.json"}})
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(-1)
	p.ask(ctx, conn, "welcome", map[string]any{"type": "hello", "name": name})
	p.ask(ctx, conn, "joined", map[string]any{"type": "join", "room": room})
	for chunk := range slices.Chunk(texts, 50) {
		var sends []map[string]any
		for _, text := range chunk {
			sends = append(sends, map[string]any{"type": "send", "room": room, "cid": rand.Text(), "text": text})
		}
		p.ask(ctx, conn, "ack", sends...)
	}
	_ = conn.Close(websocket.StatusNormalClosure, "") // all is stored: however the connection ends
}

// ask sends requests and waits for as many answers of one type.
func (p *program) ask(ctx context.Context, conn *websocket.Conn, answer string, requests ...map[string]any) {
	p.t.Helper()
	for _, request := range requests {
		if err := wsjson.Write(ctx, conn, request); err != nil {
			p.t.Fatal(err)
		}
	}
	for missing := len(requests); missing > 0; {
		_, frame, err := conn.Read(ctx)
		if err != nil {
			p.t.Fatal(err)
		}
		for line := range bytes.Lines(frame) {
			var got struct{ Type, Code, Message string }
			if err := json.Unmarshal(line, &got); err != nil {
				p.t.Fatal(err)
			}
			switch got.Type {
			case answer:
				missing--
			case "error":
				p.t.Fatalf("%s: %s", got.Code, got.Message)
			}
		}
	}
}
