// Package lang holds what the server and the terminal client say to people, in English and in French.
//
// English is the key: a text without a translation is said in English. A test finds those that lack one.
package lang

import (
	"errors"
	"fmt"
	"strings"

	"salon/internal/chat"
)

// Lang is a language that people are spoken to in.
type Lang uint8

// The languages. French is the default, as the course's clients expect.
const (
	French Lang = iota
	English
)

// Parse understands tags such as "fr", "en", "en-GB", "fr_FR.UTF-8" and "C" (English). It says false for other languages.
func Parse(tag string) (Lang, bool) {
	tag, _, _ = strings.Cut(strings.ToLower(tag), ".")
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	switch tag {
	case "fr":
		return French, true
	case "en", "c", "posix":
		return English, true
	}
	return French, false
}

// String gives the language's tag.
func (l Lang) String() string {
	if l == English {
		return "en"
	}
	return "fr"
}

// Text says format, which is English, in the language.
func (l Lang) Text(format string, args ...any) string {
	if l == French {
		if t, ok := french[format]; ok {
			format = t
		}
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// Error says err in the language. What is not a [chat.Error] is no business of the reader's.
func (l Lang) Error(err error) string {
	var e *chat.Error
	if errors.As(err, &e) {
		return l.Text(e.Format, e.Args...)
	}
	return l.Text("something went wrong in the server")
}
