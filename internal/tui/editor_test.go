package tui

import (
	"slices"
	"strings"
	"testing"
)

// typed feeds what a terminal sends, and gives the line with the cursor as a bar.
func typed(e *editor, parts ...string) string {
	var k keyboard
	for _, p := range parts {
		for keys := e.pressAll(k.read([]byte(p))); len(keys) > 0; keys = e.pressAll(keys[1:]) {
			if keys[0] == keyEnter {
				e.enter()
			}
		}
	}
	return e.text[:e.cursor] + "|" + e.text[e.cursor:]
}

func TestEditing(t *testing.T) {
	family := "👩‍👩‍👧"
	for _, tt := range []struct {
		name  string
		parts []string
		want  string
	}{
		{"text", []string{"salut"}, "salut|"},
		{"character in two reads", []string{"\xc3", "\xa9"}, "é|"},
		{"sequence in two reads", []string{"ab\x1b[", "Dx"}, "ax|b"},
		{"whole characters", []string{"a" + family + "e\u0301", "\x7f", "\x1b[D", "x"}, "ax|" + family},
		{"delete", []string{"abc\x1b[H\x1b[3~"}, "|bc"},
		{"words", []string{"un deux trois", "\x1bb\x1bb", "\x17"}, "|deux trois"},
		{"word right", []string{"un, deux\x01\x1b[1;5C\x1b[1;5C"}, "un, deux|"},
		{"kill", []string{"abc def\x02\x02\x02\x0b"}, "abc |"},
		{"kill line", []string{"abc def\x02\x15"}, "|f"},
		{"escape alone", []string{"a", "\x1b", "b"}, "ab|"},
		{"unknown sequence", []string{"a\x1b[99;99Zb\x1bqc"}, "abc|"},
		{"endless sequence", []string{"\x1b[" + strings.Repeat("1", 100), "ok"}, strings.Repeat("1", 70) + "ok|"},
		{"C1 controls", []string{"a\u009bb"}, "ab|"},
		{"recall", []string{"one\rtwo\rdraft\x1b[A\x1b[A"}, "one|"},
		{"recall and back", []string{"one\rtwo\rdraft\x1b[A\x1b[A\x1b[B\x1b[B\x1b[B"}, "draft|"},
		{"paste", []string{"\x1b[200~a\nb\tc\x1b[201~"}, "a\nb c|"},
		{"alt enter", []string{"a\x1b\rb"}, "a\nb|"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := typed(&editor{}, tt.parts...); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestView(t *testing.T) {
	e := &editor{}
	e.set("日本語のテキスト")
	for _, tt := range []struct {
		key    key
		shown  string
		column int
	}{
		{keyNone, "スト", 4},
		{keyLeft, "スト", 2},
		{keyLeft, "スト", 0},
		{keyLeft, "キス", 0},
		{keyHome, "日本", 0},
		{keyEnd, "スト", 4},
	} {
		e.press(tt.key)
		if shown, column := e.view(5); shown != tt.shown || column != tt.column {
			t.Errorf("after %d: %q at %d, want %q at %d", tt.key, shown, column, tt.shown, tt.column)
		}
	}
}

func FuzzKeyboard(f *testing.F) {
	f.Add([]byte("a\x1b[D\xc3\xa9\x1b[200~x\r"), 3)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		var k keyboard
		e := &editor{}
		for chunk := range slices.Chunk(in, max(1, cut%16)) {
			for keys := e.pressAll(k.read(chunk)); len(keys) > 0; keys = e.pressAll(keys[1:]) {
				if keys[0] == keyEnter {
					e.enter()
				}
			}
			shown, column := e.view(10)
			if column < 0 || column >= 10 || columns(shown) > 10 || e.cursor < 0 || e.cursor > len(e.text) {
				t.Fatalf("%q: %q at %d", e.text, shown, column)
			}
			if len(k.rest) > maxSequence {
				t.Fatalf("%d bytes wait", len(k.rest))
			}
		}
	})
}
