package chat

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseRoom(t *testing.T) {
	for _, good := range []string{"lobby", "a", "Général", "русский", "日本語", "a-b_c.d", "42", strings.Repeat("x", MaxRoom)} {
		if id, err := ParseRoom(good); err != nil || string(id) != good {
			t.Errorf("ParseRoom(%q) = %q, %v", good, id, err)
		}
	}
	for _, bad := range []string{
		"", " ", "a b", "a/b", "../x", ".x", "a\x00", "a\nb", "a\x1b[0m", "a\u202eb", "#a", "\xff", "a:b", "{a}", " a", "a ",
		"lobby\u3164", "lobby\u034f", "cafe\u0301", "\u212b", "\u1100\u1161", strings.Repeat("x", MaxRoom+1),
	} {
		if id, err := ParseRoom(bad); CodeOf(err) != CodeInvalidRoom || id != "" {
			t.Errorf("ParseRoom(%q) = %q, %v, want %s", bad, id, err, CodeInvalidRoom)
		}
	}
}

// TestParseTypedRoom reads the lines that the browser client is tested with as well (web/test/golden.test.js). A room that is
// empty stands for one that is refused.
func TestParseTypedRoom(t *testing.T) {
	file, err := os.Open("testdata/typed_rooms.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := json.NewDecoder(file)
	for n := 1; lines.More(); n++ {
		var line struct {
			Typed string
			Room  RoomID
		}
		if err := lines.Decode(&line); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		got, err := ParseTypedRoom(line.Typed)
		if got != line.Room || (line.Room == "") != (CodeOf(err) == CodeInvalidRoom) {
			t.Errorf("ParseTypedRoom(%+q) = %+q, %v, want %+q", line.Typed, got, err, line.Room)
		}
	}
}

func TestCheckName(t *testing.T) {
	for _, good := range []string{"ada", "Ada Lovelace", "Zoë", "李", "o'neil", "ada ❤️", "☀️", strings.Repeat("é", MaxName)} {
		if err := CheckName(good); err != nil {
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

func TestParseName(t *testing.T) {
	for _, c := range []struct {
		typed, want string
		good        bool
	}{
		{"ada", "ada", true},
		{"  Ada Lovelace\r\n", "Ada Lovelace", true},
		{"\u2003ada\u00a0", "ada", true},
		{"Zoe\u0308", "Zoë", true},
		{strings.Repeat("e\u0301", MaxName), strings.Repeat("é", MaxName), true}, // it is the composed form that is counted
		{"Zo\ufb01", "Zo\ufb01", true},                                           // a compatible form stays as it was typed
		{"", "", false},
		{" \t", "", false},
		{" a|b ", "a|b", false},
		{"a  b", "a  b", false},
		{"\xff", "\xff", false},
	} {
		got, err := ParseName(c.typed)
		if got != c.want || c.good != (err == nil) || !c.good && CodeOf(err) != CodeInvalidName {
			t.Errorf("ParseName(%q) = %q, %v, want %q", c.typed, got, err, c.want)
		}
	}
}

// TestNameKey has the keys as stores hold them: a key that changes here frees a name that somebody has.
func TestNameKey(t *testing.T) {
	for name, want := range map[string]string{
		"ada": "ada", "Ada": "ada", "A  B": "a b", " ada\u00a0": "ada", "STRASSE": "strasse", "straße": "straße", "ΣΊΣΥΦΟΣ": "σίσυφοσ",
		"σίσυφος": "σίσυφοσ", "❤️": "❤", "a\u034fda\u3164": "ada", "Zoe\u0308": "zoë", "ZOË": "zoë", "\ufb01n": "fin", "Ａｄａ": "ada",
		"①": "1", "K": "k", "\u212b": "å", "ſ": "s", "İ": "i", "adb": "adb", "": "",
	} {
		if key := NameKey(name); key != want {
			t.Errorf("NameKey(%q) = %+q, want %+q", name, key, want)
		}
	}
}

// FuzzNames checks, for whatever is typed, that a parsed name keeps the rules of names and parses to itself.
func FuzzNames(f *testing.F) {
	for _, typed := range []string{"ada", " Zoe\u0308 ", "#Café", "❤️", "a\u034f\u0301", "ǰ", "\xff", "\u1100\u1161\u11a8", "´"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		if name, err := ParseName(typed); err == nil {
			if again, err := ParseName(name); again != name || err != nil {
				t.Errorf("%q is the name %q, and that is %q, %v", typed, name, again, err)
			}
			if NameKey(name) == "" || !utf8.ValidString(NameKey(name)) {
				t.Errorf("%q has the key %q", name, NameKey(name))
			}
			if NameKey(typed) != NameKey(name) {
				t.Errorf("typed as %q the name %q has another key", typed, name)
			}
		}
		if id, err := ParseTypedRoom(typed); err == nil {
			if again, err := ParseTypedRoom(string(id)); again != id || err != nil {
				t.Errorf("%q is the room %q, and that is %q, %v", typed, id, again, err)
			}
		}
	})
}
