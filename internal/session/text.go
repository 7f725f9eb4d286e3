package session

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/hub"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// textFrame handles a frame of text mode: the name first, then messages and commands. The error ends the connection.
func (c *Session) textFrame(frame string) error {
	if !c.known() {
		return c.textHello(frame)
	}
	line := strings.TrimRight(frame, "\r\n")
	switch {
	case strings.TrimSpace(line) == "":
		return nil
	case strings.HasPrefix(line, "//"):
		c.textSend(line[1:])
	case strings.HasPrefix(line, "/"):
		c.slow()
		return c.command(line[1:])
	default:
		c.textSend(line)
	}
	return nil
}

// say queues a line of the server's own.
func (c *Session) say(format string, args ...any) {
	c.conn.Queue(ws.NewMessage(ws.Text, []byte(c.language().Text(format, args...))))
}

func (c *Session) sayError(err error) {
	e := c.asError(&protocol.Request{Type: "text"}, err)
	c.say("Error: %s", protocol.Visible(e.Message))
}

func (c *Session) textHello(frame string) error {
	c.slow()
	var err error
	if protocol.LooksLikeJSON(frame) {
		err = chat.Errorf(chat.CodeBadRequest, "this is text mode; for JSON connect with the subprotocol %s", protocol.Subprotocol)
	} else {
		_, err = c.untimed(&protocol.Request{Name: protocol.ParseTextHello(frame)})
	}
	if err == nil {
		c.srv.Logger.Info("hello", "session", c.id, "user", c.me().ID, "name", c.me().Name, "address", c.address, "client", "text")
		c.say("Welcome %s, you are in %s. /help lists the commands.", c.me().Name, c.room)
		if _, err = c.enter(c.room, hub.From{Last: c.last}, ""); err == nil {
			return nil
		}
		c.sayError(err)
		c.conn.Close(protocol.CloseUnavailable, "the history does not answer: try again")
		return errEnded
	}
	c.sayError(err)
	return c.countHello(err)
}

// textSend says a text in the current room. Only what goes wrong is answered.
func (c *Session) textSend(text string) {
	m, err := c.member(string(c.room))
	if err == nil {
		err = c.checkText(text)
	}
	if err == nil {
		err = c.maySend()
	}
	if err != nil {
		c.slow()
		c.sayError(err)
		return
	}
	c.open.Add(1)
	ev := chat.Event{Kind: chat.KindMessage, User: c.me(), CID: chat.NewCID(), Text: text}
	m.Send(ev, func(_ chat.Event, err error) {
		c.open.Add(-1)
		if err != nil {
			c.sayError(err)
		}
	})
}

func (c *Session) command(line string) error {
	name, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	var err error
	switch strings.ToLower(name) {
	case "help":
		c.say("Commands: /who, /join <room>, /rooms, /nick <name>, /history [n], /help, /quit. A line starting with // says the rest with one slash.")
	case "who":
		err = c.textWho()
	case "rooms":
		err = c.textRooms()
	case "join":
		err = c.textJoin(arg)
	case "nick":
		err = c.textNick(arg)
	case "history":
		err = c.textHistory(arg)
	case "quit":
		c.conn.Close(1000, "")
		return errEnded
	default:
		c.say("Unknown command %s. /help lists the commands.", protocol.Visible("/"+clip(name)))
	}
	if err != nil {
		c.sayError(err)
	}
	return nil
}

func (c *Session) textWho() error {
	m, err := c.member(string(c.room))
	if err != nil {
		return err
	}
	ctx, cancel := c.call()
	defer cancel()
	got := m.Who(ctx, "", chat.CrowdSize)
	if got.Count > len(got.Users) {
		c.say("In %s: %d people", c.room, got.Count)
		return nil
	}
	names := make([]string, len(got.Users))
	for i, u := range got.Users {
		names[i] = protocol.Visible(u.Name)
	}
	slices.Sort(names)
	c.say("In %s (%d): %s", c.room, got.Count, strings.Join(names, ", "))
	return nil
}

