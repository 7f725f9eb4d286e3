package chat

import (
	"encoding/json"
	"os"
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

// TestTextsThatShowNothing reads the lines that the browser client is tested with as well (web/test/golden.test.js).
func TestTextsThatShowNothing(t *testing.T) {
	file, err := os.Open("testdata/texts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := json.NewDecoder(file); lines.More(); {
		var line struct {
			Text  string
			Shows bool
		}
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		err := CheckText(line.Text, 1000)
		if line.Shows && err != nil || !line.Shows && CodeOf(err) != CodeInvalidText {
			t.Errorf("CheckText(%+q): %v, shows something: %v", line.Text, err, line.Shows)
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
