package docs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"salon/test/harness"
)

// TestExampleTalks runs the JavaScript of PROTOCOL.md as it stands there, but for the port: more than once, as those who read
// it do, and with a name that is refused, which it says.
func TestExampleTalks(t *testing.T) {
	text := pages(t)[filepath.Join(root, "docs/PROTOCOL.md")]
	m := regexp.MustCompile("(?s)```js\n(.*?)```").FindStringSubmatch(text)
	if m == nil || !strings.Contains(m[1], "ws://127.0.0.1:8888/ws") || !strings.Contains(m[1], "'marvin-'") {
		t.Fatal("PROTOCOL.md has no example in JavaScript")
	}
	s := harness.Start(t, "--data", t.TempDir(), "--lang", "en")
	script := strings.ReplaceAll(m[1], "ws://127.0.0.1:8888/ws", s.URL())
	for i := range 2 {
		want := regexp.MustCompile(fmt.Sprintf(`^#%d marvin-\w+: ten lines will do\n$`, i+1))
		if out, err := firstLine(t, script); !want.MatchString(out) {
			t.Errorf("time %d: the example said %q, %q, want %v", i+1, out, err, want)
		}
	}
	if out, err := firstLine(t, strings.Replace(script, "'marvin-'", "'|'", 1)); out != "" || err != "the name has a '|'\n" {
		t.Errorf("with a bad name: %q and %q", out, err)
	}
}

// firstLine runs a script until it says something, and gives its first line, as it came to the output or to the errors.
func firstLine(t *testing.T, script string) (out, errs string) {
	t.Helper()
	node := withWebSocket(t)
	file := filepath.Join(t.TempDir(), "example.mjs")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, node[0], append(node[1:], "--no-warnings", file)...)
	var lines [2]chan string
	for i, pipe := range []func() (io.ReadCloser, error){cmd.StdoutPipe, cmd.StderrPipe} {
		r, err := pipe()
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = make(chan string, 1)
		go func() {
			line, _ := bufio.NewReader(r).ReadString('\n')
			lines[i] <- line
		}()
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case out = <-lines[0]:
		cancel() // it would listen on
		errs = <-lines[1]
	case errs = <-lines[1]:
		cancel()
		out = <-lines[0]
	}
	cmd.Wait()
	return out, errs
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
