package client

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// answer is a request that is not answered yet.
type answer struct {
	kind string
	room *room      // of join, fill and send
	cid  string     // of send
	to   chan *push // of the calls that someone waits for
}

// effects is what handling a message leads to, done after mu is released.
type effects struct {
	lines   [][]byte
	notices []Notice
	tokens  []string // to save
	look    bool     // the keeper has something new to wait for
	err     error    // ends the connection
}

func (fx *effects) tell(n Notice)    { fx.notices = append(fx.notices, n) }
func (fx *effects) write(r *request) { fx.lines = append(fx.lines, r.line()) }

// connection lives through one connection: dial, hello, then whatever comes, until it is lost. It never returns nil.
func (c *Client) connection(ctx context.Context) error {
	c.mu.Lock()
	c.ping = 0
	c.mu.Unlock()
	dialing, cancel := context.WithTimeout(ctx, helloTimeout)
	conn, err := c.opts.Dial(dialing, c.opts.URL)
	cancel()
	if err != nil {
		return err
	}
	hello := c.attach(conn)
	gone := make(chan struct{})
	var keeper sync.WaitGroup
	var silent error
	var broken any
	keeper.Go(func() {
		defer func() {
			if broken = recover(); broken != nil {
				conn.Kill()
			}
		}()
		silent = c.keep(ctx, conn, gone)
	})
	conn.Write(hello)
	err = c.read(conn)
	part(conn)
	close(gone)
	keeper.Wait()
	if broken != nil {
		panic(broken) // where the caller can restore its terminal
	}
	if silent != nil {
		err = silent
	}
	return c.detach(err)
}

// part ends a connection that nobody reads any more, politely if it takes no longer than closeTimeout.
func part(conn Conn) {
	conn.Close(1000, "")
	t := time.NewTimer(closeTimeout)
	defer t.Stop()
	select {
	case <-conn.Done():
	case <-t.C:
		conn.Kill()
		<-conn.Done()
	}
}

// attach makes conn the present connection and gives the hello for it.
func (c *Client) attach(conn Conn) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.conn, c.lost, c.bye, c.helloErr = conn, make(chan struct{}), nil, nil
	c.opened, c.heard, c.asked = now, now, now
	return c.hello().line()
}

// detach forgets the present connection: what was asked on it stays unanswered, what was sent will be sent again.
// It gives the reason of the loss, the server's own words first.
func (c *Client) detach(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.ready = nil, false
	close(c.lost)
	clear(c.answers)
	for _, r := range c.rooms {
		r.detach()
	}
	c.announce()
	var closed *CloseError
	switch {
	case c.helloErr != nil:
		return c.helloErr
	case c.bye != nil && (!errors.As(err, &closed) || closed.Code == c.bye.Code || closed.Code < 4000):
		return c.bye
	}
	return err
}

// read handles what comes until the connection ends.
func (c *Client) read(conn Conn) error {
	for {
		message, err := conn.Read()
		if err != nil {
			return err
		}
		for line := range protocol.Requests(message) {
			p, err := decode(line)
			if err != nil {
				return err
			}
			if err := c.handle(conn, p); err != nil {
				return err
			}
		}
	}
}

// handle changes the state by what came, and does what follows from it.
func (c *Client) handle(conn Conn, p *push) error {
	var fx effects
	c.mu.Lock()
	c.heard, c.busy = time.Now(), true
	c.dispatch(p, &fx)
	c.mu.Unlock()
	for _, line := range fx.lines {
		conn.Write(line)
	}
	for _, t := range fx.tokens {
		c.opts.SaveToken(t)
	}
	for _, n := range fx.notices {
		c.opts.On(n)
	}
	c.mu.Lock()
	c.heard, c.busy = time.Now(), false
	c.mu.Unlock()
	if fx.look {
		c.wake()
	}
	return fx.err
}

