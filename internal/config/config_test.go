package config

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

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

func TestFileAsPeopleWriteIt(t *testing.T) {
	conf := written(t, "\ufeffHOST=10.0.0.1\nPORT=9999 # the usual one\nDATA = '/a # b' # quoted\nORIGIN=#a#b\nredis=\"\"\r\n")
	cli, err := parse(t, "--config", conf)
	if err != nil {
		t.Fatal(err)
	}
	s := cli.Serve
	if s.Address.String() != "10.0.0.1:9999" || s.Data != "/a # b" || len(s.Origin) != 1 || s.Origin[0] != "#a#b" || s.Redis != "" {
		t.Errorf("got %+v", s)
	}
}

func TestAddressAsInAURL(t *testing.T) {
	cli, err := parse(t, "-a", "[::1]", "-p", "1")
	if err != nil || cli.Serve.Address.String() != "[::1]:1" {
		t.Errorf("%v, %v", cli, err)
	}
}

// TestOtherWaysToAsk: what many programs understand is understood here.
func TestOtherWaysToAsk(t *testing.T) {
	t.Setenv("SALON_LANG", "en")
	if _, command, _, err := Parse([]string{"--version"}, &bytes.Buffer{}); err != nil || command != "version" {
		t.Errorf("--version: %q, %v", command, err)
	}
	for _, args := range [][]string{{"help"}, {"help", "chat"}, {"--help"}} {
		var out bytes.Buffer
		if _, _, done, err := Parse(args, &out); err != nil || !done || !strings.Contains(out.String(), "Usage: salon") {
			t.Errorf("%q: %v, %t, %s", args, err, done, out.String())
		}
	}
}

// TestHelpIsFrench: whoever speaks French gets no English help, whichever way they said so.
func TestHelpIsFrench(t *testing.T) {
	k, err := kong.New(&CLI{}, kong.Name("salon"), kong.Description(description))
	if err != nil {
		t.Fatal(err)
	}
	texts := 0
	eachHelp(k.Model.Node, func(help *string) {
		if texts++; *help != "" && lang.French.Text(*help) == *help {
			t.Errorf("no French for %q", *help)
		}
	})
	if texts < 40 {
		t.Errorf("only %d texts found", texts)
	}
	english := regexp.MustCompile(`Usage: |Flags:|Commands:|Arguments:|\[flags\]|Run "|Show |Print |this file`)
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG", "SALON_LANG"} {
		t.Setenv(name, "")
	}
	for _, tt := range []struct {
		name, value string
		args        []string
	}{
		{"LANG", "fr_FR.UTF-8", []string{"--help"}},
		{"SALON_LANG", "fr", []string{"chat", "--help"}},
		{"LANG", "C", []string{"--lang", "fr", "serve", "--help"}},
		{"LANG", "C", []string{"migrate", "--help", "--lang=fr"}},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			t.Setenv(tt.name, tt.value)
			var out bytes.Buffer
			if _, _, done, err := Parse(tt.args, &out); err != nil || !done {
				t.Fatal(err, done)
			}
			if m := english.FindString(out.String()); m != "" || !strings.Contains(out.String(), "Options :") {
				t.Errorf("%q in:\n%s", m, out.String())
			}
		})
	}
	t.Setenv("LANG", "en_GB.UTF-8")
	var out bytes.Buffer
	if Parse([]string{"--help"}, &out); !strings.Contains(out.String(), "Open the rooms (the default command).") {
		t.Errorf("in English:\n%s", out.String())
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
		{"--address=", "--address"},
	} {
		if _, err := parse(t, c.args); err == nil || !strings.Contains(err.Error(), c.why) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", c.args, err, c.why)
		}
	}
	for text, why := range map[string]string{
		"HOSTS=x\n": "salon.conf, line 1", "\na\n": "salon.conf, line 2", "\n# x\nmax-text=many\n": "max-text",
		"HOST=\n": "--address", "HOST= # nothing\n": "--address",
	} {
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
