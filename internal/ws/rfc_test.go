package ws

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// conversation is what a peer sends, and what an echoing connection must answer. When the peer sends no close frame, the
// test sends one with code 1000 at the end.
type conversation struct {
	name string
	send []frame
	want []string // the close frame included where it is not 1000
	long bool     // too long to be sent byte by byte
}

const hello = "Hello-µ@ßöäüàá-UTF-8!!"

func q(kind, payload string) string {
	s, _ := show(map[string]Opcode{"text": Text, "binary": Binary, "pong": opPong}[kind], 0, []byte(payload))
	return s
}

// framing has payloads of every form of length.
func framing() (all []conversation) {
	for op, kind := range map[byte]string{1: "text", 2: "binary"} {
		for _, n := range []int{0, 1, 124, 125, 126, 127, 128, 4081, 4086, 4087, 4096, 65535, 65536, 1 << 20} {
			payload := strings.Repeat("*", n)
			all = append(all, conversation{
				name: fmt.Sprintf("%s of %d", kind, n), long: n > 200,
				send: []frame{{op: op, payload: payload}}, want: []string{q(kind, payload)},
			})
		}
	}
	return append(all,
		conversation{name: "16 bits for a length of 7", send: []frame{{op: 1, payload: "a", form: 2}}, want: []string{"close 1002"}},
		conversation{name: "64 bits for a length of 7", send: []frame{{op: 1, payload: "a", form: 8}}, want: []string{"close 1002"}},
		conversation{name: "64 bits for a length of 16", send: []frame{{op: 1, payload: strings.Repeat("a", 300), form: 8}}, want: []string{"close 1002"}},
		conversation{name: "length with top bit", send: []frame{{op: 2, claim: -1 << 63}}, want: []string{"close 1002"}},
		conversation{name: "longest length", send: []frame{{op: 2, claim: 1<<63 - 1}}, want: []string{"close 1009"}},
		conversation{name: "one byte over the limit", send: []frame{{op: 2, claim: 1<<24 + 1}}, want: []string{"close 1009"}},
		conversation{name: "over the limit in fragments", send: []frame{{op: 2, payload: "x", more: true}, {op: 0, claim: 1 << 24}}, want: []string{"close 1009"}},
		conversation{name: "text with wrong masking", send: []frame{{op: 1, payload: "a", unmask: true}}, want: []string{"close 1002"}},
		conversation{name: "ping with wrong masking", send: []frame{{op: 9, payload: "a", unmask: true}}, want: []string{"close 1002"}},
		conversation{name: "close with wrong masking", send: []frame{{op: 8, payload: "\x03\xe8", unmask: true}}, want: []string{"close 1002"}},
	)
}

func pings() []conversation {
	many := conversation{name: "ten pings"}
	for i := range 10 {
		p := fmt.Sprintf("payload %d", i)
		many.send = append(many.send, frame{op: 9, payload: p})
		many.want = append(many.want, q("pong", p))
	}
	binary := "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
	long := strings.Repeat("\xfe", 125)
	return []conversation{
		many,
		{name: "empty ping", send: []frame{{op: 9}}, want: []string{`pong ""`}},
		{name: "ping with text", send: []frame{{op: 9, payload: hello}}, want: []string{q("pong", hello)}},
		{name: "ping with bytes", send: []frame{{op: 9, payload: binary}}, want: []string{q("pong", binary)}},
		{name: "ping of 125", send: []frame{{op: 9, payload: long}}, want: []string{q("pong", long)}},
		{name: "ping of 126", send: []frame{{op: 9, payload: long + "\xfe"}}, want: []string{"close 1002"}},
		{name: "ping of 64 KiB", send: []frame{{op: 9, claim: 1 << 16}}, want: []string{"close 1002"}},
		{name: "pong unasked for", send: []frame{{op: 10, payload: "x"}}},
		{name: "pong, then ping", send: []frame{{op: 10, payload: "x"}, {op: 9, payload: "y"}}, want: []string{`pong "y"`}},
		{name: "pong of 126", send: []frame{{op: 10, payload: long + "x"}}, want: []string{"close 1002"}},
	}
}

func reserved() (all []conversation) {
	for rsv := byte(1); rsv < 8; rsv++ {
		for _, op := range []byte{1, 2, 8, 9, 10} {
			payload := hello
			if op == 8 {
				payload = "\x03\xe8"
			}
			all = append(all, conversation{
				name: fmt.Sprintf("bits %d of opcode %d", rsv, op),
				send: []frame{{op: 1, payload: "first"}, {op: op, rsv: rsv, payload: payload}, {op: 9}},
				want: []string{`text "first"`, "close 1002"},
			})
		}
		all = append(all, conversation{
			name: fmt.Sprintf("bits %d of a continuation", rsv),
			send: []frame{{op: 1, payload: "a", more: true}, {op: 0, rsv: rsv, payload: "b"}}, want: []string{"close 1002"},
		})
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		for _, payload := range []string{"", "reserved"} {
			all = append(all, conversation{
				name: fmt.Sprintf("opcode %d with %q", op, payload),
				send: []frame{{op: 1, payload: "first"}, {op: op, payload: payload}, {op: 9}},
				want: []string{`text "first"`, "close 1002"},
			})
		}
	}
	return all
}

