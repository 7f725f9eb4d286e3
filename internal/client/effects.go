package client

import (
	"strconv"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// link is what the client knows of one connection. It is guarded by session.mu.
type link struct {
	conn  Conn          // nil while there is no connection
	lost  chan struct{} // closed when the connection is lost
	ready bool          // the server has welcomed the client on this connection

	limits chat.Limits
	ping   time.Duration // between two pings; 0 before the welcome

	opened   time.Time
	received time.Time // when something last came
	pinged   time.Time // when the client last sent a ping
	busy     bool      // the caller's callback runs: the client itself is why nothing is read

	lastID  uint64
	waiting map[string]pendingRequest // by the id of the request

	refusal *Error      // of the hello
	bye     *CloseError // what the server said before it closed
}

func newLink(conn Conn) *link {
	now := time.Now()
	return &link{
		conn: conn, lost: make(chan struct{}), waiting: map[string]pendingRequest{},
		opened: now, received: now, pinged: now,
	}
}

// pendingRequest is a request that is not answered yet. One of its functions is called with the answer, under session.mu.
type pendingRequest struct {
	answer   string // the type of the answer
	answered func(p *protocol.Push, fx *effects)
	refused  func(err *Error, fx *effects)
}

// ask notes a request and sets its id.
func (l *link) ask(q *protocol.Request, r pendingRequest) {
	l.lastID++
	q.ID = strconv.FormatUint(l.lastID, 10)
	l.waiting[q.ID] = r
}

// effects collects what follows from a change of state. It happens after session.mu is released.
type effects struct {
	link    *link
	lines   [][]byte
	notices []Notice
	tokens  []string // to save
	recheck bool     // something new will be due: the timer has to be set again
	err     error    // ends the connection
}

func (fx *effects) tell(n Notice) { fx.notices = append(fx.notices, n) }

func (fx *effects) write(q *protocol.Request) { fx.lines = append(fx.lines, protocol.Marshal(q)) }

func (fx *effects) ask(q *protocol.Request, r pendingRequest) {
	fx.link.ask(q, r)
	fx.write(q)
}

// deadlines finds the earliest time that has not come yet.
type deadlines struct{ now, next time.Time }

// passed tells whether t has come. If not, the deadlines are looked at again at t.
func (d *deadlines) passed(t time.Time) bool {
	if !t.After(d.now) {
		return true
	}
	if t.Before(d.next) {
		d.next = t
	}
	return false
}
