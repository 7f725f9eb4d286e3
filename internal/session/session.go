package session

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/hub"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/ws"
)

const (
	// storeTimeout bounds the store calls of one request.
	storeTimeout = 10 * time.Second
	// Requests other than sends, and whatever is refused, may come this often; beyond it reading pauses, so that a flood
	// costs only the one who sends it.
	requestRate  = 50
	requestBurst = 100
	// Names may be changed this often, since each stays held for some time: one every renameEvery, a few at once.
	renameEvery = 10 * time.Second
	renameBurst = 5
	// maxHellos bounds the tries of one connection to find a name.
	maxHellos = 10
)

// Session is one connection's life.
type Session struct {
	srv     *Server
	conn    *ws.Conn
	id      string
	text    bool // text mode
	room    chat.RoomID
	last    int // text mode: how many earlier messages a room begins with
	address string
	slot    int // in the wheel; guarded by it

	open  atomic.Int32 // sends not yet answered
	awake atomic.Int32 // of a session that a poller watches: asleep, reading, or called while reading
	ended func()       // of such a one: called at its end

	// Only the reading goroutine's, and the crew's on its behalf.
	pace   *rate.Limiter // of requests
	sends  *rate.Limiter // of sends; nil without limit
	names  *rate.Limiter // of changes of name; nil before the first
	hellos int
	asNew  chat.UserID // whom a new user becomes: the same at each try, so that a name claimed by one whose answer was lost is its own
	fresh  bool        // a new user that has asked for nothing yet: it may never have got its token
	typed  time.Time   // when it was last told that the user writes
	greet  *time.Timer // ends the connection unless a hello comes; nil once one was accepted

	mu      sync.Mutex // guards what follows; the reading goroutine alone writes them, save for a rename, and may read them without
	lang    lang.Lang
	user    chat.User // ID is empty before hello
	created time.Time // when the user was
	back    bool      // the token was known
	guest   bool      // has no token: its name is free as soon as it goes
	rooms   []*hub.Member
}

// begin is what comes before the first message.
func (c *Session) begin() {
	c.greet = time.AfterFunc(c.srv.Hello, func() {
		c.bye(protocol.CloseHelloTimeout, "no hello came in time")
	})
	c.pace = rate.NewLimiter(requestRate, requestBurst)
	if r := c.srv.Limits.Rate; r > 0 {
		c.sends = rate.NewLimiter(rate.Limit(r), c.srv.Burst)
	}
	if c.text {
		c.say("Your name? Send it alone, or as Hello|name")
		c.conn.Flush()
	}
}

// end is what comes after the last.
func (c *Session) end(err error) {
	if c.greet != nil {
		c.greet.Stop()
	}
	c.leaveAll(goodbye(err))
	c.srv.Logger.Debug("connection ended", "session", c.id, "address", c.address, "err", err)
	var closed *ws.CloseError
	if err != errEnded && !errors.As(err, &closed) && !errors.Is(err, net.ErrClosed) {
		c.conn.Kill() // the others are being closed: the peer gets to read why
	}
}

// goodbye tells whether the connection ended because the user meant it to (1000), or was lost. A page that is loaded again
// goes away (1001) and is back in a moment: that is no goodbye.
func goodbye(err error) bool {
	var closed *ws.CloseError
	return errors.As(err, &closed) && closed.Code == 1000
}

// read handles what comes until the connection ends.
func (c *Session) read() error {
	j := &job{session: c}
	for {
		var err error
		if j.op, j.payload, err = c.conn.Read(); err != nil {
			return err
		}
		if err := c.srv.crew.handle(j); err != nil {
			return err
		}
	}
}

// States of a session that a poller watches.
const (
	asleep int32 = iota
	awake
	called // while it was awake
)

// wake has the crew read what came. It is called by the poller and when the connection has ended, and never waits.
func (c *Session) wake() {
	for {
		switch was := c.awake.Load(); {
		case was == called:
			return
		case c.awake.CompareAndSwap(was, was+1):
			if was == asleep {
				c.srv.crew.start(c)
			}
			return
		}
	}
}

// do reads until nothing is left to read. It is called by the crew, never twice at once: who wakes the session meanwhile only has it
// look once more.
func (c *Session) do() {
	for {
		op, payload, err := c.conn.TryRead()
		if err == ws.ErrNothing {
			if c.awake.CompareAndSwap(awake, asleep) {
				return
			}
			c.awake.Store(awake)
			continue
		}
		if err == nil {
			err = c.handle(op, payload)
		}
		if err != nil { // and it stays awake, so that nobody comes here again
			c.end(err)
			c.ended()
			return
		}
	}
}

