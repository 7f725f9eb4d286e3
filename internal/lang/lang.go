// Package lang holds the texts that the server and the terminal client show to people, in English and in French.
//
// The English text is the key of its translation. A text without a translation is shown in English; a test finds such texts.
package lang

import (
	"errors"
	"fmt"
	"strings"

	"salon/internal/chat"
)

// Lang is a language for people.
type Lang uint8

// The languages. French is the default, as the course's clients expect.
const (
	French Lang = iota
	English
)

// Parse understands tags such as "fr", "en", "en-GB", "fr_FR.UTF-8" and "C" (English). It returns false for any other
// language.
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

// String returns the tag of the language.
func (l Lang) String() string {
	if l == English {
		return "en"
	}
	return "fr"
}

// Text returns an English format in the language, with its arguments filled in.
func (l Lang) Text(format string, args ...any) string {
	if l == French {
		if t, ok := french[format]; ok {
			format = t
		}
	}
	return sprintf(format, args)
}

// sprintf is fmt.Sprintf, and leaves a text without arguments as it is.
func sprintf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// Error says err in the language, to a client. It says nothing of an error that is not a [chat.Error]: such an error may hold
// what a client must not see.
func (l Lang) Error(err error) string {
	var e *chat.Error
	if errors.As(err, &e) {
		return l.Text(e.Format, e.Args...)
	}
	return l.Text("something went wrong in the server")
}