func fragments() []conversation {
	bad := []string{"close 1002"}
	ping := frame{op: 9, payload: "p"}
	return []conversation{
		{name: "ping in fragments", send: []frame{{op: 9, payload: "a", more: true}, {op: 0, payload: "b"}}, want: bad},
		{name: "pong in fragments", send: []frame{{op: 10, payload: "a", more: true}, {op: 0, payload: "b"}}, want: bad},
		{name: "close in fragments", send: []frame{{op: 8, payload: "\x03", more: true}, {op: 0, payload: "\xe8"}}, want: bad},
		{name: "text in two", send: []frame{{op: 1, payload: "ab", more: true}, {op: 0, payload: "cd"}}, want: []string{`text "abcd"`}},
		{name: "binary in three", send: []frame{{op: 2, payload: "ab", more: true}, {op: 0, payload: "cd", more: true}, {op: 0, payload: "ef"}}, want: []string{`binary "abcdef"`}},
		{name: "pings between", send: []frame{{op: 1, payload: "ab", more: true}, ping, {op: 0, payload: "cd", more: true}, ping, {op: 0, payload: "ef"}}, want: []string{`pong "p"`, `pong "p"`, `text "abcdef"`}},
		{name: "empty fragments", send: []frame{{op: 1, more: true}, {op: 0, more: true}, {op: 0}}, want: []string{`text ""`}},
		{name: "empty ends", send: []frame{{op: 1, more: true}, {op: 0, payload: "x", more: true}, {op: 0}}, want: []string{`text "x"`}},
		{name: "continuation of nothing", send: []frame{{op: 0, payload: "a"}, {op: 1, payload: "b"}}, want: bad},
		{name: "unfinished continuation of nothing", send: []frame{{op: 0, payload: "a", more: true}, {op: 0, payload: "b"}}, want: bad},
		{name: "continuation after the end", send: []frame{{op: 1, payload: "a", more: true}, {op: 0, payload: "b"}, {op: 0, payload: "c"}}, want: []string{`text "ab"`, "close 1002"}},
		{name: "text inside text", send: []frame{{op: 1, payload: "a", more: true}, {op: 1, payload: "b"}}, want: bad},
		{name: "binary inside text", send: []frame{{op: 1, payload: "a", more: true}, {op: 2, payload: "b", more: true}}, want: bad},
		{name: "close inside text", send: []frame{{op: 1, payload: "a", more: true}, {op: 8, payload: "\x03\xe8"}}, want: []string{"close 1000"}},
		{name: "two messages in fragments", send: []frame{{op: 1, payload: "a", more: true}, {op: 0, payload: "b"}, {op: 2, payload: "c", more: true}, {op: 0, payload: "d"}}, want: []string{`text "ab"`, `binary "cd"`}},
		{name: "fragments of 2 KiB and more", send: []frame{{op: 2, payload: strings.Repeat("a", 2000), more: true}, {op: 0, payload: strings.Repeat("b", 9000), more: true}, {op: 0, payload: "c"}}, long: true,
			want: []string{q("binary", strings.Repeat("a", 2000)+strings.Repeat("b", 9000)+"c")}},
	}
}

func closes() []conversation {
	all := []conversation{
		{name: "close without code", send: []frame{{op: 8}}, want: []string{"close"}},
		{name: "close of one byte", send: []frame{{op: 8, payload: "a"}}, want: []string{"close 1002"}},
		{name: "close with reason", send: []frame{{op: 8, payload: "\x03\xe8" + hello}}, want: []string{"close 1000"}},
		{name: "close with longest reason", send: []frame{{op: 8, payload: "\x03\xe8" + strings.Repeat("*", 123)}}, want: []string{"close 1000"}},
		{name: "close of 126", send: []frame{{op: 8, payload: "\x03\xe8" + strings.Repeat("*", 124)}}, want: []string{"close 1002"}},
		{name: "close reason not UTF-8", send: []frame{{op: 8, payload: "\x03\xe8\xce\xba\xed\xa0\x80"}}, want: []string{"close 1007"}},
		{name: "text after close", send: []frame{{op: 8, payload: "\x03\xe8"}, {op: 1, payload: "late"}}, want: []string{"close 1000"}},
		{name: "ping after close", send: []frame{{op: 8, payload: "\x03\xe8"}, {op: 9, payload: "late"}}, want: []string{"close 1000"}},
		{name: "close after close", send: []frame{{op: 8, payload: "\x03\xe8"}, {op: 8, payload: "\x03\xe9"}}, want: []string{"close 1000"}},
		{name: "256 KiB, then close", send: []frame{{op: 1, payload: strings.Repeat("x", 1<<18)}, {op: 8, payload: "\x03\xe8"}}, long: true,
			want: []string{q("text", strings.Repeat("x", 1<<18)), "close 1000"}},
	}
	code := func(n int, want string) conversation {
		return conversation{name: fmt.Sprintf("close %d", n), send: []frame{{op: 8, payload: string([]byte{byte(n >> 8), byte(n)})}}, want: []string{want}}
	}
	for _, n := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		all = append(all, code(n, fmt.Sprintf("close %d", n)))
	}
	for _, n := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		all = append(all, code(n, "close 1002"))
	}
	return all
}

