package ws

import (
	"bytes"
	stdflate "compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// pack compresses with the standard library's deflate, so that a fault in ours cannot hide itself.
func pack(s string, level int) string {
	var out bytes.Buffer
	w, _ := stdflate.NewWriter(&out, level)
	w.Write([]byte(s))
	w.Flush()
	return strings.TrimSuffix(out.String(), "\x00\x00\xff\xff")
}

// packFinal compresses to a stream that ends with a last block (BFINAL).
func packFinal(s string) string {
	var out bytes.Buffer
	w, _ := stdflate.NewWriter(&out, 9)
	w.Write([]byte(s))
	w.Close()
	return out.String()
}

// packWith compresses what can refer to what came before.
func packWith(before, s string) string {
	var out bytes.Buffer
	w, _ := stdflate.NewWriterDict(&out, 9, []byte(before))
	w.Write([]byte(s))
	w.Flush()
	return strings.TrimSuffix(out.String(), "\x00\x00\xff\xff")
}

// packBlocks compresses to a block for each part, with an empty one after it.
func packBlocks(parts ...string) string {
	var out bytes.Buffer
	w, _ := stdflate.NewWriter(&out, 9)
	for _, p := range parts {
		w.Write([]byte(p))
		w.Flush()
	}
	return strings.TrimSuffix(out.String(), "\x00\x00\xff\xff")
}

func noise(n int) string {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return string(b)
}

func compressed() []conversation {
	text := func(payload string) frame { return frame{op: 1, rsv: 4, payload: payload} }
	long := strings.Repeat(hello, 100)
	all := []conversation{
		{name: "RFC 7692 7.2.3.1", send: []frame{text("\xf2\x48\xcd\xc9\xc9\x07\x00")}, want: []string{`text "Hello"`}},
		{name: "RFC 7692 7.2.3.1 in fragments", send: []frame{{op: 1, rsv: 4, more: true, payload: "\xf2\x48\xcd"}, {op: 0, payload: "\xc9\xc9\x07\x00"}}, want: []string{`text "Hello"`}},
		{name: "RFC 7692 7.2.3.3, stored", send: []frame{text("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00")}, want: []string{`text "Hello"`}},
		{name: "RFC 7692 7.2.3.4, last block", send: []frame{text("\xf3\x48\xcd\xc9\xc9\x07\x00\x00")}, want: []string{`text "Hello"`}},
		{name: "RFC 7692 7.2.3.5, two blocks", send: []frame{text("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00")}, want: []string{`text "Hello"`}},
		{name: "RFC 7692 7.2.3.6, empty", send: []frame{text("\x00")}, want: []string{`text ""`}},
		{name: "empty as \\x02\\x00", send: []frame{text("\x02\x00")}, want: []string{`text ""`}},
		{name: "empty without a byte", send: []frame{text("")}, want: []string{"close 1007"}},
		{name: "empty without a byte, in fragments", send: []frame{{op: 1, rsv: 4, more: true}, {op: 0}}, want: []string{"close 1007"}},
		{name: "plain although agreed", send: []frame{{op: 1, payload: "Hello"}}, want: []string{`text "Hello"`}},
		{name: "two messages", send: []frame{text(pack("one", 6)), text(pack("two", 6))}, want: []string{`text "one"`, `text "two"`}},
		{name: "binary", send: []frame{{op: 2, rsv: 4, payload: pack("\xff\x00", 6)}}, want: []string{q("binary", "\xff\x00")}},
		{name: "control frames between fragments", send: []frame{{op: 1, rsv: 4, more: true, payload: pack("Hello", 6)[:2]}, {op: 9, payload: "p"}, {op: 0, payload: pack("Hello", 6)[2:]}}, want: []string{`pong "p"`, `text "Hello"`}},
		{name: "long answer is compressed", send: []frame{text(pack(long, 6))}, want: []string{"deflated " + q("text", long)}},
		{name: "last block without more", send: []frame{text(packFinal("Hello"))}, want: []string{`text "Hello"`}},
		{name: "empty last block", send: []frame{text(strings.TrimSuffix(packFinal("Hello"), "\x00\x00\xff\xff"))}, want: []string{`text "Hello"`}},
		{name: "nothing but an empty last block", send: []frame{text("\x01")}, want: []string{`text ""`}},
		{name: "last block that ends inside the tail", send: []frame{text("\x01\x02\x00\xfd\xff")}, want: []string{"close 1007"}},
		{name: "last block that ends inside our block", send: []frame{text("\x01\x06\x00\xf9\xff")}, want: []string{"close 1007"}},
		{name: "last blocks, then more", send: []frame{text("\xf3\x48\xcd\xc9\xc9\x07\x00" + "\xf3\x48\xcd\xc9\xc9\x07\x00" + pack("!", 6))}, want: []string{`text "HelloHello!"`}},
		{name: "reference back over a last block", send: []frame{text(packFinal(hello) + packWith(hello, hello+"!"))}, want: []string{q("text", hello+hello+"!")}},
		{name: "64 last blocks", send: []frame{text(strings.Repeat("\x03\x00", 63) + pack("a", 6))}, want: []string{`text "a"`}},
		{name: "65 last blocks", send: []frame{text(strings.Repeat("\x03\x00", 64) + pack("a", 6))}, want: []string{"close 1007"}},
		{name: "many blocks", send: []frame{text(packBlocks("a", "b", "", "cd", long))}, want: []string{"deflated " + q("text", "abcd"+long)}},
		{name: "no text", send: []frame{text(pack("\xff\xfe", 6))}, want: []string{"close 1007"}},
		{name: "text cut inside a character", send: []frame{text(pack("abc\xe2\x82", 6))}, want: []string{"close 1007"}},
		{name: "garbage", send: []frame{text("\xff\xff\xff\xff")}, want: []string{"close 1007"}},
		{name: "text that is not compressed", send: []frame{text("Hello, world")}, want: []string{"close 1007"}},
		{name: "stored block cut short", send: []frame{text("\x00\x05\x00\xfa\xffHel")}, want: []string{"close 1007"}},
		{name: "stored block longer than all", send: []frame{text("\x00\xff\xff\x00\x00Hel")}, want: []string{"close 1007"}},
		{name: "block cut short", send: []frame{text(pack(long, 9)[:20])}, want: []string{"close 1007"}},
		{name: "reference before the beginning", send: []frame{text("\x02\x02\x00")}, want: []string{"close 1007"}},
		{name: "RSV1 on a continuation", send: []frame{{op: 1, rsv: 4, more: true, payload: "\xf2\x48"}, {op: 0, rsv: 4, payload: "\xcd"}}, want: []string{"close 1002"}},
		{name: "RSV1 on a continuation of plain text", send: []frame{{op: 1, more: true, payload: "a"}, {op: 0, rsv: 4, payload: "b"}}, want: []string{"close 1002"}},
		{name: "RSV1 on a ping", send: []frame{{op: 9, rsv: 4}}, want: []string{"close 1002"}},
		{name: "RSV1 on a close", send: []frame{{op: 8, rsv: 4, payload: "\x03\xe8"}}, want: []string{"close 1002"}},
		{name: "RSV2", send: []frame{{op: 1, rsv: 6, payload: pack("a", 6)}}, want: []string{"close 1002"}},
	}
	for _, level := range []int{stdflate.HuffmanOnly, 0, 1, 6, 9} {
		for _, payload := range []string{"x", long, noise(5000), strings.Repeat("0123456789", 10_000)} {
			p := pack(payload, level)
			for _, size := range []int{len(p), 1000, 100} {
				if len(p)/size > 500 {
					continue
				}
				want := q("binary", payload)
				if len(payload) > 128 && payload != noise(5000) {
					want = "deflated " + want
				}
				fragments := split(2, p, max(size, 1))
				fragments[0].rsv = 4
				all = append(all, conversation{
					name: fmt.Sprintf("%.9q… at level %d in pieces of %d", payload, level, size), long: true, send: fragments, want: []string{want},
				})
			}
		}
	}
	for n := readSize - 24; n <= readSize; n++ { // a frame that ends where the buffer does
		all = append(all, conversation{
			name: fmt.Sprintf("at the buffer's end, %d", n), long: true,
			send: []frame{{op: 2, rsv: 4, payload: pack(noise(n), 0)}}, want: []string{q("binary", noise(n))},
		})
	}
	return all
}

// TestLengthIsNotBelieved: a header that announces a long payload takes no memory for it.
func TestLengthIsNotBelieved(t *testing.T) {
	for _, rsv := range []byte{0, 4} {
		s := &script{says: frame{op: 2, rsv: rsv, payload: noise(100), claim: 1 << 30}.encode(true), piece: 1 << 20}
		c := newConn(s, nil, terms{opts: &Options{MaxMessage: 1 << 30}, window: maxWindow})
		if _, _, err := c.Read(); err != io.ErrUnexpectedEOF {
			t.Errorf("Read failed with %v", err)
		}
		if n := len(c.in.buf.b); n > firstAnnounced {
			t.Errorf("%d bytes of memory for 100", n)
		}
		<-c.Done()
	}
}

func TestCompressedRules(t *testing.T) {
	t.Parallel()
	converse(t, compressed(), &Options{Compress: true})
}

// TestReservedBitsWithoutCompression: without compression, RSV1 is a fault like the other reserved bits.
func TestReservedBitsWithoutCompression(t *testing.T) {
	p := dialRaw(t, serve(t, &Options{Compress: true}, func(c *Conn) { echo(c) }).Listener.Addr().String(), "")
	p.send(frame{op: 1, rsv: 4, payload: pack("a", 6)}.encode(true))
	if got := p.receiveAll(); len(got) != 1 || got[0] != "close 1002" {
		t.Error(got)
	}
}

func TestBombs(t *testing.T) {
	t.Parallel()
	const limit = 1 << 16
	fits, over := strings.Repeat("a", limit), strings.Repeat("a", limit+1)
	stored := strings.Repeat("\x00\x00\x00\xff\xff", limit) // empty stored blocks: nothing, at any length
	converse(t, []conversation{
		{name: "as much as fits", send: []frame{{op: 1, rsv: 4, payload: pack(fits, 9)}}, want: []string{"deflated " + q("text", fits)}},
		{name: "one byte more", send: []frame{{op: 1, rsv: 4, payload: pack(over, 9)}}, want: []string{"close 1009"}},
		{name: "a hundred times more", send: []frame{{op: 1, rsv: 4, payload: pack(strings.Repeat(over, 100), 1)}}, want: []string{"close 1009"}, long: true},
		{name: "in fragments", send: append([]frame{{op: 1, rsv: 4, more: true}}, split(0, pack(over, 9), 10)...), want: []string{"close 1009"}},
		{name: "noise that just fits, stored", send: []frame{{op: 2, rsv: 4, payload: pack(noise(limit), 0)}}, want: []string{q("binary", noise(limit))}, long: true},
		{name: "blocks of nothing without end", send: split2(stored), want: []string{"close 1009"}, long: true},
	}, &Options{Compress: true, MaxMessage: limit})
}

func split2(payload string) []frame {
	all := split(2, payload, 10_000)
	all[0].rsv = 4
	return all
}

// TestWindows: a peer with a small window gets compressed only what fits into it.
func TestWindows(t *testing.T) {
	s := serve(t, &Options{Compress: true}, func(c *Conn) { echo(c) })
	for bits := 8; bits <= 15; bits++ {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			p := dialRaw(t, s.Listener.Addr().String(), fmt.Sprintf("permessage-deflate; server_max_window_bits=%d", bits))
			for _, n := range []int{200, 1 << bits, 1<<bits + 1, 1 << 16} {
				payload := strings.Repeat("a", n)
				p.send(frame{op: 1, payload: payload}.encode(true))
				want := q("text", payload)
				if n <= 1<<bits || bits == 15 {
					want = "deflated " + want
				}
				if got, err := p.receive(); err != nil || got != want {
					t.Errorf("%d bytes: %q, %v; want %q", n, got, err, want)
				}
			}
		})
	}
}