// handle handles one message. The crew calls it. The error ends the connection.
func (c *Session) handle(op ws.Opcode, payload []byte) (err error) {
	switch {
	case c.text && op != ws.Text:
		c.slow()
		c.sayError(chat.Errorf(chat.CodeBadRequest, "a message is a text frame"))
	case c.text:
		err = c.textFrame(string(payload))
	case op != ws.Text:
		c.slow()
		c.fail(&protocol.Request{}, chat.Errorf(chat.CodeBadRequest, "a request is a text frame"))
	default:
		err = c.requests(payload)
	}
	c.conn.Flush()
	if err != nil {
		return err
	}
	if c.greet != nil && c.known() {
		c.greet.Stop()
		c.greet = nil
	}
	return c.conn.WaitDrain(c.srv.life)
}

// requests handles the lines of a frame. Before each it waits for room in the queue: one frame can hold many requests whose
// answers are large.
func (c *Session) requests(frame []byte) error {
	for line := range protocol.Requests(frame) {
		if err := c.conn.WaitDrain(c.srv.life); err != nil {
			return err
		}
		if err := c.request(line); err != nil {
			return err
		}
	}
	return nil
}

func (c *Session) known() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.user.ID != ""
}

func (c *Session) me() chat.User {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.user
}

func (c *Session) language() lang.Lang {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lang
}

// slow pauses reading when requests come too fast.
func (c *Session) slow() {
	wait := c.pace.Reserve().Delay()
	if wait <= 0 {
		return
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.conn.Done():
	case <-c.srv.life.Done():
	}
}

// call gives a context for the store calls of one request.
func (c *Session) call() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.srv.life, storeTimeout)
}

// member finds the session's place in a room. Errors: [chat.CodeInvalidRoom], [chat.CodeNotMember].
func (c *Session) member(name string) (*hub.Member, error) {
	id, err := chat.ParseRoom(name)
	if err != nil {
		return nil, err
	}
	for _, m := range c.rooms {
		if m.Room() == id {
			return m, nil
		}
	}
	return nil, chat.Errorf(chat.CodeNotMember, "you are not in the room %s: join it first", id)
}

// leaveAll takes the session out of its rooms; without goodbye its users have the grace to come back.
func (c *Session) leaveAll(goodbye bool) {
	for _, m := range c.setRooms(nil) {
		m.Leave(goodbye || c.guest) // a guest has nothing to come back with
	}
	if user := c.me(); user.ID != "" {
		c.srv.names.release(user.ID, c.guest || c.fresh)
	}
}

func (c *Session) dropRoom(m *hub.Member) {
	c.setRooms(slices.DeleteFunc(slices.Clone(c.rooms), func(o *hub.Member) bool { return o == m }))
}

// setRooms changes the rooms and gives those before.
func (c *Session) setRooms(rooms []*hub.Member) (before []*hub.Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, c.rooms = c.rooms, rooms
	return before
}

// answer queues one JSON object.
func (c *Session) answer(v any) { c.conn.Queue(ws.NewMessage(ws.Text, protocol.Marshal(v))) }

// fail queues the error that err is for the one who asked.
func (c *Session) fail(r *protocol.Request, err error) { c.answer(c.asError(r, err)) }

func (c *Session) asError(r *protocol.Request, err error) protocol.Error {
	err = translate(err)
	e := protocol.Error{
		Type: "error", ID: r.ID, Room: r.Room, CID: r.CID,
		Code: chat.CodeOf(err), Message: c.language().Error(err),
	}
	if len(e.Room) > chat.MaxRoom {
		e.Room = ""
	}
	if len(e.CID) > chat.MaxCID {
		e.CID = ""
	}
	var coded *chat.Error
	if errors.As(err, &coded) {
		e.Temporary, e.RetryAfterMS = coded.Temporary, coded.RetryAfter.Milliseconds()
	} else {
		c.srv.Logger.Error("request failed", "session", c.id, "type", r.Type, "err", err)
	}
	return e
}

// translate gives the stores' errors their codes. Here, at the edge, and nowhere else.
func translate(err error) error {
	var coded *chat.Error
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(err, history.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		e := chat.Errorf(chat.CodeUnavailable, "the history does not answer: try again")
		e.RetryAfter = time.Second
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, history.ErrClosed):
		return chat.Errorf(chat.CodeShuttingDown, "the server is stopping")
	}
	return err
}

// bye says why the connection ends, and ends it. It may be called from anywhere.
func (c *Session) bye(code int, why string) {
	message := c.language().Text(why)
	if c.text {
		c.conn.Queue(ws.NewMessage(ws.Text, []byte(message)))
	} else {
		b := protocol.Bye{Type: "bye", Code: code, Reason: why, Message: message}
		if code >= 4100 && code < 4200 {
			b.RetryAfterMS = 5000
		}
		c.answer(b)
	}
	c.conn.Close(code, why)
}

// errEnded ends the reading loop after bye.
var errEnded = errors.New("session: ended by the server")