// dispatch is called with mu held.
func (c *Client) dispatch(p *push, fx *effects) {
	var a *answer
	if p.ID != "" {
		a = c.answers[p.ID]
		delete(c.answers, p.ID)
	}
	switch p.Type {
	case "event":
		c.onEvent(p, fx)
	case "ack":
		c.onAck(p, fx)
	case "welcome":
		c.onWelcome(p, a, fx)
	case "joined":
		c.onJoined(p, a, fx)
	case "history":
		if a != nil && a.kind == "fill" {
			a.room.onFill(c, p, fx)
		}
	case "presence":
		if p.Change == chat.ChangeRename && p.User.ID == c.user.ID {
			c.user, c.name = p.User, p.User.Name
		}
		told := protocol.Presence{Type: p.Type, Room: p.Room, Change: p.Change, Old: p.Old, Count: p.Count, Members: p.Members}
		if p.User.ID != "" {
			told.User = &p.User
		}
		fx.tell(Presence{told})
	case "typing":
		fx.tell(Typing{Room: p.Room, User: p.User})
	case "lag":
		c.onLag(p, fx)
	case "degraded":
		c.degraded = p.Degraded
		fx.tell(Degraded{On: p.Degraded})
	case "bye":
		c.bye = p.closeError()
	case "error":
		c.onError(p, a, fx)
	}
	if a != nil && a.to != nil {
		a.to <- p
	}
}

// hello is called with mu held.
func (c *Client) hello() *request {
	if c.token == "" && c.secret == "" {
		c.secret = chat.NewToken()
	}
	name := c.name
	if c.token != "" && !c.wish {
		name = "" // the token says who it is; a name would undo one taken in another window
	}
	return &request{
		Type: "hello", ID: c.ask(&answer{kind: "hello"}),
		Name: name, Token: c.token, Secret: c.secret, Lang: c.opts.Lang, Client: c.opts.Agent,
	}
}

// ask notes a request and gives its id. The caller holds mu.
func (c *Client) ask(a *answer) string {
	c.nextID++
	id := strconv.FormatUint(c.nextID, 10)
	c.answers[id] = a
	return id
}

func (c *Client) onWelcome(p *push, a *answer, fx *effects) {
	c.user, c.name, c.wish = p.User, p.User.Name, false
	if p.Token != "" {
		c.token, c.secret = p.Token, ""
		fx.tokens = append(fx.tokens, p.Token)
	}
	if a == nil || a.kind != "hello" {
		return // a new name on the same connection
	}
	first := !c.known
	c.known, c.ready, c.limits = true, true, p.Limits
	c.ping = time.Duration(max(p.Ping, 1)) * time.Second
	fx.tell(Welcome{User: p.User, Back: p.Back, First: first, Session: p.Session, Limits: p.Limits})
	if p.Degraded != c.degraded {
		c.degraded = p.Degraded
		fx.tell(Degraded{On: p.Degraded})
	}
	c.refuseTooLarge(fx)
	fx.look = true
	for _, id := range c.order {
		c.rooms[id].join(c, fx)
	}
	c.announce()
}

func (c *Client) onError(p *push, a *answer, fx *effects) {
	err := p.err()
	switch {
	case a == nil && p.CID != "":
		c.onSendError(c.rooms[p.Room], p.CID, err, fx)
	case a == nil:
		fx.tell(Complaint{err})
	case a.kind == "hello":
		c.onHelloError(err, fx)
	case a.kind == "join":
		a.room.onJoinError(c, err, fx)
	case a.kind == "fill":
		a.room.onFillError(err, fx)
	case a.kind == "send":
		c.onSendError(a.room, a.cid, err, fx)
	}
}

func (c *Client) onHelloError(err *Error, fx *effects) {
	if err.Code == chat.CodeInvalidToken && c.token != "" && !c.opts.TokenOnly {
		c.token = ""
		fx.tokens = append(fx.tokens, "")
		fx.tell(Forgotten{})
		fx.write(c.hello())
		return
	}
	c.helloErr = err
	fx.err = err
}