func (c *Session) textRooms() error {
	ctx, cancel := c.call()
	defer cancel()
	lines, next, err := c.srv.Hub.Rooms(ctx, "", chat.CrowdSize)
	if err != nil {
		return err
	}
	names := make([]string, len(lines))
	for i, l := range lines {
		names[i] = string(l.Room) + " (" + strconv.Itoa(l.Count) + ")"
	}
	if next != "" {
		names = append(names, "…")
	}
	c.say("Rooms: %s", strings.Join(names, ", "))
	return nil
}

// textJoin goes to another room; text mode is in one at a time.
func (c *Session) textJoin(arg string) error {
	if arg == "" {
		c.say("/join <room>")
		return nil
	}
	id, err := protocol.ParseTypedRoom(arg)
	if err != nil {
		return err
	}
	if id == c.room {
		c.say("You are now in %s", id)
		return nil
	}
	user, old := c.me(), c.setRooms(nil)
	if _, err := c.enter(id, hub.From{Last: c.last}, ""); err != nil {
		c.setRooms(old)
		for _, m := range old {
			c.catchName(m, user)
		}
		return err
	}
	for _, m := range old {
		m.Leave(true)
	}
	c.room = id
	c.say("You are now in %s", id)
	return nil
}

func (c *Session) textNick(arg string) error {
	if arg == "" {
		c.say("/nick <name>")
		return nil
	}
	user, err := c.takeName(arg)
	if err != nil {
		return err
	}
	c.say("You are now called %s", user.Name)
	return nil
}

func (c *Session) textHistory(arg string) error {
	n := chat.DefaultPage
	if arg != "" {
		var err error
		if n, err = strconv.Atoi(arg); err != nil || n < 1 {
			c.say("/history [n]")
			return nil
		}
	}
	m, err := c.member(string(c.room))
	if err != nil {
		return err
	}
	ctx, cancel := c.call()
	defer cancel()
	page, err := m.Page(ctx, history.Query{Limit: min(n, chat.MaxPage)})
	if err != nil {
		return err
	}
	for _, ev := range page.Events() {
		if line := protocol.TextEvent(c.language(), &ev); line != "" {
			c.queue([]byte(line))
		}
	}
	return nil
}

// catchUp pulls what the session's member missed while its queue was full: lines have no way to ask again.
func (c *Session) catchUp(m *hub.Member, since uint64) {
	c.srv.work.Go(func() {
		for pause := time.Duration(0); c.conn.WaitDrain(c.srv.life) == nil; {
			more, last, err := c.pull(m, since)
			since = last
			switch {
			case err == nil && !more, errors.Is(err, hub.ErrLeft):
				return
			case err != nil:
				pause = min(2*pause+time.Second, 10*time.Second)
			default:
				pause = 0
			}
			select {
			case <-time.After(pause):
			case <-c.conn.Done():
			}
		}
	})
}

// pull queues the next page behind since, or joins in again where that is the last. It tells whether there is more to pull, and
// the last number it got to.
func (c *Session) pull(m *hub.Member, since uint64) (more bool, last uint64, err error) {
	ctx, cancel := c.call()
	defer cancel()
	page, err := m.Page(ctx, history.Query{After: since, IsAfter: true, Limit: chat.MaxPage})
	if err == nil && m.Left() { // what it missed there is not for the room where it is now
		err = hub.ErrLeft
	}
	if err != nil {
		return true, since, err
	}
	if !page.More {
		err := m.Resume(ctx, hub.From{Resume: true, Since: since}, "")
		if !errors.Is(err, hub.ErrBehind) { // which is when the room went on meanwhile
			return false, since, err
		}
	}
	self := c.me().ID
	for _, ev := range page.Events() {
		if line := protocol.TextEvent(c.language(), &ev); line != "" && ev.User.ID != self {
			c.queue([]byte(line))
		}
		since = ev.Seq
	}
	c.conn.Flush()
	return true, since, nil
}
