package rooms

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"salon/internal/accounts"
	accountssqlite "salon/internal/accounts/sqlite"
	"salon/internal/chat"
	"salon/internal/history"
	historysqlite "salon/internal/history/sqlite"
	"salon/internal/hub"
	"salon/internal/presence/memory"
	"salon/internal/sqliteconn"
	"salon/internal/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that hangs; nothing is judged by it.
const patience = 60 * time.Second

// testFormat tells a line for each event and change.
var testFormat = &hub.Format{
	Event: func(e *chat.Event) []byte { return []byte("event " + e.User.Name + ": " + e.Text) },
	Change: func(_ chat.RoomID, c *chat.Change) []byte {
		return []byte(strings.TrimSpace(string(c.Kind) + " " + c.User.Name + " " + c.Old))
	},
	Typing: func(_ chat.RoomID, u chat.User) []byte { return []byte("typing " + u.Name) },
}

// world is the rooms of a node in a test. Their hub, their accounts and their history are real.
type world struct {
	*Rooms
	t      *testing.T
	faults *faults
}

// open makes the rooms of a node that is alone. Change may change their configuration.
func open(t *testing.T, change func(*Config)) *world {
	t.Helper()
	db, err := sqliteconn.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	f := &faults{Store: historysqlite.New(db)}
	c := Config{
		Node: "n", History: f, Accounts: accountssqlite.New(db), Presence: memory.New().Node("n"), Format: testFormat,
		Logger: slog.New(slog.DiscardHandler), CompareEvery: time.Second,
		Limits: chat.Limits{Text: 1000, Rooms: 10}, Hold: time.Hour, Grace: time.Hour,
	}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{Rooms: s, t: t, faults: f}
}

// guest is an actor in a test, and its connection: what it would show.
type guest struct {
	*Actor
	t     *testing.T
	token string

	mu    sync.Mutex // guards what follows
	lines []string
}

var _ hub.Recipient = (*guest)(nil)

func (g *guest) Queue(m *ws.Message) { g.TryQueue(m) }
func (g *guest) TryQueue(m *ws.Message) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, strings.Split(string(m.Payload()), "\n")...)
	return true
}
func (g *guest) Flush()                   {}
func (g *guest) Lagged(hub.Place, uint64) {}

// saw returns how often a line was pushed.
func (g *guest) saw(line string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.lines {
		if l == line {
			n++
		}
	}
	return n
}

// enter makes an actor with this name.
func (w *world) enter(name string) *guest {
	w.t.Helper()
	g, err := w.identify(accounts.Claim{Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

func (w *world) identify(claim accounts.Claim) (*guest, *chat.Error) {
	w.t.Helper()
	g := &guest{t: w.t}
	var err *chat.Error
	g.Actor, g.token, err = w.Identify(w.t.Context(), &accounts.Attempt{}, claim, Session{ID: chat.NewSessionID(), To: g, Format: testFormat})
	return g, err
}

// answered is what a command was answered with.
type answered struct {
	answer Answer
	err    *chat.Error
}

// start begins a command. Each answer is sent to the channel.
func (g *guest) start(c Command) (<-chan answered, *chat.Error) {
	g.t.Helper()
	answers := make(chan answered, 8)
	err := g.rooms.Do(g.t.Context(), g.Actor, c, func(a Answer, err *chat.Error) {
		if s, ok := a.(Stored); ok { // an answer must not be kept
			ev := *s.Event
			a = Stored{&ev}
		}
		answers <- answered{a, err}
	})
	if err != nil && len(answers) > 0 {
		g.t.Errorf("%T was refused and answered", c)
	}
	return answers, err
}

// ask carries out a command and waits for its answer.
func (g *guest) ask(c Command) (Answer, *chat.Error) {
	g.t.Helper()
	answers, err := g.start(c)
	if err != nil {
		return nil, err
	}
	if _, ok := c.(*Typing); ok { // has no answer
		return nil, nil
	}
	select {
	case a := <-answers:
		return a.answer, a.err
	case <-time.After(patience):
		g.t.Fatalf("%T is not answered", c)
		return nil, nil
	}
}

// must carries out a command that is not refused.
func (g *guest) must(c Command) Answer {
	g.t.Helper()
	a, err := g.ask(c)
	if err != nil {
		g.t.Fatalf("%T: %v", c, err)
	}
	return a
}

func (g *guest) join(room string) { g.t.Helper(); g.must(&Join{Room: room}) }

// send says a text and waits until the room has it: until it is pushed.
func (g *guest) send(room, text string) {
	g.t.Helper()
	line := "event " + g.User().Name + ": " + text
	before := g.saw(line)
	g.must(&Send{Room: room, CID: chat.NewCID(), Text: text})
	eventually(g.t, "it is pushed: "+line, func() bool { return g.saw(line) > before })
}

// refused fails unless the command is refused with this code.
func (g *guest) refused(code chat.Code, c Command) *chat.Error {
	g.t.Helper()
	_, err := g.ask(c)
	if got := codeOf(err); got != code {
		g.t.Errorf("%T by %s: refused with %q, want %q", c, g.User().Name, got, code)
	}
	return err
}

func codeOf(err *chat.Error) chat.Code {
	if err == nil {
		return ""
	}
	return err.Code
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// faults is a history whose calls fail with err while that is set. BeforeRead, if set, is called once, before a read.
type faults struct {
	history.Store
	err        atomic.Pointer[error]
	beforeRead atomic.Pointer[func()]
	hold       atomic.Pointer[chan struct{}] // appends wait until it is closed
}

func (f *faults) fail(err error) { f.err.Store(&err) }
func (f *faults) work()          { f.err.Store(nil) }

func (f *faults) now() error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (f *faults) Append(ctx context.Context, id chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	if let := f.hold.Load(); let != nil {
		select {
		case <-*let:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err := f.now(); err != nil {
		return nil, err
	}
	return f.Store.Append(ctx, id, events)
}

func (f *faults) Read(ctx context.Context, id chat.RoomID, q history.Query) (history.Page, error) {
	if before := f.beforeRead.Swap(nil); before != nil {
		(*before)()
	}
	if err := f.now(); err != nil {
		return history.Page{}, err
	}
	return f.Store.Read(ctx, id, q)
}

func (f *faults) Rooms(ctx context.Context, after chat.RoomID, limit int) ([]history.RoomInfo, error) {
	if err := f.now(); err != nil {
		return nil, err
	}
	return f.Store.Rooms(ctx, after, limit)
}
