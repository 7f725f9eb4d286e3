package text

import (
	"strings"
	"testing"
)

func TestParseHello(t *testing.T) {
	for frame, name := range map[string]string{
		"Hello|ada": "ada", "hello| ada ": "ada", "HELLO|ada\n": "ada", "ada": "ada", " ada ": "ada",
		"hello": "hello", "Hello|": "", "x|y": "x|y", "": "", "Hello|a|b": "a|b",
	} {
		if got := parseHello(frame); got != name {
			t.Errorf("parseHello(%q) = %q, want %q", frame, got, name)
		}
	}
}

func FuzzParseHello(f *testing.F) {
	f.Add("Hello|ada")
	f.Fuzz(func(t *testing.T, frame string) {
		if name := parseHello(frame); name != strings.TrimSpace(name) {
			t.Fatalf("%q: %q is not trimmed", frame, name)
		}
	})
}
