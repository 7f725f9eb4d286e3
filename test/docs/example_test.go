package docs

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"salon/test/harness"
)

// TestExampleTalks runs the JavaScript of PROTOCOL.md as it stands there, but for the port.
func TestExampleTalks(t *testing.T) {
	node := withWebSocket(t)
	text := pages(t)[filepath.Join(root, "docs/PROTOCOL.md")]
	m := regexp.MustCompile("(?s)```js\n(.*?)```").FindStringSubmatch(text)
	if m == nil || !strings.Contains(m[1], "ws://127.0.0.1:8888/ws") {
		t.Fatal("PROTOCOL.md has no example in JavaScript")
	}
	s := harness.Start(t, "--data", t.TempDir())
	file := filepath.Join(t.TempDir(), "example.mjs")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(m[1], "ws://127.0.0.1:8888/ws", s.URL())), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, node[0], append(node[1:], file)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	cancel() // it would listen on
	cmd.Wait()
	if want := "#1 marvin: ten lines will do\n"; line != want {
		t.Errorf("the example said %q (%v), want %q", line, err, want)
	}
}

// withWebSocket gives the command of a Node that has WebSocket: 22 by itself, 20 by a flag.
func withWebSocket(t *testing.T) []string {
	t.Helper()
	for _, cmd := range [][]string{{"node"}, {"node", "--experimental-websocket"}} {
		probe := append(cmd[1:len(cmd):len(cmd)], "-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)")
		if exec.CommandContext(t.Context(), cmd[0], probe...).Run() == nil {
			return cmd
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("needs Node 20 or later")
	}
	t.Skip("needs Node 20 or later")
	return nil
}
