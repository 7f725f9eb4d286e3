package sqlite_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

// childEnv names what a process started by a test is to do, instead of running tests.
const childEnv = "SALON_SQLITE_TEST_CHILD"

// children are the parts that need a process of their own. They get the data folder.
var children = map[string]func(dir string) error{
	"append": appendAndTell,
	"limit":  fillToLimit,
}

func TestMain(m *testing.M) {
	if f, ok := children[os.Getenv(childEnv)]; ok {
		if err := f(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// child is a process of this test's own.
type child struct {
	cmd *exec.Cmd
	out *bufio.Scanner
}

// start starts a child, which is killed and waited for when the test ends, at the latest.
func start(t *testing.T, what, dir string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), childEnv+"="+what)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // open, and nothing comes from it
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd, bufio.NewScanner(out)}
	t.Cleanup(c.kill)
	return c
}

// kill ends the child at once, as a power switch would, and waits for it.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may be gone already
	for c.out.Scan() {       // what it wrote before
	}
	_ = c.cmd.Wait()
}