func large() (all []conversation) {
	payload := strings.Repeat("0123456789abcdef", 1<<20)
	for _, n := range []int{1 << 18, 1 << 22, 1 << 24} {
		for _, size := range []int{n, 1 << 16, 1300} {
			if n/size > 1000 {
				continue
			}
			all = append(all, conversation{
				name: fmt.Sprintf("%d in fragments of %d", n, size), long: true,
				send: split(2, payload[:n], size), want: []string{q("binary", payload[:n])},
			})
		}
	}
	return append(all, conversation{
		name: "64 KiB in fragments of 64", long: true, send: split(1, payload[:1<<16], 64), want: []string{q("text", payload[:1<<16])},
	})
}

func split(op byte, payload string, size int) (all []frame) {
	for len(payload) > size {
		all = append(all, frame{op: op, payload: payload[:size], more: true})
		payload, op = payload[size:], 0
	}
	return append(all, frame{op: op, payload: payload})
}

// TestRules holds conversations in both roles, sent in one piece and byte by byte.
func TestRules(t *testing.T) {
	groups := map[string][]conversation{
		"framing": framing(), "pings": pings(), "reserved": reserved(), "fragments": fragments(), "closes": closes(),
		"large": large(), "text": texts(),
	}
	for group, all := range groups {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			converse(t, all, &Options{MaxMessage: 1 << 24})
		})
	}
}

func converse(t *testing.T, all []conversation, o *Options) {
	for _, c := range all {
		for _, server := range []bool{true, false} {
			for _, bytewise := range []bool{false, true} {
				if bytewise && c.long {
					continue
				}
				role := map[bool]string{true: "server", false: "client"}[server]
				way := map[bool]string{true: "bytewise", false: "whole"}[bytewise]
				t.Run(c.name+"/"+role+"/"+way, func(t *testing.T) { c.hold(t, o, server, bytewise) })
			}
		}
	}
}

func (c conversation) hold(t *testing.T, o *Options, server, bytewise bool) {
	var ended error
	done := make(chan struct{})
	p := peerOf(t, o, server, func(c *Conn) {
		defer close(done)
		ended = echo(c)
	})
	want := slices.Clone(c.want)
	closes := func(s string) bool { return strings.HasPrefix(s, "close") }
	var bytes []byte
	for _, f := range c.send {
		bytes = append(bytes, f.encode(p.client)...)
	}
	if !slices.ContainsFunc(want, closes) {
		bytes = append(bytes, frame{op: 8, payload: "\x03\xe8"}.encode(p.client)...)
		want = append(want, "close 1000")
	}
	go p.deliver(bytes, bytewise)
	if got := p.receiveAll(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	<-done
	end, ok := errors.AsType[*CloseError](ended)
	if !ok {
		t.Fatalf("Read failed with %v", ended)
	}
	if last := want[len(want)-1]; last != "close" && last != fmt.Sprintf("close %d", end.Code) {
		t.Errorf("Read failed with %v", ended)
	}
}

// deliver sends until the other side takes no more: after a fault, it need not take the rest.
func (p *peer) deliver(b []byte, bytewise bool) {
	size := len(b)
	if bytewise {
		size = 1
	}
	for len(b) > 0 {
		n, err := p.Write(b[:min(size, len(b))])
		if err != nil {
			return
		}
		b = b[n:]
	}
}

// TestMemoryOfFragments: assembling a message of many small fragments allocates a small multiple of the message's size.
func TestMemoryOfFragments(t *testing.T) {
	const size = 8 << 20
	for _, fragment := range []int{1 << 10, 1 << 16} {
		var says []byte
		for _, f := range split(2, strings.Repeat("x", size), fragment) {
			says = append(says, f.encode(true)...)
		}
		c := newConn(&script{says: says, piece: len(says)}, nil, terms{opts: &Options{MaxMessage: 16 << 20}})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, p, err := c.Read()
		runtime.ReadMemStats(&after)
		if err != nil || len(p) != size {
			t.Fatal(len(p), err)
		}
		if cost := after.TotalAlloc - before.TotalAlloc; cost > 5*size {
			t.Errorf("fragments of %d: %d bytes allocated for a message of %d", fragment, cost, size)
		}
		c.Kill()
		<-c.Done()
	}
}
