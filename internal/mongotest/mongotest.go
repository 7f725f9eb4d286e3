// Package mongotest gives tests a MongoDB-compatible server over TCP.
//
// It builds the server of test/ferretdb once for all tests of this machine and runs it as a process of its own for each
// test that asks. With SALON_TEST_MONGO set to a connection string, that server is used and none is started.
//
// It owns the processes it starts and ends them, and holds no lock but the one on the file of the build.
package mongotest

import (
	"bufio"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Start gives the connection string of a server, without a database. The server ends with t. Where it cannot be built
// the test is skipped, and fails when CI is "true".
func Start(t testing.TB) string {
	t.Helper()
	if uri := os.Getenv("SALON_TEST_MONGO"); uri != "" {
		return uri
	}
	uri, err := start(t)
	if err == nil {
		return uri
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("start a MongoDB-compatible server: %v", err)
	}
	t.Skipf("no MongoDB-compatible server: %v", err)
	return ""
}

// Binary builds the server, if it is not built yet, and gives the path of the program.
// It takes --listen (a TCP address) and --dir (its data), and prints its connection string as the first line.
func Binary() (string, error) { return build(source()) }

// Database gives a name that no other test uses.
func Database() string { return "salon_" + strings.ToLower(rand.Text()[:12]) }

func source() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "test", "ferretdb")
}

func start(t testing.TB) (string, error) {
	program, err := Binary()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(program, "--listen", "127.0.0.1:0", "--dir", t.TempDir(), "--until-eof")
	if _, err := cmd.StdinPipe(); err != nil { // a test that is killed takes its server along
		return "", err
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	t.Cleanup(func() { end(t, cmd) })
	line, err := bufio.NewReader(out).ReadString('\n') // ends with the process, if it does not get that far
	return strings.TrimSpace(line), err
}

// end asks the process to end, and kills it after ten seconds.
func end(t testing.TB, cmd *exec.Cmd) {
	kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Logf("end the MongoDB-compatible server: %v", err)
	}
	_ = cmd.Wait() // how it ended does not matter, only that it did
}
