package hub

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"salon/internal/chat"
)

// counting is a format that counts how often it encodes what.
func counting(calls map[string]int, oneByOne bool) *Format {
	return &Format{
		Event: func(e *chat.Event) []byte {
			calls[fmt.Sprint(e.Seq)]++
			return fmt.Appendf(nil, "line %d", e.Seq)
		},
		Change:   func(chat.RoomID, *chat.Change) []byte { calls["change"]++; return []byte("change") },
		Typing:   func(chat.RoomID, chat.User) []byte { calls["typing"]++; return []byte("typing") },
		OneByOne: oneByOne,
	}
}

func eventItems(entries ...entry) (items []item) {
	for _, e := range entries {
		items = append(items, item{entry: e})
	}
	return items
}

// shape describes frames: the numbers of the events of each, or what else it is.
func shape(frames []*frame) string {
	var s []string
	for _, f := range frames {
		switch {
		case f.notice != nil:
			s = append(s, "notice")
		default:
			s = append(s, fmt.Sprintf("%d-%d", f.first(), f.last()))
			for i := range f.entries {
				if f.entries[i].ev.Seq != f.first()+uint64(i) {
					s = append(s, "with a hole")
				}
			}
		}
	}
	return strings.Join(s, " ")
}

func TestPack(t *testing.T) {
	note := []item{{notice: &notice{typing: user("ada")}}}
	ada, bob := &screen{}, &screen{}
	flush := func(to ...Recipient) []item { return []item{{flush: to}} }
	for _, c := range []struct {
		name  string
		items []item
		want  string
		flush []Recipient
	}{
		{"nothing", nil, "", nil},
		{"one frame", eventItems(said(1, 200)...), "1-200", nil},
		{"notices alone", slices.Concat(note, note), "notice notice", nil},
		{"a notice breaks a frame", slices.Concat(eventItems(said(1, 2)...), note, eventItems(said(3, 5)...)), "1-2 notice 3-5", nil},
		{"a flush does not", slices.Concat(eventItems(said(1, 2)...), flush(ada), eventItems(said(3, 5)...), flush(bob, ada)), "1-5",
			[]Recipient{ada, bob, ada}},
		{"a flush alone", flush(ada), "", []Recipient{ada}},
		{"as large as a frame may be", eventItems(entryOf(1, maxFrame/2), entryOf(2, maxFrame/2)), "1-2", nil},
		{"a byte more", eventItems(entryOf(1, maxFrame/2), entryOf(2, maxFrame/2), entryOf(3, 1)), "1-2 3-3", nil},
		{"too large for a frame", eventItems(entryOf(1, 1), entryOf(2, 3*maxFrame), entryOf(3, 1), entryOf(4, 1)), "1-1 2-2 3-4", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames, flush := pack("r", jsonFormat, c.items)
			if got := shape(frames); got != c.want {
				t.Errorf("frames %s, want %s", got, c.want)
			}
			if !slices.Equal(flush, c.flush) {
				t.Errorf("%d connections are flushed, want %d", len(flush), len(c.flush))
			}
		})
	}
}

// Each format encodes a frame once, for however many members, and the page format not at all: its lines are there.
func TestFrameIsEncodedOnce(t *testing.T) {
	pageCalls, lineCalls, eachCalls := map[string]int{}, map[string]int{}, map[string]int{}
	page, lines, each := counting(pageCalls, false), counting(lineCalls, false), counting(eachCalls, true)
	items := slices.Concat(eventItems(said(1, 3)...),
		[]item{{notice: &notice{change: &chat.Change{Kind: chat.ChangeCount}}}, {notice: &notice{typing: user("ada")}}})
	frames, _ := pack("r", page, items)
	if len(frames) != 3 {
		t.Fatal(shape(frames))
	}
	for range 5 {
		for _, f := range []*Format{page, lines, each} {
			for _, frame := range frames {
				first, again := frame.in(f), frame.in(f)
				if &first[0] != &again[0] {
					t.Error("two members get two encodings")
				}
			}
			if frames[0].from(f, 1) != frames[0].in(f)[0] {
				t.Error("a member who wants all of a frame gets an encoding of its own")
			}
		}
	}
	for name, calls := range map[string]map[string]int{"page": pageCalls, "lines": lineCalls, "each": eachCalls} {
		for what, n := range calls {
			if n != 1 || name == "page" && what != "change" && what != "typing" {
				t.Errorf("format %s encoded %s %d times", name, what, n)
			}
		}
		if want := map[string]int{"page": 2, "lines": 5, "each": 5}[name]; len(calls) != want {
			t.Errorf("format %s encoded %d things, want %d", name, len(calls), want)
		}
	}
}

