package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestTokens(t *testing.T) {
	tokens, err := openTokens(filepath.Join(t.TempDir(), "made", "here"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tokens.load("s", "ada"); got != "" || err != nil {
		t.Errorf("without a file: %q, %v", got, err)
	}
	var saving sync.WaitGroup
	for i := range 20 { // other processes do the same
		saving.Go(func() {
			if err := tokens.save(fmt.Sprint("server", i%2), fmt.Sprint("User ", i), fmt.Sprint("token", i)); err != nil {
				t.Error(err)
			}
		})
	}
	saving.Wait()
	for i := range 20 {
		if got, err := tokens.load(fmt.Sprint("server", i%2), fmt.Sprint("user ", i)); got != fmt.Sprint("token", i) || err != nil {
			t.Errorf("token %d is %q, %v", i, got, err)
		}
	}
	if err := tokens.save("server0", "user 0", ""); err != nil {
		t.Error(err)
	}
	if got, _ := tokens.load("server0", "user 0"); got != "" {
		t.Errorf("a forgotten token is %q", got)
	}
	if info, err := os.Stat(tokens.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(tokens.path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTokensBroken(t *testing.T) {
	tokens, _ := openTokens(t.TempDir())
	if err := os.WriteFile(tokens.path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.load("s", "ada"); err == nil {
		t.Error("a broken file was believed")
	}
	if err := tokens.save("s", "ada", "x"); err == nil {
		t.Error("a broken file was overwritten")
	}
}

func TestLockLeftBehind(t *testing.T) {
	tokens, _ := openTokens(t.TempDir())
	lock := tokens.path + ".lock"
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(lock, old, old); err != nil {
		t.Fatal(err)
	}
	if err := tokens.save("s", "ada", "x"); err != nil {
		t.Error(err)
	}
}
