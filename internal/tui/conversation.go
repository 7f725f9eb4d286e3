package tui

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/protocol"
)

// conversation is the talk at a terminal under one name. All of it belongs to the goroutine that runs it.
type conversation struct {
	*talk
	*display
	status

	client  *client.Client
	running context.Context // ends with the client; for what runs in other goroutines
	others  sync.WaitGroup  // those goroutines
	todo    chan func()     // what they hand back to be done here
	notices chan any        // client.Notice or newToken
	leaving bool            // the user wants to go; what was typed is being delivered
	done    bool

	name    string
	token   string
	current chat.RoomID            // where the user talks; "" for nowhere
	oldest  map[chat.RoomID]uint64 // the number of the first event that is shown
	people  map[string]bool        // names that were seen, for Tab
}

// newToken is a token to save, or "" when the saved one is of no use any more.
type newToken string

// ask runs f in a goroutine of its own. The function that f returns runs in the conversation's goroutine.
func (c *conversation) ask(f func(context.Context) func()) {
	running := c.running
	c.others.Go(func() {
		c.term.guard(func() {
			ctx, cancel := context.WithTimeout(running, c.waits.call)
			defer cancel()
			then := f(ctx)
			select {
			case c.todo <- then:
			case <-running.Done():
			}
		})
	})
}

// fail says why a command did not do what it should.
func (c *conversation) fail(err error) {
	if errors.Is(err, context.DeadlineExceeded) {
		c.warning(c.Lang.Text("the server does not answer"))
		return
	}
	c.warning(c.Lang.Text("Error: %s", explain(c.Lang, err)))
}

// inRoom tells whether there is a room to talk in; if not, it says so.
func (c *conversation) inRoom() bool {
	if c.current == "" {
		c.warning(c.Lang.Text("You are in no room: /join <room>"))
		return false
	}
	return true
}

func (c *conversation) isIn(room chat.RoomID) bool { return slices.Contains(c.client.Rooms(), room) }

// leftRoom goes on in another room, if there is one.
func (c *conversation) leftRoom(room chat.RoomID) {
	delete(c.oldest, room)
	if c.current != room {
		return
	}
	c.current = ""
	if rooms := c.client.Rooms(); len(rooms) > 0 {
		c.current = rooms[len(rooms)-1]
	}
}

// quit ends the conversation once what was typed is delivered, or after a while, or at once when it is called again.
func (c *conversation) quit() {
	if c.leaving || c.client.Pending() == 0 {
		c.done = true
		return
	}
	c.leaving = true
	c.ask(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, c.waits.goodbye)
		defer cancel()
		_ = c.client.Flush(ctx) // what is left is counted at the end
		return func() { c.done = true }
	})
}

// announce says that something happened just now.
func (c *conversation) announce(what string) {
	lines, stamp := c.words.stamp(time.Now())
	c.say(append(lines, stamp+c.words.warn(what))...)
}

// renamed takes the user's new name, whichever client of the user asked for it.
func (c *conversation) renamed(name string) {
	c.name = name
	c.keepToken(c.token)
	c.say(c.words.dim(c.Lang.Text("You are now called %s", protocol.Visible(name))))
}

// keepToken writes the token to its file.
func (c *conversation) keepToken(token string) {
	c.token = token
	if c.Token != "" {
		return // the user brought it along, and keeps it elsewhere
	}
	if err := c.tokens.save(c.url, c.name, token); err != nil {
		c.warn(c.Lang.Text("your identity is not kept: %v", c.Lang.Problem(err)))
	}
}

// seen keeps a name for Tab.
func (c *conversation) seen(name string) {
	if name != "" {
		c.people[protocol.Visible(name)] = true
	}
}

// logged reports that the log file could not be written.
func (c *conversation) logged(err error) {
	if err != nil {
		c.warn(c.Lang.Text("cannot write the log file: %v", c.Lang.Problem(err)))
	}
}
