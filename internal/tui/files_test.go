package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"salon/internal/client"
	"salon/internal/lang"
)

// TestTokenFromElsewhere: whoever brings a token is its user, on a machine that keeps none, and nobody else.
func TestTokenFromElsewhere(t *testing.T) {
	t.Setenv("USER", "somebody-else")
	t.Setenv("SALON_NAME", "")
	address, _ := serve(t)
	first := Options{Address: address, Name: "bot", TokenDir: t.TempDir(), Lang: lang.English}
	talk := func(o Options) (said string, err error) {
		p := pipeTo(t, o, false)
		p.write("hi\n")
		p.in.Close()
		err = <-p.ended
		return p.output() + p.toPeople(), err
	}
	if _, err := talk(first); err != nil {
		t.Fatal(err)
	}
	url, err := client.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := openTokens(first.TokenDir)
	if err != nil {
		t.Fatal(err)
	}
	token, err := kept.load(url, "bot")
	if err != nil || token == "" {
		t.Fatalf("no token is kept: %v", err)
	}
	other := Options{Address: address, TokenDir: t.TempDir(), Lang: lang.English}
	other.Name = "bot"
	if _, err := talk(other); err == nil || !strings.Contains(err.Error(), `the name "bot" is in use, or kept for somebody who left`) {
		t.Errorf("without the token: %v", err)
	}
	for _, other.Name = range []string{"", "bot"} {
		other.Token = token
		if said, err := talk(other); err != nil || !strings.Contains(said, "\tbot\thi") || strings.Contains(said, token) {
			t.Errorf("with the token, as %q: %v, %q", other.Name, err, said)
		}
	}
	other.Token = "t_nobody"
	if _, err := talk(other); err == nil || !strings.Contains(err.Error(), "this token is unknown or was revoked") {
		t.Errorf("with a wrong token: %v", err)
	}
	if files, err := os.ReadDir(other.TokenDir); err != nil || len(files) > 0 {
		t.Errorf("the other machine keeps %v (%v)", files, err)
	}
	other.Token, other.Name = token, ""
	screen := open(t, other)
	screen.sees("Welcome back, bot!")
	screen.types("/nick robot\r")
	screen.sees("You are now called robot")
}

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

// TestTokensUnderOldKeys has a file of an earlier version, which did not fold compatible forms in the key of a name.
func TestTokensUnderOldKeys(t *testing.T) {
	tokens := tokens{filepath.Join(t.TempDir(), "tokens.json")}
	book := "{\"s\":{\"zoe\u0308\":\"t1\",\"ada\":\"t2\",\"\uff41da\":\"t3\"}}"
	if err := os.WriteFile(tokens.path, []byte(book), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Zoë": "t1", "Zoe\u0308": "t1", "ada": "t2"} {
		if token, err := tokens.load("s", name); token != want || err != nil {
			t.Errorf("the token of %+q is %q, %v", name, token, err)
		}
	}
}
