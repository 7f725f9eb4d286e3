package tui

import (
	"math"
	"testing"

	"salon/internal/chat"
)

func TestDepth(t *testing.T) {
	for _, tt := range []struct {
		mode string
		env  map[string]string
		want depth
	}{
		{"auto", map[string]string{"TERM": "xterm"}, color16},
		{"auto", map[string]string{"TERM": "xterm-256color"}, color256},
		{"auto", map[string]string{"TERM": "xterm-256color", "COLORTERM": "truecolor"}, colorTrue},
		{"auto", map[string]string{"TERM": "dumb"}, noColor},
		{"auto", map[string]string{}, noColor},
		{"auto", map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, noColor},
		{"always", map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, color16},
		{"never", map[string]string{"TERM": "xterm", "COLORTERM": "truecolor"}, noColor},
	} {
		if got := depthOf(tt.mode, func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%s %v: %d, want %d", tt.mode, tt.env, got, tt.want)
		}
	}
}

// TestLegible sees that every user's colour can be read on black and on white: a contrast of at least 4.5.
func TestLegible(t *testing.T) {
	for range 200 {
		color := chat.ColorOf(chat.NewUserID())
		var c rgb
		for i, v := range []*float64{&c.r, &c.g, &c.b} {
			*v = float64(hexByte(color[1+2*i:]))
		}
		l := legible(c).luminance()
		if white, black := 1.05/(l+.05), (l+.05)/.05; math.Min(white, black) < 4.5 {
			t.Errorf("%s: contrast %.2f on white, %.2f on black", color, white, black)
		}
	}
}

func hexByte(s string) (n int) {
	for _, c := range s[:2] {
		n *= 16
		if c <= '9' {
			n += int(c - '0')
		} else {
			n += int(c-'a') + 10
		}
	}
	return n
}

func TestColorStyles(t *testing.T) {
	for _, tt := range []struct {
		d           depth
		color, want string
	}{
		{color16, "#ff0000", "1;31"}, {color16, "#00ff00", "1;32"}, {color16, "#0000ff", "1;34"},
		{color16, "#ff00ff", "1;35"}, {color16, "#808080", "1;36"}, {noColor, "#ff0000", ""},
		{colorTrue, "\x1b[2J#1", "1"}, {colorTrue, "", "1"}, {color256, "#000000", "1;38;5;102"},
	} {
		if got := tt.d.of(tt.color); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.color, got, tt.want)
		}
	}
}
