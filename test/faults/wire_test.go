package faults

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/protocol"
)

// tally counts what went over all connections, and what was wrong with it.
type tally struct {
	mu          sync.Mutex // guards what follows
	connections int
	events      int
	gaps        int // events after which others were missing, though the server did not say that the client lags
	repeats     int // events that had been sent already
	details     []string
}

func (t *tally) note(count *int, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*count++
	if len(t.details) < 20 {
		t.details = append(t.details, fmt.Sprintf(format, args...))
	}
}

// line watches one connection: on it, the events of each room follow the answer to join without gap or repeat. The client would
// hide a server's fault here, since it asks again for what it misses and drops what it has.
type line struct {
	client.Conn
	name  string
	tally *tally

	mu    sync.Mutex         // guards what follows
	asked map[string]*uint64 // the since of each join, by its id; nil for none
	next  map[chat.RoomID]uint64
}

func watch(c client.Conn, name string, t *tally) *line {
	t.mu.Lock()
	t.connections++
	t.mu.Unlock()
	return &line{Conn: c, name: name, tally: t, asked: map[string]*uint64{}, next: map[chat.RoomID]uint64{}}
}

// said is the part of a request or an answer that matters here.
type said struct {
	Type   string      `json:"type"`
	ID     string      `json:"id"`
	Room   chat.RoomID `json:"room"`
	Since  *uint64     `json:"since"`
	Seq    uint64      `json:"seq"`
	Head   uint64      `json:"head"`
	More   bool        `json:"more"`
	Events []struct {
		Seq uint64 `json:"seq"`
	} `json:"events"`
}

// Write looks at what the client says, and passes it on.
func (l *line) Write(message []byte) {
	var s said
	if json.Unmarshal(message, &s) == nil && s.Type == "join" {
		l.mu.Lock()
		l.asked[s.ID] = s.Since
		l.mu.Unlock()
	}
	l.Conn.Write(message)
}

// Read looks at what the server says, and passes it on.
func (l *line) Read() ([]byte, error) {
	message, err := l.Conn.Read()
	for part := range protocol.Requests(message) {
		var s said
		if json.Unmarshal(part, &s) == nil {
			l.take(&s)
		}
	}
	return message, err
}

func (l *line) take(s *said) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch s.Type {
	case "joined":
		l.joined(s)
	case "event":
		l.event(s.Room, s.Seq)
	case "lag":
		if next, ok := l.next[s.Room]; ok && s.Seq+1 != next {
			l.tally.note(&l.tally.gaps, "%s: told of lag after %d of %s, had got up to %d", l.name, s.Seq, s.Room, next-1)
		}
		delete(l.next, s.Room) // nothing more comes before the next answer to join
	}
}

// joined notes which event of the room must come next: the one after the page, or after what the client has, where that is later.
// Called with mu held.
func (l *line) joined(s *said) {
	since := l.asked[s.ID]
	delete(l.asked, s.ID)
	switch {
	case len(s.Events) > 0:
		l.next[s.Room] = s.Events[0].Seq
		if since != nil && !s.More {
			l.next[s.Room] = *since + 1
		}
		for _, e := range s.Events {
			l.event(s.Room, e.Seq)
		}
		if last := l.next[s.Room] - 1; last != s.Head {
			l.tally.note(&l.tally.gaps, "%s: the answer to join ends at %d of %s, whose head is %d", l.name, last, s.Room, s.Head)
		}
	case since != nil && s.Head > *since:
		l.tally.note(&l.tally.gaps, "%s: the answer to join since %d of %s has nothing up to %d", l.name, *since, s.Room, s.Head)
	}
	l.next[s.Room] = s.Head + 1
	if since != nil {
		l.next[s.Room] = max(s.Head, *since) + 1
	}
}

// event takes an event, and notes where it is not the next one of its room. Called with mu held.
func (l *line) event(room chat.RoomID, seq uint64) {
	l.tally.mu.Lock()
	l.tally.events++
	l.tally.mu.Unlock()
	next, ok := l.next[room]
	switch {
	case !ok:
		l.tally.note(&l.tally.gaps, "%s: got %d of %s before an answer to join", l.name, seq, room)
	case seq < next:
		l.tally.note(&l.tally.repeats, "%s: got %d of %s again, after %d", l.name, seq, room, next-1)
		return
	case seq > next:
		l.tally.note(&l.tally.gaps, "%s: got %d of %s after %d", l.name, seq, room, next-1)
	}
	l.next[room] = seq + 1
}

// script is a connection that says what it is told to.
type script struct {
	client.Conn
	says []string
}

func (s *script) Read() ([]byte, error) {
	b := []byte(s.says[0])
	s.says = s.says[1:]
	return b, nil
}

func (s *script) Write([]byte) {}

func TestWatch(t *testing.T) {
	const joined = `{"type":"joined","id":"1","room":"r","head":3,"events":[{"seq":2},{"seq":3}],"more":false}`
	event := func(seq int) string { return fmt.Sprintf(`{"type":"event","room":"r","seq":%d}`, seq) }
	for name, c := range map[string]struct {
		since         string
		says          []string
		gaps, repeats int
	}{
		"in order":                  {`,"since":1`, []string{joined, event(4) + "\n" + event(5)}, 0, 0},
		"the last ones":             {`,"last":2`, []string{joined, event(4)}, 0, 0},
		"a page of many":            {`,"since":0`, []string{`{"type":"joined","id":"1","room":"r","head":3,"events":[{"seq":3}],"more":true}`, event(4)}, 0, 0},
		"the client is ahead":       {`,"since":5`, []string{`{"type":"joined","id":"1","room":"r","head":3,"events":[],"more":false}`, event(6)}, 0, 0},
		"sent twice":                {`,"since":1`, []string{joined, event(3)}, 0, 1},
		"one left out":              {`,"since":1`, []string{joined, event(5)}, 1, 0},
		"one left out of the page":  {`,"since":0`, []string{joined}, 1, 0},
		"the page is not the whole": {`,"since":1`, []string{`{"type":"joined","id":"1","room":"r","head":3,"events":[{"seq":2}],"more":false}`}, 1, 0},
		"the page is empty":         {`,"since":1`, []string{`{"type":"joined","id":"1","room":"r","head":3,"events":[],"more":false}`}, 1, 0},
		"lag, and joined again": {`,"since":1`, []string{joined, event(4), `{"type":"lag","room":"r","seq":4}`,
			`{"type":"joined","id":"2","room":"r","head":9,"events":[{"seq":9}],"more":true}`, event(10)}, 0, 0},
		"lag that left one out": {`,"since":1`, []string{joined, `{"type":"lag","room":"r","seq":4}`}, 1, 0},
		"goes on after lag":     {`,"since":1`, []string{joined, `{"type":"lag","room":"r","seq":3}`, event(4)}, 1, 0},
	} {
		tally := &tally{}
		l := watch(&script{says: slices.Clone(c.says)}, "w", tally)
		l.Write([]byte(`{"type":"join","id":"1","room":"r"` + c.since + `}`))
		l.Write([]byte(`{"type":"join","id":"2","room":"r","since":4}`))
		for range c.says {
			l.Read()
		}
		if tally.gaps != c.gaps || tally.repeats != c.repeats {
			t.Errorf("%s: %d gaps, %d repeats: %q", name, tally.gaps, tally.repeats, tally.details)
		}
	}
}
