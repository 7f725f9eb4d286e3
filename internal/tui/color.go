package tui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// depth is how many colours a terminal shows.
type depth uint8

const (
	noColor depth = iota
	color16
	color256
	colorTrue
)

// depthOf reads what a terminal can do from its environment, as https://no-color.org and common practice have it.
// mode is "always", "never" or "auto".
func depthOf(mode string, env func(string) string) depth {
	name, more := env("TERM"), strings.ToLower(env("COLORTERM"))
	switch {
	case mode == "never", mode != "always" && (env("NO_COLOR") != "" || isPlain(env) || name == ""):
		return noColor
	case more == "truecolor" || more == "24bit" || strings.HasSuffix(name, "-direct"):
		return colorTrue
	case strings.Contains(name, "256color"):
		return color256
	}
	return color16
}

const (
	styleDim  = "2"
	styleBold = "1"
	styleWarn = "33"
)

// paint returns s in a style (parameters of SGR, ECMA-48).
func (d depth) paint(style, s string) string {
	if d == noColor || style == "" || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// of returns the style for a user's colour, "#rrggbb": bold, and readable on black and on white. Anything else is only bold.
func (d depth) of(color string) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 24)
	if err != nil || len(color) != 7 {
		return styleBold
	}
	c := legible(rgb{float64(n >> 16), float64(n >> 8 & 0xff), float64(n & 0xff)})
	switch d {
	case colorTrue:
		return fmt.Sprintf("1;38;2;%.0f;%.0f;%.0f", c.r, c.g, c.b)
	case color256:
		cube := func(v float64) int { return int(math.Round(v / 255 * 5)) }
		return fmt.Sprintf("1;38;5;%d", 16+36*cube(c.r)+6*cube(c.g)+cube(c.b))
	case color16:
		return fmt.Sprintf("1;%d", c.ansi())
	}
	return ""
}

type rgb struct{ r, g, b float64 } // 0 to 255

// luminance returns the relative luminance of WCAG 2.2.
func (c rgb) luminance() float64 {
	linear := func(v float64) float64 {
		if v /= 255; v > 0.04045 {
			return math.Pow((v+0.055)/1.055, 2.4)
		}
		return v / 12.92
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// middle is the luminance whose contrast is the same on black and on white, 4.58: sqrt(1.05*0.05) - 0.05.
const middle = 0.179

// legible lightens or darkens a colour to the luminance middle.
func legible(c rgb) rgb {
	towards := rgb{255, 255, 255}
	if c.luminance() > middle {
		towards = rgb{}
	}
	low, high := 0.0, 1.0
	mix := func(t float64) rgb {
		return rgb{c.r + (towards.r-c.r)*t, c.g + (towards.g-c.g)*t, c.b + (towards.b-c.b)*t}
	}
	for range 12 { // halving: 12 times is finer than a step of 8 bits
		t := (low + high) / 2
		if (mix(t).luminance() < middle) == (towards.r > 0) {
			low = t
		} else {
			high = t
		}
	}
	return mix(low)
}

// ansi returns the one of red, green, yellow, blue, magenta and cyan (31 to 36) whose hue is nearest.
func (c rgb) ansi() int {
	high, low := max(c.r, c.g, c.b), min(c.r, c.g, c.b)
	var hue float64 // in sixths of the circle, red at 0
	switch span := high - low; {
	case span == 0:
		return 36
	case high == c.r:
		hue = (c.g - c.b) / span
	case high == c.g:
		hue = 2 + (c.b-c.r)/span
	default:
		hue = 4 + (c.r-c.g)/span
	}
	return []int{31, 33, 32, 36, 34, 35}[(int(math.Round(hue))+6)%6]
}
