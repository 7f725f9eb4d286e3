package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"salon/internal/lang"
)

func parse(t *testing.T, args ...string) (*CLI, error) {
	t.Helper()
	cli, _, _, err := Parse(args, &bytes.Buffer{})
	return cli, err
}

func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "salon.conf")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFlagsOverEnvironmentOverFile(t *testing.T) {
	conf := written(t, "# the course's plain form\nHOST=10.0.0.1\nPORT=9999\n\nmax_text = 100\nSALON_NAME_HOLD='5m'\n")
	t.Setenv("SALON_MAX_TEXT", "200")
	t.Setenv("SALON_MAX_ROOMS", "7")
	cli, err := parse(t, "--config", conf, "serve", "--port=1234")
	if err != nil {
		t.Fatal(err)
	}
	s := cli.Serve
	if s.Address.String() != "10.0.0.1:1234" || s.MaxText != 200 || s.MaxRooms != 7 || s.NameHold != 5*time.Minute || s.MaxRate != 20 {
		t.Errorf("got %+v", s)
	}
}

func TestDefaults(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", "/xdg")
	cli, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	s := cli.Serve
	if s.Address.String() != "127.0.0.1:8888" || s.Data != "/xdg/salon" || s.MaxText != 65536 || s.MaxRate != 20 || !s.Compress {
		t.Errorf("got %+v", s)
	}
}

func TestLast(t *testing.T) {
	for _, c := range []struct {
		args []string
		want *int
	}{{[]string{"chat"}, nil}, {[]string{"chat", "--last", "0"}, new(0)}, {[]string{"chat", "--last=7"}, new(7)}} {
		cli, err := parse(t, c.args...)
		if err != nil {
			t.Fatal(err)
		}
		if got := cli.Chat.Last; (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%q: %v, want %v", c.args, got, c.want)
		}
	}
	if _, err := parse(t, "chat", "--last=-1"); err == nil || !strings.Contains(err.Error(), "--last") {
		t.Errorf("--last=-1: %v", err)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ args, why string }{
		{"--nope", "unknown flag"},
		{"fly", "fly"},
		{"--port=99999", "--port"},
		{"--port=x", "port"},
		{"--max-text=0", "--max-text"},
		{"--max-rate=-1", "--max-rate"},
		{"--max-rate=NaN", "--max-rate"},
		{"--max-text=600000", "--max-frame"},
		{"--ping=1ms", "--ping"},
		{"--name-hold=-1s", "--name-hold"},
		{"--tls-cert=x", "--tls-key"},
		{"--lang=de", "--lang"},
		{"--config=/does/not/exist", "no such file"},
	} {
		if _, err := parse(t, c.args); err == nil || !strings.Contains(err.Error(), c.why) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", c.args, err, c.why)
		}
	}
	for text, why := range map[string]string{"HOSTS=x\n": "line 1", "a\n": "line 1", "\n# x\nmax-text=many\n": "max-text"} {
		if _, err := parse(t, "--config", written(t, text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct{ flag, all, lang, want string }{
		{"auto", "", "fr_FR.UTF-8", "fr"}, {"auto", "", "C.UTF-8", "en"}, {"auto", "", "de_DE", "en"}, {"auto", "", "", "fr"},
		{"auto", "en_GB", "fr_FR", "en"}, {"fr", "en_GB", "", "fr"},
	} {
		t.Setenv("LC_ALL", c.all)
		t.Setenv("LC_MESSAGES", "")
		t.Setenv("LANG", c.lang)
		cli := &CLI{Lang: c.flag}
		if got := cli.Language(lang.French).String(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
