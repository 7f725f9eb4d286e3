package tui

import (
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/protocol"
)

// on shows what the client tells.
func (c *conversation) on(n any) {
	l, w := c.Lang, &c.words
	switch n := n.(type) {
	case newToken:
		c.keepToken(string(n))
	case client.Welcome:
		c.onWelcome(&n)
	case client.Joined:
		c.onJoined(&n)
	case client.Event:
		c.onEvent(&n)
	case client.Presence:
		c.onPresence(&n)
	case client.Typing:
		if n.User.ID != c.client.User().ID {
			c.typing[n.User.ID] = typist{
				name: protocol.Visible(n.User.Name), room: n.Room, until: time.Now().Add(showTyping)}
		}
	case client.Acked:
		c.settle(n.Room, n.CID)
	case client.Refused:
		c.settle(n.Room, n.CID)
		c.warning(l.Text("not sent: %s (%s)", shorten(protocol.Visible(oneLine(n.Text)), 60), explain(l, n.Err)))
	case client.Gap:
		if n.Head-n.After > chat.MaxPage {
			c.say(w.dim(l.Text("fetching %d missed messages…", n.Head-n.After)))
		}
	case client.Reset:
		c.warning(l.Text("the room %s begins anew: its history was removed", "#"+string(n.Room)))
		delete(c.oldest, n.Room)
	case client.Left:
		c.warning(l.Text("the room %s: %s", "#"+protocol.Visible(string(n.Room)), explain(l, n.Err)))
		c.leftRoom(n.Room)
	case client.Lost:
		c.onLost(&n)
	case client.Forgotten:
		c.warning(l.Text("the server does not know you any more: you are someone new"))
	case client.Degraded:
		c.say(w.warn(map[bool]string{
			true:  l.Text("messages between the servers are slow for now"),
			false: l.Text("messages between the servers are quick again"),
		}[n.On]))
	case client.Complaint:
		c.warning(explain(l, n.Err))
	}
}

func (c *conversation) onWelcome(n *client.Welcome) {
	c.lost = nil
	c.name = n.User.Name
	name := c.words.name(n.User)
	switch {
	case !n.First:
		c.announce(c.Lang.Text("connected again"))
	case n.Back:
		c.say(c.Lang.Text("Welcome back, %s!", name))
	default:
		c.say(c.Lang.Text("Welcome, %s! /help lists the commands.", name))
	}
}

func (c *conversation) onJoined(n *client.Joined) {
	for _, u := range n.Members {
		c.seen(u.Name)
	}
	if !n.Again {
		c.say(c.words.dim("── ") + c.words.members(n.Room, n.Members, n.Count) + c.words.dim(" ──"))
	}
}

func (c *conversation) onEvent(n *client.Event) {
	c.settle(n.Room, n.CID)
	delete(c.typing, n.User.ID)
	c.seen(n.User.Name)
	if c.oldest[n.Room] == 0 {
		c.oldest[n.Room] = n.Seq
	}
	c.say(c.words.message(&n.Event, c.client.User().ID, c.current)...)
	if !n.Past {
		c.logged(c.log.event(&n.Event))
	}
}

func (c *conversation) onPresence(n *client.Presence) {
	for _, u := range n.Members {
		c.seen(u.Name)
	}
	if n.User == nil {
		return
	}
	if n.User.ID == c.client.User().ID {
		if n.Change == chat.ChangeRename && n.User.Name != c.name { // once, however many rooms tell it
			c.renamed(n.User.Name)
		}
		return
	}
	c.seen(n.User.Name)
	now := time.Now()
	lines := c.words.presence(n, now, c.current)
	c.say(lines...)
	if len(lines) > 0 {
		c.logged(c.log.announce(now, n.Room, protocol.TextChange(c.Lang, n.Presence.AsChange())))
	}
}

// onLost says once that the connection is lost, and once at which address there is no server. The frame shows what comes next.
func (c *conversation) onLost(n *client.Lost) {
	told := c.lost != nil && c.lost.told
	switch {
	case c.lost == nil && c.client.User().ID != "":
		c.announce(c.Lang.Text("connection lost: %s", explain(c.Lang, n.Err)))
	case !told:
		c.warning(unreachable(c.Lang, c.url, n.Err))
		told = true
	}
	c.lost = &lost{why: brief(c.Lang, n.Err), until: time.Now().Add(n.Retry), told: told}
	clear(c.typing)
}
