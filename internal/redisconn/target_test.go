package redisconn

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	tests := []struct {
		url       string
		addresses []string
		user      string
		password  string
		db        int
		tls       bool
	}{
		{"redis://localhost", []string{"localhost:6379"}, "", "", 0, false},
		{"redis://127.0.0.1:7000/3", []string{"127.0.0.1:7000"}, "", "", 3, false},
		{"redis://[::1]:7000", []string{"[::1]:7000"}, "", "", 0, false},
		{"redis://[::1]", []string{"[::1]:6379"}, "", "", 0, false},
		{"redis://a:1,b:2,c", []string{"a:1", "b:2", "c:6379"}, "", "", 0, false},
		{"rediss://me:s%40cret%2F@a:1,b:2/", []string{"a:1", "b:2"}, "me", "s@cret/", 0, true},
		{"redis://:word@a", []string{"a:6379"}, "", "word", 0, false},
		{"redis://me@a", []string{"a:6379"}, "me", "", 0, false},
		{"redis://a:1,b:2/0", []string{"a:1", "b:2"}, "", "", 0, false},
	}
	for _, test := range tests {
		got, err := ParseURL(test.url)
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		if !slices.Equal(got.Addresses, test.addresses) || got.User != test.user || got.Password != test.password ||
			got.DB != test.db || (got.TLS != nil) != test.tls {
			t.Errorf("%s: %+v", test.url, struct {
				a    []string
				u, p string
				db   int
			}{got.Addresses, got.User, got.Password, got.DB})
		}
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(format, got); test.password != "" && strings.Contains(text, test.password) {
				t.Errorf("%s shows the password: %s", format, text)
			}
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	for _, raw := range []string{
		"", "localhost:6379", "http://localhost", "redis://", "redis://a:x", "redis://a:0", "redis://a:70000", "redis://a,,b",
		"redis://a/x", "redis://a/-1", "redis://a,b/2", "redis://a?wrong=1", "redis://a?ca=/nowhere", "rediss://a?ca=/nowhere",
		"redis://me:secret%zz@a", "redis://me:secret@b:c:d",
	} {
		got, err := ParseURL(raw)
		if err == nil {
			t.Errorf("%q is taken: %v", raw, got)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error shows the password: %v", raw, err)
		}
	}
}
