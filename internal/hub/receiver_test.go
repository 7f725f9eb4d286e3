package hub

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"salon/internal/chat"
	"salon/internal/ws"
)

// mailbox is a connection with room for so many messages.
type mailbox struct {
	room int
	got  []string
	lags []uint64 // the numbers that it was told at each lag
}

func (b *mailbox) Queue(m *ws.Message) { b.got = append(b.got, string(m.Payload())) }
func (b *mailbox) Flush()              {}
func (b *mailbox) TryQueue(m *ws.Message) bool {
	if len(b.got) >= b.room {
		return false
	}
	b.Queue(m)
	return true
}
func (b *mailbox) Lagged(_ Place, last uint64) { b.lags = append(b.lags, last) }

// expect fails unless the messages since the last call are these.
func (b *mailbox) expect(t *testing.T, what string, want ...string) {
	t.Helper()
	if !slices.Equal(b.got, want) {
		t.Errorf("%s: got %q, want %q", what, b.got, want)
	}
	b.got = nil
}

// plain tells a line for each number.
var plain = &Format{
	Event:  func(e *chat.Event) []byte { return fmt.Append(nil, e.Seq) },
	Change: func(_ chat.RoomID, c *chat.Change) []byte { return []byte(c.Kind) },
	Typing: func(_ chat.RoomID, u chat.User) []byte { return []byte("typing " + u.Name) },
}

// receiving makes a receiver that gets the events from next.
func receiving(format *Format, name string, room int, next, notices uint64) (*receiver, *mailbox) {
	b := &mailbox{room: room}
	m := &receiver{to: b, format: format, user: user(name).ID, lags: &atomic.Int64{}, index: outside}
	m.begin(next, notices)
	return m, b
}

func frameOf(first, last uint64) *frame {
	return &frame{room: "r", entries: said(first, last), page: jsonFormat}
}

func TestReceiverGetsEachOnce(t *testing.T) {
	m, b := receiving(plain, "bob", 100, 3, 0)
	for _, c := range []struct {
		first, last uint64
		n           int
		want        []string
	}{
		{1, 2, 0, nil},
		{1, 4, 2, []string{"3\n4"}}, // came in the middle of the frame
		{3, 4, 0, nil},
		{5, 5, 1, []string{"5"}},
		{6, 8, 3, []string{"6\n7\n8"}},
	} {
		if n := m.take(frameOf(c.first, c.last)); n != c.n {
			t.Errorf("%d to %d: %d events, want %d", c.first, c.last, n, c.n)
		}
		b.expect(t, fmt.Sprint(c.first, " to ", c.last), c.want...)
	}
	if m.next != 9 {
		t.Errorf("next is %d", m.next)
	}
}

// A member whose queue is full is told once, with the last number that it got, and gets nothing until it asks.
func TestReceiverLagsOnce(t *testing.T) {
	for _, oneByOne := range []bool{false, true} {
		t.Run(fmt.Sprint("one by one ", oneByOne), func(t *testing.T) {
			format := *plain
			format.OneByOne = oneByOne
			m, b := receiving(&format, "bob", 2, 1, 0)
			n := 0
			for seq := uint64(1); seq <= 9; seq += 3 {
				n += m.take(frameOf(seq, seq+2))
				m.take(&frame{room: "r", notice: &notice{typing: user("ada"), n: seq}})
			}
			want, last := []string{"1\n2\n3", "typing ada"}, uint64(3)
			if oneByOne {
				want, last = []string{"1", "2"}, 2
			}
			b.expect(t, "until it lags", want...)
			if !slices.Equal(b.lags, []uint64{last}) || m.lags.Load() != 1 || n != int(last) {
				t.Errorf("told %v, %d lags, %d events", b.lags, m.lags.Load(), n)
			}
			m.take(frameOf(10, 10)) // there is room again
			m.take(&frame{room: "r", notice: &notice{typing: user("ada"), n: 10}})
			b.expect(t, "while it lags")
			m.begin(11, 10)
			m.take(frameOf(10, 11))
			b.expect(t, "after it asked", "11")
		})
	}
}

// A notice that finds no room is left out: the member does not lag.
func TestNoticesDoNotLag(t *testing.T) {
	m, b := receiving(plain, "bob", 0, 1, 0)
	m.take(&frame{room: "r", notice: &notice{typing: user("ada"), n: 1}})
	if len(b.lags) > 0 || m.lagging {
		t.Error("lags by a notice")
	}
	b.room = 1
	m.take(frameOf(1, 1))
	b.expect(t, "the event", "1")
}

func TestWhoGetsNotices(t *testing.T) {
	ada := user("ada").ID
	noEcho := *plain
	noEcho.NoEcho = true
	for _, c := range []struct {
		name   string
		notice notice
		format *Format
		who    string
		want   bool
	}{
		{"another's", notice{skip: ada, n: 3}, plain, "bob", true},
		{"its own", notice{skip: ada, n: 3}, plain, "ada", false},
		{"from before its answer", notice{skip: ada, n: 2}, plain, "bob", false},
		{"its own deed", notice{self: ada, n: 3}, plain, "ada", true},
		{"its own deed, without echo", notice{self: ada, n: 3}, &noEcho, "ada", false},
		{"another's deed, without echo", notice{self: ada, n: 3}, &noEcho, "bob", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, b := receiving(c.format, c.who, 10, 1, 2)
			c.notice.change = &chat.Change{Kind: chat.ChangeRename}
			m.take(&frame{room: "r", notice: &c.notice})
			if got := len(b.got) == 1; got != c.want {
				t.Errorf("got it: %t", got)
			}
			if m.next != 1 {
				t.Error("a notice counts as an event")
			}
		})
	}
}

// One by one, without echo: what a user said itself, and what is not shown, goes by unseen, and is not counted.
func TestOneByOneWithoutEcho(t *testing.T) {
	format := &Format{
		Event: func(e *chat.Event) []byte {
			if e.Kind != chat.KindMessage {
				return nil
			}
			return fmt.Append(nil, e.Seq)
		},
		OneByOne: true, NoEcho: true,
	}
	f := frameOf(1, 6)
	f.entries[2].ev.User = user("bob")
	f.entries[4].ev.Kind = "unknown"
	m, b := receiving(format, "bob", 100, 2, 0)
	if n := m.take(f); n != 3 {
		t.Errorf("%d events are counted", n)
	}
	b.expect(t, "from 2, without 3 and 5", "2", "4", "6")
	if m.next != 7 {
		t.Errorf("next is %d", m.next)
	}
	f = frameOf(7, 8)
	f.entries[0].ev.User, f.entries[1].ev.User = user("bob"), user("bob")
	b.room = 0
	if m.take(f); len(b.lags) > 0 || m.next != 9 {
		t.Errorf("lags by what it said itself; next is %d", m.next)
	}
	other, c := receiving(format, "ada", 100, 1, 0)
	other.take(f)
	c.expect(t, "another user's", "7", "8")
}

// What is not shown in a format needs no room.
func TestNothingToShow(t *testing.T) {
	nothing := &Format{Event: func(*chat.Event) []byte { return nil }}
	m, b := receiving(nothing, "bob", 0, 1, 0)
	m.take(frameOf(1, 3))
	if len(b.lags) > 0 || m.next != 4 {
		t.Errorf("lags by nothing; next is %d", m.next)
	}
}
