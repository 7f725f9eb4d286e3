package course

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"salon/test/harness"
)

// TestPipeAcrossKills sends a long input while the server is killed, twice: each line is there once, in its place.
//
// The input stops some lines after the one at which the server is killed, until the server runs again. However slow this test
// is to read, the client then has neither sent all nor been connected only once when the next kill comes.
func TestPipeAcrossKills(t *testing.T) {
	const lines, ahead = 400, 30
	kills := []int{50, 350} // the lines at which the server is killed
	again := make(chan struct{})
	s := harness.Start(t, "--data", t.TempDir(), "--max-rate", "200")
	c := salon(t, "chat", "-p", fmt.Sprint(s.Port), "-n", "ada")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	c.Stderr = &told
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		defer in.Close()
		for i := range lines {
			if slices.Contains(kills, i-ahead) {
				select {
				case <-again:
				case <-t.Context().Done():
					return
				}
			}
			fmt.Fprintln(in, "line", i)
		}
	})
	printed := bufio.NewScanner(out)
	n := 0
	for ; printed.Scan(); n++ {
		if want := fmt.Sprint("\tada\tline ", n); !strings.HasSuffix(printed.Text(), want) {
			t.Fatalf("line %d is %q", n, printed.Text())
		}
		if slices.Contains(kills, n) {
			s.Kill()
			s.Run()
			again <- struct{}{}
		}
	}
	writing.Wait()
	if err := c.Wait(); err != nil || n != lines {
		t.Errorf("%d lines came back, %v\n%s", n, err, told.String())
	}
	if got := strings.Count(told.String(), "connexion rétablie"); got != 2 {
		t.Errorf("told:\n%s", told.String())
	}
}

// TestPipeIntoHead ends like any filter when nobody reads any more, without a word.
func TestPipeIntoHead(t *testing.T) {
	s := harness.Start(t, "--data", t.TempDir(), "--max-rate", "0")
	c := salon(t)
	script := `{ i=0; while echo $((i=i+1)) 2>/dev/null; do :; done; } | { "$SALON" chat -p "$PORT" -n ada; echo "exit $?" >&2; } | head -n 2`
	shell := exec.Command("sh", "-c", script)
	shell.Env = append(c.Env, "SALON="+harness.Binary(t), fmt.Sprint("PORT=", s.Port))
	var out, told strings.Builder
	shell.Stdout, shell.Stderr = &out, &told
	if err := shell.Run(); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(out.String(), "\n"); len(lines) != 3 || !strings.HasSuffix(lines[1], "\tada\t2") {
		t.Errorf("printed %q", out.String())
	}
	if told.String() != "exit 0\n" {
		t.Errorf("told %q", told.String())
	}
}

// TestPipeFails sees that what cannot work is said in one line, with an exit status that is not 0.
func TestPipeFails(t *testing.T) {
	port := fmt.Sprint(harness.FreePort(t)) // nobody is there
	for _, args := range [][]string{
		{"chat", "-p", port, "-n", "ada"}, {"chat", "-p", "99999"}, {"chat", "ftp://x"}, {"chat", "--no-such-flag"},
		{"echo", "--to", "ws://127.0.0.1:" + port},
	} {
		c := salon(t, args...)
		var told strings.Builder
		c.Stdin, c.Stderr = strings.NewReader("x\n"), &told
		out, err := c.Output()
		if err == nil || len(out) > 0 && args[0] == "chat" || strings.Count(told.String(), "\n") != 1 {
			t.Errorf("%v: %v, printed %q, told %q", args, err, out, told.String())
		}
	}
}
