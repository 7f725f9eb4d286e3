package ws

import (
	"slices"
	"strings"
)

// blanks is optional white space in headers (RFC 9110, section 5.6.3).
const blanks = " \t"

// elements splits the lines of a header that is a list. Empty elements are no elements (RFC 9110, section 5.6.1.2).
func elements(lines []string) (all []string) {
	for _, line := range lines {
		for e := range strings.SplitSeq(line, ",") {
			if e = strings.Trim(e, blanks); e != "" {
				all = append(all, e)
			}
		}
	}
	return all
}

// hasToken tells whether a header that is a list has this element, in any case.
func hasToken(lines []string, token string) bool {
	return slices.ContainsFunc(elements(lines), func(e string) bool { return strings.EqualFold(e, token) })
}

// isToken tells whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// unquote returns what a quoted string stands for (RFC 9110, section 5.6.4). What is none comes back as it is.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		if s[0] == '\\' {
			if s = s[1:]; s == "" {
				return `"` // the closing quote was escaped
			}
		}
		b.WriteByte(s[0])
	}
	return b.String()
}
