package scale

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// sampleText is as long as the texts that the benchmarks send are in the mean.
const sampleText = "Who has the slides of the second part? I cannot find them."

// sample makes an event as it comes from the history, with texts of its own.
func sample(n int) chat.Event {
	id := chat.NewUserID()
	return chat.Event{
		Room: chat.RoomID(fmt.Sprintf("room-%06d", n%1e6)), Seq: uint64(10_000 + n%1000), Kind: chat.Kind(strings.Clone(string(chat.KindMessage))),
		At: time.Now().UTC().Truncate(time.Millisecond), User: chat.User{ID: id, Name: fmt.Sprintf("Ada L. %04d", n%1e4), Color: strings.Clone(chat.ColorOf(id))},
		CID: chat.NewCID(), Text: strings.Clone(sampleText),
	}
}

// SampleEvent gives the lengths of the sample's parts.
func SampleEvent() Event {
	e := sample(0)
	return Event{len(e.Room), len(e.Kind), len(e.User.ID), len(e.User.Name), len(e.User.Color), len(e.CID), len(e.Text)}
}

// WireBytes gives the sample's size as it is pushed, with the frame's head of four bytes.
func WireBytes() float64 {
	e := sample(0)
	return float64(len(protocol.AppendEvent(nil, &e)) + 4)
}

// KeptBytes measures what a recent event takes in a node's memory: the event and its line, as internal/hub/ring.go has them.
func KeptBytes() float64 {
	type entry struct {
		ev   chat.Event
		line []byte
	}
	const n = 20_000
	kept := make([]entry, 0, n)
	before := heap()
	for i := range n {
		ev := sample(i)
		kept = append(kept, entry{ev, protocol.AppendEvent(make([]byte, 0, 192+len(ev.Text)), &ev)})
	}
	after := heap()
	runtime.KeepAlive(kept)
	return (after-before)/n + float64(cap(kept))/n*176 // the slice was there before: an entry is 152 + 24 bytes
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// SocketBytes measures what an idle TCP connection takes of the kernel's memory on one side, with its file and its place in epoll:
// half of the growth of the slabs with n connections over loopback. Other programs' doings are in it: take the least of some.
func SocketBytes(n int) (float64, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	before, err := slab()
	if err != nil {
		return 0, err
	}
	for range n {
		a, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			return 0, err
		}
		defer a.Close()
		b, err := l.Accept()
		if err != nil {
			return 0, err
		}
		defer b.Close()
	}
	after, err := slab()
	return (after - before) / float64(2*n), err
}

// slab gives the kernel's memory for its own objects, in bytes.
func slab() (float64, error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var kb float64
		if _, err := fmt.Sscanf(s.Text(), "Slab: %f kB", &kb); err == nil {
			return kb * 1024, nil
		}
	}
	return 0, fmt.Errorf("/proc/meminfo has no Slab")
}
