package server

import (
	"net/http"
	"testing"
)

func TestRefusedConnectionsAreCounted(t *testing.T) {
	c, err := newCounter(2, []string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	from := func(remote string, forwarded ...string) *http.Request {
		return &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": forwarded}}
	}
	var out []func()
	in := func(r *http.Request, want bool) {
		t.Helper()
		done, ok := c.session(r)
		if ok != want {
			t.Errorf("%s %v: %t", r.RemoteAddr, r.Header, ok)
		}
		out = append(out, done)
	}
	in(from("192.0.2.1:1"), true)
	in(from("10.0.0.1:1", "203.0.113.9, 192.0.2.1"), true) // what stands in front is the visitor's own invention
	in(from("192.0.2.1:2"), false)
	in(from("[2001:db8::1]:1"), true)
	in(from("[2001:db8::2]:1"), true)
	in(from("[2001:db8::3]:1"), false) // one home
	in(from("[2001:db8:0:1::3]:1"), true)
	a := home(parse("192.0.2.1"))
	if c.sessions[a] != 2 || c.sockets[a] != 1 {
		t.Errorf("%d sessions, %d unfinished", c.sessions[a], c.sockets[a])
	}
	for _, done := range out {
		done()
	}
	if len(c.sessions)+len(c.sockets) != 0 {
		t.Errorf("remain: %v, %v", c.sessions, c.sockets)
	}
}