func TestAcceptDeflate(t *testing.T) {
	const yes = deflateOffer
	for _, test := range []struct {
		offers []string
		answer string // "" is no compression
		window uint8
		err    bool
	}{
		{nil, "", 0, false},
		{[]string{"permessage-deflate"}, yes, 15, false},
		{[]string{"Permessage-Deflate"}, yes, 15, false},
		{[]string{"permessage-deflate; client_max_window_bits"}, yes, 15, false},
		{[]string{"permessage-deflate; client_max_window_bits=8"}, yes, 15, false},
		{[]string{`permessage-deflate; client_max_window_bits="15"`}, yes, 15, false},
		{[]string{`permessage-deflate ; server_max_window_bits = "1\2"`}, yes + "; server_max_window_bits=12", 12, false},
		{[]string{", ,permessage-deflate,"}, yes, 15, false},
		{[]string{"permessage-deflate; client_no_context_takeover; server_no_context_takeover"}, yes, 15, false},
		{[]string{"permessage-deflate; server_max_window_bits=15"}, yes + "; server_max_window_bits=15", 15, false},
		{[]string{"permessage-deflate; server_max_window_bits=9; client_max_window_bits"}, yes + "; server_max_window_bits=9", 9, false},
		{[]string{"permessage-deflate;server_max_window_bits=8 ,permessage-deflate"}, yes + "; server_max_window_bits=8", 8, false},
		{[]string{"x-webkit-deflate-frame, permessage-deflate"}, yes, 15, false},
		{[]string{"x-other; a=b; c", "permessage-deflate"}, yes, 15, false},
		{[]string{"x-other"}, "", 0, false},
		// Offers that have to be declined, and the next that can be met.
		{[]string{"permessage-deflate; server_max_window_bits"}, "", 0, false},
		{[]string{"permessage-deflate; server_max_window_bits=7"}, "", 0, false},
		{[]string{"permessage-deflate; server_max_window_bits=16"}, "", 0, false},
		{[]string{"permessage-deflate; server_max_window_bits=010"}, "", 0, false},
		{[]string{"permessage-deflate; client_max_window_bits=0"}, "", 0, false},
		{[]string{"permessage-deflate; client_max_window_bits=99"}, "", 0, false},
		{[]string{"permessage-deflate; server_no_context_takeover=1"}, "", 0, false},
		{[]string{"permessage-deflate; client_no_context_takeover=true"}, "", 0, false},
		{[]string{"permessage-deflate; unknown"}, "", 0, false},
		{[]string{"permessage-deflate; client_max_window_bits; client_max_window_bits=10"}, "", 0, false},
		{[]string{"permessage-deflate; server_no_context_takeover; server_no_context_takeover"}, "", 0, false},
		{[]string{"permessage-deflate; unknown, permessage-deflate; server_max_window_bits=10, permessage-deflate"}, yes + "; server_max_window_bits=10", 10, false},
		{[]string{"permessage-deflate; server_max_window_bits=99", "permessage-deflate"}, yes, 15, false},
		// What is no list of extensions at all.
		{[]string{"permessage-deflate;"}, "", 0, true},
		{[]string{"permessage-deflate; a="}, "", 0, true},
		{[]string{"permessage-deflate; =a"}, "", 0, true},
		{[]string{"permessage-deflate a"}, "", 0, true},
		{[]string{"permessage-deflate; a=\"b"}, "", 0, true},
		{[]string{`permessage-deflate; a=""`}, "", 0, true},
		{[]string{`permessage-deflate; a="b c"`}, "", 0, true},
		{[]string{`permessage-deflate; a="b\"`}, "", 0, true},
		{[]string{"permessage-deflate; a=b c"}, "", 0, true},
		{[]string{"permessage-deflate; a=b=c"}, "", 0, true},
		{[]string{"(permessage-deflate)"}, "", 0, true},
	} {
		answer, window, err := acceptDeflate(test.offers)
		if answer != test.answer || window != test.window || (err != nil) != test.err {
			t.Errorf("%q: %q, %d, %v", test.offers, answer, window, err)
		}
	}
}

