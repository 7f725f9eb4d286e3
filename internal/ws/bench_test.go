package ws

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"
)

// chatLine is a stored event as members get it.
func chatLine(i int) string {
	words := strings.Fields("salut tout le monde, on se retrouve demain à neuf heures devant la salle 204 pour la suite du cours de réseau ? oui, bonne idée")
	text := strings.Join(words[i%7:i%7+4+i*7%12], " ")
	return fmt.Sprintf(`{"type":"event","room":"lobby","seq":%d,"kind":"message","at":"2026-11-22T13:%02d:%02d.%03dZ",`+
		`"user":{"id":"u_%07x","name":"ada%d","color":"#7c3aed"},"cid":"b3c1%08x","text":"%s"}`,
		100+i, i/60%60, i%60, i*37%1000, i*7919%(1<<28), i%20, i*104729, text)
}

// chatLines is n of them in one frame.
func chatLines(n int) string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = chatLine(i)
	}
	return strings.Join(lines, "\n")
}

// discarding returns a server's connection whose peer reads as fast as it can.
func discarding(b *testing.B, o *Options) *Conn {
	b.Helper()
	conns := make(chan *Conn, 1)
	p := peerOf(b, o, true, func(c *Conn) {
		conns <- c
		echo(c)
	})
	p.SetDeadline(time.Time{})
	go io.Copy(io.Discard, p.Conn)
	return <-conns
}

// BenchmarkQueueFlush does what a room does for each member: it queues n messages and flushes once.
func BenchmarkQueueFlush(b *testing.B) {
	for _, n := range []int{1, 4, 16, 64} {
		b.Run(fmt.Sprintf("messages=%d", n), func(b *testing.B) {
			c := discarding(b, &Options{QueueBytes: 1 << 20})
			m := NewMessage(Text, []byte(chatLine(1)))
			b.SetBytes(int64(n * len(m.plain)))
			b.ReportAllocs()
			for b.Loop() {
				for range n {
					c.Queue(m)
				}
				c.Flush()
				if c.Queued() > 1<<19 {
					c.WaitDrain(b.Context())
				}
			}
		})
	}
	b.Run("bare", func(b *testing.B) { // the same bytes by net alone, to compare with messages=1
		c := discarding(b, &Options{})
		m := NewMessage(Text, []byte(chatLine(1)))
		b.SetBytes(int64(len(m.plain)))
		b.ReportAllocs()
		for b.Loop() {
			c.writer.socket.nc.Write(m.plain)
		}
	})
}

// BenchmarkRead reads what comes in one piece (burst) and one message at a time (pingpong, with its answer).
func BenchmarkRead(b *testing.B) {
	line := chatLine(1)
	for name, f := range map[string]frame{
		"plain":    {op: 1, payload: line},
		"deflated": {op: 1, rsv: 4, payload: pack(line, 6)},
	} {
		b.Run("burst/"+name, func(b *testing.B) { benchmarkBurst(b, f.encode(true)) })
	}
	b.Run("pingpong", func(b *testing.B) {
		p := peerOf(b, &Options{}, true, func(c *Conn) { echo(c) })
		p.SetDeadline(time.Time{})
		message := frame{op: 1, payload: line}.encode(true)
		answer := make([]byte, len(NewMessage(Text, []byte(line)).plain))
		b.ReportAllocs()
		for b.Loop() {
			p.send(message)
			if _, err := io.ReadFull(p.br, answer); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarkBurst(b *testing.B, message []byte) {
	near, far, err := tcpPair()
	if err != nil {
		b.Fatal(err)
	}
	defer near.Close()
	const together = 32
	burst := []byte(strings.Repeat(string(message), together))
	c := newConn(far, nil, terms{opts: &Options{}, window: maxWindow})
	n := 0
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if n == 0 {
			near.Write(burst)
			n = together
		}
		if _, _, err := c.Read(); err != nil {
			b.Fatal(err)
		}
		n--
	}
	c.Kill()
	<-c.Done()
}

func tcpPair() (near, far net.Conn, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	far, err = l.Accept()
	return near, far, err
}

// BenchmarkDeflate measures what decided deflateLevel: time, and bytes on the wire in relation to the payload.
func BenchmarkDeflate(b *testing.B) {
	for _, payload := range []struct{ name, text string }{
		{"line", chatLine(1)},
		{"batch10", chatLines(10)},
		{"batch100", chatLines(100)},
		{"repetitive60k", strings.Repeat("Une phrase qui se répète encore et encore. ", 1400)},
	} {
		for _, level := range []int{1, 2, 3, 4, 5, 6, 7, 9} {
			b.Run(fmt.Sprintf("%s/level=%d", payload.name, level), func(b *testing.B) {
				d := newDeflater()
				d.w, _ = flate.NewWriter(io.Discard, level)
				p := []byte(payload.text)
				b.SetBytes(int64(len(p)))
				b.ReportAllocs()
				for b.Loop() {
					d.deflate(p)
				}
				b.ReportMetric(float64(len(d.deflate(p)))/float64(len(p)), "ratio")
			})
		}
	}
}

// BenchmarkMask masks payloads, which a client does for each that it sends, and a server for each that it reads.
func BenchmarkMask(b *testing.B) {
	for _, n := range []int{20, 100, 300, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("bytes=%d", n), func(b *testing.B) {
			p := make([]byte, n)
			b.SetBytes(int64(n))
			for b.Loop() {
				xorMask(p, [4]byte{1, 2, 3, 4}, 0)
			}
		})
	}
}
