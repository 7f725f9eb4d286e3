package client

import "testing"

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"127.0.0.1:9000":           "ws://127.0.0.1:9000/ws",
		"localhost":                "ws://localhost:8888/ws",
		"[::1]:80":                 "ws://[::1]:80/ws",
		"::1":                      "ws://[::1]:8888/ws",
		"fe80::1%lo":               "ws://[fe80::1%25lo]:8888/ws",
		"http://chat.example/":     "ws://chat.example/ws",
		"https://chat.example":     "wss://chat.example/ws",
		"ws://h:1/some/path?x=y#z": "ws://h:1/some/path?x=y",
		"ftp://h":                  "",
		"":                         "",
		"ws://":                    "",
		"a b":                      "",
	} {
		got, err := ParseAddress(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