func TestCheckDeflateAnswer(t *testing.T) {
	for _, test := range []struct {
		answer  string
		offered bool
		want    bool
		err     bool
	}{
		{"", true, false, false},
		{deflateOffer, true, true, false},
		{"permessage-deflate; server_no_context_takeover", true, true, false},
		{"permessage-deflate; server_no_context_takeover; server_max_window_bits=10", true, true, false},
		{"permessage-deflate", true, false, true}, // it would keep a window, which was ruled out
		{deflateOffer, false, false, true},
		{deflateOffer + "; client_max_window_bits=10", true, false, true},
		{deflateOffer + "; server_max_window_bits", true, false, true},
		{deflateOffer + ", " + deflateOffer, true, false, true},
		{"x-other", true, false, true},
		{"permessage-deflate;;", true, false, true},
	} {
		var lines []string
		if test.answer != "" {
			lines = []string{test.answer}
		}
		if got, err := checkDeflateAnswer(lines, test.offered); got != test.want || (err != nil) != test.err {
			t.Errorf("%q, offered %v: %v, %v", test.answer, test.offered, got, err)
		}
	}
}

func TestMessage(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		m := NewMessage(Binary, []byte(noise(n)))
		if m.Size() != n {
			t.Errorf("Size is %d, want %d", m.Size(), n)
		}
		if f := m.frame(maxWindow, 1); f[0]&bitRSV1 != 0 {
			t.Errorf("noise of %d bytes is sent compressed, in %d bytes", n, len(f))
		}
		if want := (frame{op: 2, payload: noise(n)}).encode(false); !bytes.Equal(m.frame(0, 1), want) {
			t.Errorf("frame of %d bytes differs", n)
		}
	}
	m := NewMessage(Text, []byte(strings.Repeat("abc", 100)))
	if f := m.frame(maxWindow, 300); f[0] != bitFin|bitRSV1|1 || &f[0] != &m.frame(maxWindow, 300)[0] {
		t.Error("not compressed once")
	}
	if f := m.frame(maxWindow, 301); f[0]&bitRSV1 != 0 {
		t.Error("compressed under the bound")
	}
}
