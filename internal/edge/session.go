package edge

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/lang"
	"salon/internal/rooms"
	"salon/internal/ws"
)

// Config is what the sessions of a node have in common.
type Config struct {
	Rooms    *rooms.Rooms
	Dialects map[string]Open // the ways in, by subprotocol; "" for connections that ask for none, or for one that is not here
	Logger   *slog.Logger
	Lang     lang.Lang     // of those who name none
	Ping     time.Duration // between pings; a connection that is silent for three is closed
	Hello    time.Duration // a connection has this long to say hello
	Poller   *ws.Poller    // watches the connections that it can; nil: a goroutine reads each
}

// node is what the sessions of a node share.
type node struct {
	Config
	pool *pool
	life context.Context // ends with the server's Stop; kept since the loops and the commands of all sessions end with it
	work sync.WaitGroup  // every goroutine of the server
}

// Params say how a connection came in.
type Params struct {
	Lang    lang.Lang   // asked for in the address, otherwise the server's
	Room    chat.RoomID // text mode: where to go
	Last    int         // text mode: how many earlier messages a room begins with
	Address string      // of the peer, for the log
}

// Dialect is a way in, on one connection. Its methods are called by the session's worker, one after another, except for Bye,
// Degraded and what the session's rooms call.
type Dialect interface {
	// Greet says what is said before the first message.
	Greet()
	// Handle handles a message. The error ends the connection.
	Handle(op ws.Opcode, payload []byte) error
	// Bye queues why the connection ends, in the session's language.
	Bye(code int, why string)
	// Degraded queues that messages to other nodes are slow for now, or no longer are.
	Degraded(bool)
}

// Open makes the dialect of a session, by how its connection came in.
type Open func(*Session, *Params) Dialect

// Session is one connection, as its dialect sees it.
type Session struct {
	node    *node
	conn    *ws.Conn
	id      string
	address string // of the peer, for the log
	dialect Dialect

	lang  atomic.Uint32 // a lang.Lang
	actor atomic.Pointer[rooms.Actor]

	// Only the session's worker uses what follows.
	pace     *rate.Limiter // of requests
	deadline *time.Timer   // ends the connection unless a hello comes; nil once one was accepted
	hellos   int           // refused
	attempt  accounts.Attempt
	unused   bool // the user is new and has asked for nothing yet: its client may never have got the token
}

// Actor returns who speaks on this connection, nil before a hello was accepted.
func (s *Session) Actor() *rooms.Actor { return s.actor.Load() }

// ID names the connection.
func (s *Session) ID() string { return s.id }

// Lang returns the language that the session's user is spoken to in.
func (s *Session) Lang() lang.Lang { return lang.Lang(s.lang.Load()) }

// SetLang changes it.
func (s *Session) SetLang(l lang.Lang) { s.lang.Store(uint32(l)) }

// Log returns the server's log.
func (s *Session) Log() *slog.Logger { return s.node.Logger }

// Used notes that the session's user asked for something: its client has got the token.
func (s *Session) Used() { s.unused = false }

// Do carries out a command of the session's user; see [rooms.Rooms.Do].
func (s *Session) Do(c rooms.Command, reply rooms.Reply) *chat.Error {
	return s.node.Rooms.Do(s.node.life, s.Actor(), c, reply)
}

// Go runs f on a goroutine that the server waits for.
func (s *Session) Go(f func()) { s.node.work.Go(f) }

// Slow pauses reading when requests come too fast.
func (s *Session) Slow() {
	if wait := s.pace.Reserve().Delay(); wait > 0 {
		s.Pause(wait)
	}
}

// Pause waits so long, or until the connection or the server ends.
func (s *Session) Pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.conn.Done():
	case <-s.node.life.Done():
	}
}

// Queue queues an answer, however full the queue is.
func (s *Session) Queue(m *ws.Message) { s.conn.Queue(m) }

// TryQueue queues a push, if there is room.
func (s *Session) TryQueue(m *ws.Message) bool { return s.conn.TryQueue(m) }

// Flush begins to write what is queued.
func (s *Session) Flush() { s.conn.Flush() }

// WaitDrain waits until there is room in the queue. The error ends the connection.
func (s *Session) WaitDrain() error { return s.conn.WaitDrain(s.node.life) }

// Bye says why the connection ends, and ends it. It may be called from anywhere.
func (s *Session) Bye(code int, why string) {
	s.dialect.Bye(code, why)
	s.Close(code, why)
}

// Close ends the connection without a word.
func (s *Session) Close(code int, why string) { s.conn.Close(code, why) }