func TestFrameFrom(t *testing.T) {
	lines := counting(map[string]int{}, false)
	silent := &Format{Event: func(e *chat.Event) []byte { // shows nothing for even numbers
		if e.Seq%2 == 0 {
			return nil
		}
		return fmt.Appendf(nil, "line %d", e.Seq)
	}, Change: func(chat.RoomID, *chat.Change) []byte { return nil }}
	f := &frame{room: "r", entries: said(4, 6), page: jsonFormat}
	for _, c := range []struct {
		format *Format
		seq    uint64
		want   string
	}{
		{lines, 1, "line 4\nline 5\nline 6"}, {lines, 4, "line 4\nline 5\nline 6"}, {lines, 5, "line 5\nline 6"}, {lines, 6, "line 6"},
		{silent, 4, "line 5"}, {silent, 6, ""}, {jsonFormat, 6, string(f.entries[2].line)},
	} {
		got := ""
		if m := f.from(c.format, c.seq); m != nil {
			got = string(m.Payload())
		}
		if got != c.want {
			t.Errorf("from %d: %q, want %q", c.seq, got, c.want)
		}
	}
	each := &Format{Event: silent.Event, OneByOne: true}
	if m := f.in(each); len(m) != 3 || m[0] != nil || m[1] == nil || m[2] != nil {
		t.Errorf("one by one: %v", m)
	}
	note := &frame{room: "r", notice: &notice{change: &chat.Change{}}, page: jsonFormat}
	if m := note.in(silent); len(m) != 1 || m[0] != nil {
		t.Errorf("a change that is not shown: %v", m)
	}
}

// At most one delivers, and takes all that waits.
func TestFanoutTakesTurns(t *testing.T) {
	var f fanout
	if !f.put(item{entry: entryOf(1, 1)}) || f.put(item{entry: entryOf(2, 1)}) || f.claim() {
		t.Error("not the first alone delivers")
	}
	if items, _ := f.take(); len(items) != 2 {
		t.Errorf("%d items are taken", len(items))
	}
	if f.put(item{entry: entryOf(3, 1)}) || f.claim() {
		t.Error("two deliver at once")
	}
	if items, _ := f.take(); len(items) != 1 {
		t.Errorf("%d items are taken", len(items))
	}
	if items, _ := f.take(); len(items) != 0 || f.delivering {
		t.Errorf("%d items of nothing, delivering %t", len(items), f.delivering)
	}
	if !f.claim() || f.put(item{entry: entryOf(4, 1)}) {
		t.Error("who claimed it does not deliver alone")
	}
	f.take()
	f.take()
	if !f.put(item{}) {
		t.Error("nobody delivers any more")
	}
}

func TestNoticesAreNumbered(t *testing.T) {
	var f fanout
	for i := range uint64(3) {
		n := &notice{}
		f.put(item{notice: n})
		f.put(item{entry: entryOf(i+1, 1)})
		if n.n != i+1 || f.notices != i+1 {
			t.Errorf("notice %d has the number %d of %d", i+1, n.n, f.notices)
		}
	}
}

// A delivery goes on with the members that it began with, whoever comes and goes meanwhile.
func TestMembersChangeDuringADelivery(t *testing.T) {
	var f fanout
	all := make([]*receiver, 6)
	for i := range all {
		all[i] = &receiver{index: outside}
	}
	indexed := func(want ...*receiver) {
		t.Helper()
		if len(f.members) != len(want) {
			t.Fatalf("%d members, want %d", len(f.members), len(want))
		}
		for i, m := range f.members {
			if m.index != i || !slices.Contains(want, m) {
				t.Errorf("member %d has the index %d", i, m.index)
			}
		}
	}
	for _, m := range all[:4] {
		f.add(m)
	}
	f.put(item{entry: entryOf(1, 1)})
	_, taken := f.take()
	began := slices.Clone(taken)
	f.remove(all[0])
	f.add(all[4])
	f.remove(all[3])
	f.add(all[5])
	if !slices.Equal(taken, began) || len(taken) != 4 {
		t.Error("the members changed under a delivery")
	}
	indexed(all[1], all[2], all[4], all[5])
	if all[0].index != outside || all[3].index != outside {
		t.Error("who left has an index")
	}
	f.put(item{entry: entryOf(2, 1)})
	if _, taken = f.take(); len(taken) != 4 || !slices.Contains(taken, all[5]) {
		t.Errorf("the next delivery goes to %d", len(taken))
	}
	if f.take(); f.shared {
		t.Error("shared by nobody")
	}
	for _, m := range []*receiver{all[5], all[1], all[4], all[2]} {
		f.remove(m)
	}
	indexed()
}
