package chat

import (
	"strings"
	"testing"
)

func TestCheckCID(t *testing.T) {
	for cid, good := range map[string]bool{
		"a": true, strings.Repeat("x", MaxCID): true, "": false, "a b": false, "é": false, "a\n": false,
		strings.Repeat("x", MaxCID+1): false,
	} {
		if err := CheckCID(cid); (err == nil) != good {
			t.Errorf("CheckCID(%q): %v", cid, err)
		}
	}
}

func TestCheckText(t *testing.T) {
	for text, want := range map[string]Code{
		"x": "", " x\n": "", "12345678": "", "éééé": "",
		"": CodeInvalidText, " \t\n": CodeInvalidText, "\u2003": CodeInvalidText, "a\xff": CodeInvalidText,
		"123456789": CodeTooLarge, "ééééé": CodeTooLarge,
	} {
		err := CheckText(text, 8)
		if want == "" && err != nil || want != "" && CodeOf(err) != want {
			t.Errorf("CheckText(%q): %v, want %q", text, err, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	a, b := NewUserID(), NewUserID()
	if a == b || len(a) != 18 || !strings.HasPrefix(string(a), "u_") {
		t.Errorf("user ids %q, %q", a, b)
	}
	if again := ColorOf(a); again != ColorOf(a) || len(ColorOf(a)) != 7 {
		t.Errorf("colour %q", ColorOf(a))
	}
	if x, y := NewToken(), NewToken(); x == y || len(x) != 43 || HashToken(x) == HashToken(y) {
		t.Errorf("tokens %q, %q", x, y)
	}
}
