package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the longest user name, in characters (runes).
const MaxName = 32

// CheckName says what is wrong with a user's name, nil if nothing: 1 to [MaxName] characters, something visible, no
// control or formatting characters (they hide or turn text around) and none that show nothing, no line breaks, no '|', no
// space at either end or twice in a row, not starting with '/'. Errors: [CodeInvalidName], with the reason.
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
