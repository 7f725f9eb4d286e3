// Package client is Salon's Go client: it keeps a connection, comes back when it is lost, and resumes every room where it
// was, so that its caller sees each event once and in order. The terminal client, the tests and the benchmarks use it.
//
// It owns one connection at a time, the position in each room, and the outbox of sends that are not acknowledged yet.
//
// Goroutines: [Client.Run] reads the connection and gives every [Notice], in order, from its own goroutine; beside it one
// keeper per connection does what is due by the clock, and Run waits for it. The other methods may be called from anywhere.
//
// Locks: Client.mu only. No I/O, no waiting and no call of the caller's functions under it.
package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"salon/internal/chat"
)

// Bounds of what is kept in memory.
const (
	// DefaultPending is how many sends may wait for their acknowledgement; past it [Client.Send] waits.
	DefaultPending = 1000
	// maxPendingBytes bounds the texts of those sends; one is always let in.
	maxPendingBytes = 4 << 20
	// maxAhead bounds the events of one room kept while earlier ones are fetched. More are fetched again later.
	maxAhead = 1024
)

// What is waited for, and how long.
const (
	helloTimeout  = 10 * time.Second // dial, and from there to the welcome
	answerTimeout = 30 * time.Second // join, history, ack: after it the connection counts as dead
	closeTimeout  = 2 * time.Second  // the peer's part of a goodbye
	typingEvery   = 3 * time.Second
)

// Options say whom to connect to, as whom, and what to do with what comes. Only URL, and Name or Token, must be set.
type Options struct {
	URL   string // ws:// or wss://, see [ParseAddress]
	Name  string
	Token string // of an earlier visit, so as to be the same user
	// TokenOnly makes Run fail when the server does not know the token, instead of becoming a new user called Name.
	TokenOnly bool
	Lang      string // of the server's messages: "fr" or "en"
	Agent     string // names this client in the server's log

	Rooms []chat.RoomID // joined at the start
	// Last is how many events to begin a room with, at most [chat.MaxPage]; less than 0 for none, 0 for
	// [chat.DefaultPage].
	Last int
	// FromStart begins rooms at their first event instead.
	FromStart bool

	// Pending bounds the sends that are not acknowledged; 0 for [DefaultPending].
	Pending int
	// FirstTry makes Run fail when the server cannot be reached at the very first try.
	FirstTry bool

	// On gets every notice, in order, from Run's goroutine. While it runs nothing more is read, so a slow one makes the
	// server wait (and tell of lag) instead of filling this process. It may call Send, Typing and Drop, but nothing that
	// waits for an answer.
	On func(Notice)
	// SaveToken gets a new token to keep, and "" when the server does not know the old one any more.
	SaveToken func(token string)

	Dial func(ctx context.Context, url string) (Conn, error) // nil for a WebSocket
	Rand func() float64                                      // for jitter, in [0, 1); nil for math/rand
}

// Client is one user's connection to a server, kept over losses. Make it with [New].
type Client struct {
	opts  Options
	kick  chan struct{} // wakes the keeper: something new may be due
	hurry chan struct{} // ends the pause before the next try

	mu      sync.Mutex // guards what follows
	ended   error      // why Run returned; nothing works after
	changed chan struct{}
	waiting int // how many wait for changed

	conn     Conn
	ready    bool          // welcomed on conn
	lost     chan struct{} // closed when conn is lost
	busy     bool          // in a callback: silence is our own doing
	heard    time.Time     // when something last came
	opened   time.Time
	asked    time.Time // of the last ping of ours
	ping     time.Duration
	limits   chat.Limits
	bye      *CloseError // what the server said before closing
	nextID   uint64
	answers  map[string]*answer // by the request's id
	helloErr *Error
	degraded bool // as told last

	name   string // as the server last told it; before that, as asked for
	wish   bool   // name was asked for and not welcomed yet
	token  string
	secret string // while there is no token: says that one hello is the same as another
	user   chat.User
	known  bool // was welcomed once

	rooms   map[chat.RoomID]*room
	order   []chat.RoomID // of rooms, as they were asked for
	pending int           // sends in all queues
	bytes   int           // their texts
}

// New makes a client; nothing happens before [Client.Run].
func New(o Options) *Client {
	if o.Pending <= 0 {
		o.Pending = DefaultPending
	}
	if o.Last == 0 {
		o.Last = chat.DefaultPage
	}
	if o.On == nil {
		o.On = func(Notice) {}
	}
	if o.SaveToken == nil {
		o.SaveToken = func(string) {}
	}
	if o.Dial == nil {
		o.Dial = DialWebSocket
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	c := &Client{
		opts: o, name: o.Name, wish: true, token: o.Token,
		kick: make(chan struct{}, 1), hurry: make(chan struct{}, 1), changed: make(chan struct{}),
		answers: map[string]*answer{}, rooms: map[chat.RoomID]*room{},
	}
	for _, id := range o.Rooms {
		c.addRoom(id)
	}
	return c
}

// Run keeps the connection until ctx ends, which is said to the server as a goodbye, or until the server refuses for good.
// It is called once. Errors: ctx's; [*Error] when the hello was refused (say, [chat.CodeNameTaken]); [*CloseError] with a
// code from 4000 to 4099; [*DialError].
func (c *Client) Run(ctx context.Context) error {
	err := c.run(ctx)
	c.mu.Lock()
	c.ended = fmt.Errorf("%w: %w", ErrEnded, err)
	c.announce()
	c.mu.Unlock()
	return err
}

func (c *Client) run(ctx context.Context) error {
	var pause backoff
	for {
		opened := time.Now()
		err := c.connection(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.wasWelcomed() && time.Since(opened) >= steadyAfter {
			pause.reset()
		}
		wait, final := pause.after(err, c.opts.Rand)
		var unreachable *DialError
		if final || c.opts.FirstTry && !c.everWelcomed() && errors.As(err, &unreachable) {
			return err
		}
		c.opts.On(Lost{Err: err, Retry: wait})
		if err := c.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
	case <-c.hurry:
	}
	return nil
}

// Retry ends the pause before the next try to connect.
func (c *Client) Retry() {
	select {
	case c.hurry <- struct{}{}:
	default:
	}
}

// Drop cuts the connection without a goodbye, as a network does. Run comes back by itself.
func (c *Client) Drop() {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn != nil {
		conn.Kill()
	}
}

// User is who this client is, as of the last welcome.
func (c *Client) User() chat.User {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.user
}

// Connected tells whether the server has welcomed the present connection.
func (c *Client) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready
}

// wasWelcomed tells whether the connection that just ended had been welcomed: only then ping is set.
func (c *Client) wasWelcomed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ping > 0
}

func (c *Client) everWelcomed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known
}

// announce wakes whoever waits for a change. The caller holds mu.
func (c *Client) announce() {
	if c.waiting > 0 {
		close(c.changed)
		c.changed, c.waiting = make(chan struct{}), 0
	}
}

// await waits until done says true. The caller holds mu, and holds it again after; done runs under it.
// Errors: ctx's, [ErrEnded].
func (c *Client) await(ctx context.Context, done func() bool) error {
	for !done() {
		if c.ended != nil {
			return c.ended
		}
		changed := c.changed
		c.waiting++
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		c.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
