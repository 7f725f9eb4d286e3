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

// TestAddressBehindProxies: whom a request comes from, as proxies write it.
func TestAddressBehindProxies(t *testing.T) {
	c, err := newCounter(2, []string{"10.0.0.0/8", "fd00::/8", "fe80::1"})
	if err != nil {
		t.Fatal(err)
	}
	const proxy = "10.0.0.1:4711"
	for _, tt := range []struct {
		remote    string
		forwarded []string
		want      string
	}{
		{proxy, nil, "10.0.0.1"},
		{proxy, []string{"192.0.2.1"}, "192.0.2.1"},
		{proxy, []string{"192.0.2.1:8080"}, "192.0.2.1"},
		{proxy, []string{"2001:db8::1"}, "2001:db8::1"},
		{proxy, []string{"[2001:db8::1]"}, "2001:db8::1"},
		{proxy, []string{"[2001:db8::1]:8080"}, "2001:db8::1"},
		{proxy, []string{`"[2001:db8::1]"`}, "2001:db8::1"},
		{proxy, []string{`"[2001:db8::1]:8080"`}, "2001:db8::1"},
		{proxy, []string{`"2001:db8::1"`}, "2001:db8::1"},
		{proxy, []string{`" 192.0.2.1:8080 "`}, "192.0.2.1"},
		{proxy, []string{"::ffff:192.0.2.1", "[::ffff:10.0.0.2]:5"}, "192.0.2.1"},
		{proxy, []string{`203.0.113.9,	"[2001:db8::1]:1" , 10.0.0.2:99`}, "2001:db8::1"},
		{proxy, []string{`"[2001:db8::1]"`, `"[fd00::7]:443"`}, "2001:db8::1"},
		{proxy, []string{"unknown"}, "10.0.0.1"},
		{proxy, []string{`"`}, "10.0.0.1"},
		{proxy, []string{`[`}, "10.0.0.1"},
		{proxy, []string{""}, "10.0.0.1"},
		{"[fe80::1%eth0]:1", []string{"192.0.2.1"}, "192.0.2.1"},
		{"192.0.2.7:1", []string{"203.0.113.9"}, "192.0.2.7"}, // no proxy of ours
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
		if got := c.address(r); got != tt.want {
			t.Errorf("%s, %q: %s, want %s", tt.remote, tt.forwarded, got, tt.want)
		}
	}
}
