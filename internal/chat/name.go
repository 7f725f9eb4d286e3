package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the longest user name, in characters (runes).
const MaxName = 32

// ParseName gives the name that a person means by what was typed: without the spaces around it, and in Unicode's composed form
// (NFC). It is the name that others are shown. Where it breaks the rules of [CheckName], it comes with the error, so that a
// caller can still compare it with a name that was given under earlier rules. Errors: [CodeInvalidName], with the reason.
func ParseName(typed string) (string, error) {
	name := norm.NFC.String(strings.TrimSpace(typed))
	return name, CheckName(name)
}

// NameKey gives what two names have in common when people would take one for the other. It folds the case and Unicode's
// compatible forms (NFKC), makes runs of spaces one space, and leaves out characters that show nothing. Stores keep names
// under their keys, so the result for a name must never change.
func NameKey(name string) string {
	name = strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(name))
	return strings.ToLower(strings.ToUpper(strings.Join(strings.Fields(name), " ")))
}

// CheckName says what is wrong with a user's name, and gives nil for a good one. A name has 1 to [MaxName] characters, one of
// them visible. It has no control or formatting characters (they hide text or turn it around), none that show nothing, no
// line breaks and no '|'. It has no space at either end and no two in a row, and does not start with '/'. Errors:
// [CodeInvalidName], with the reason.
func CheckName(name string) error {
	switch {
	case name == "":
		return Errorf(CodeInvalidName, "the name is empty")
	case !utf8.ValidString(name):
		return Errorf(CodeInvalidName, "the name is not UTF-8")
	case utf8.RuneCountInString(name) > MaxName:
		return Errorf(CodeInvalidName, "the name has more than %d characters", MaxName)
	case strings.TrimSpace(name) != name:
		return Errorf(CodeInvalidName, "the name starts or ends with a space")
	case strings.Contains(name, "  "):
		return Errorf(CodeInvalidName, "the name has two spaces in a row")
	case name[0] == '/':
		return Errorf(CodeInvalidName, "the name starts with '/'")
	}
	return checkRunes(name)
}

func checkRunes(name string) error {
	visible, marks := false, 0
	var before, r rune
	for _, next := range name {
		before, r = r, next
		marks++
		switch {
		case r == '|':
			return Errorf(CodeInvalidName, "the name has a '|'")
		case r == ' ':
		case r == emojiStyle && unicode.Is(unicode.So, before): // as keyboards write ❤️
			continue
		case invisible(r):
			return unseen(r)
		case unicode.IsMark(r):
			if marks > 8 { // stacked accents climb over the lines of others
				return Errorf(CodeInvalidName, "the name has too many accents on one letter")
			}
			continue
		case !unicode.IsGraphic(r) || unicode.IsSpace(r):
			return unseen(r)
		default:
			visible = true
		}
		marks = 0
	}
	if !visible {
		return Errorf(CodeInvalidName, "the name shows nothing")
	}
	return nil
}

func unseen(r rune) error {
	return Errorf(CodeInvalidName, "the name has a character that cannot be seen (%U)", r)
}

const (
	emojiStyle   = '\ufe0f' // asks for the picture of the symbol before it
	blankBraille = '\u2800' // a symbol by its category
)

// invisible tells whether r shows nothing by itself: Unicode's Default_Ignorable_Code_Point (UAX 44, of what it is derived
// from; Cf has a few more, which are no part of a name either), and the one pattern of Braille without a dot.
func invisible(r rune) bool {
	return r == blankBraille || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Cf)
}
