package protocol

import "testing"

func TestParseAddress(t *testing.T) {
	for _, tt := range []struct{ typed, url, host string }{ // host is what a program connects to
		{"127.0.0.1", "ws://127.0.0.1:8888", "127.0.0.1"},
		{" chat.example:9000 ", "ws://chat.example:9000", "chat.example"},
		{"chat.example:", "ws://chat.example:8888", "chat.example"},
		{"chat.example/some/path", "ws://chat.example:8888/some/path", "chat.example"},
		{"::1", "ws://[::1]:8888", "::1"},
		{"[::1]", "ws://[::1]:8888", "::1"},
		{"[::1]:80", "ws://[::1]:80", "::1"},
		{"[::1]/?room=garden", "ws://[::1]:8888/?room=garden", "::1"},
		{"2001:DB8:0:0::7", "ws://[2001:db8::7]:8888", "2001:db8::7"},
		{"::ffff:127.0.0.1", "ws://[::ffff:127.0.0.1]:8888", "::ffff:127.0.0.1"},
		{"[127.0.0.1]:80", "ws://127.0.0.1:80", "127.0.0.1"},
		{"fe80::1%lo", "ws://[fe80::1%25lo]:8888", "fe80::1%lo"},
		{"[fe80::1%lo]", "ws://[fe80::1%25lo]:8888", "fe80::1%lo"},
		{"[fe80::1%lo]:80", "ws://[fe80::1%25lo]:80", "fe80::1%lo"},
		{"[fe80::1%25lo]:80", "ws://[fe80::1%25lo]:80", "fe80::1%lo"},
		{"fe80::1%25", "ws://[fe80::1%2525]:8888", "fe80::1%25"},
		{"fe80::1%eth0.100", "ws://[fe80::1%25eth0.100]:8888", "fe80::1%eth0.100"},
		{"http://::1", "ws://[::1]", "::1"},
		{"https://[fe80::1%lo]:8443/", "wss://[fe80::1%25lo]:8443/", "fe80::1%lo"},
		{"HTTP://chat.example/x?y=z#part", "ws://chat.example/x?y=z", "chat.example"},
	} {
		u, err := ParseAddress(tt.typed)
		if err != nil {
			t.Errorf("%q: %v", tt.typed, err)
		} else if u.String() != tt.url || u.Hostname() != tt.host {
			t.Errorf("%q: %s with the host %s, want %s with %s", tt.typed, u, u.Hostname(), tt.url, tt.host)
		}
	}
	for _, typed := range []string{"", " ", "ws://", "ftp://chat.example", "a b", "[::1", "[::1]x", ":8888", "chat.example:port"} {
		if u, err := ParseAddress(typed); err == nil {
			t.Errorf("%q: %s", typed, u)
		}
	}
}
