package tui

import (
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/protocol"
)

// What the client tells, as the screen shows it.

// on shows a notice.
func (s *screen) on(n any) {
	l, w := s.Lang, &s.words
	switch n := n.(type) {
	case newToken:
		s.keepToken(string(n))
	case client.Welcome:
		s.onWelcome(&n)
	case client.Joined:
		s.onJoined(&n)
	case client.Event:
		s.onEvent(&n)
	case client.Presence:
		s.onPresence(&n)
	case client.Typing:
		if n.User.ID != s.c.User().ID {
			s.typing[n.User.ID] = typist{
				name: protocol.Visible(n.User.Name), room: n.Room, until: time.Now().Add(showTyping)}
		}
	case client.Acked:
		s.settle(n.Room, n.CID)
	case client.Refused:
		s.settle(n.Room, n.CID)
		s.say(w.warn(l.Text("not sent: %s (%s)", shorten(protocol.Visible(oneLine(n.Text)), 60), explain(l, n.Err))))
	case client.Gap:
		if n.Head-n.After > chat.MaxPage {
			s.say(w.dim(l.Text("fetching %d missed messages…", n.Head-n.After)))
		}
	case client.Reset:
		s.say(w.warn(l.Text("the room %s begins anew: its history was removed", "#"+string(n.Room))))
		delete(s.oldest, n.Room)
	case client.Left:
		s.say(w.warn(l.Text("the room %s: %s", "#"+protocol.Visible(string(n.Room)), explain(l, n.Err))))
		s.leftRoom(n.Room)
	case client.Lost:
		s.onLost(&n)
	case client.Forgotten:
		s.say(w.warn(l.Text("the server does not know you any more: you are someone new")))
	case client.Degraded:
		s.say(w.warn(map[bool]string{
			true:  l.Text("messages between the servers are slow for now"),
			false: l.Text("messages between the servers are quick again"),
		}[n.On]))
	case client.Complaint:
		s.say(w.warn(explain(l, n.Err)))
	}
}

func (s *screen) onWelcome(n *client.Welcome) {
	s.lost = nil
	s.name = n.User.Name
	name := s.words.name(n.User)
	switch {
	case !n.First:
		s.announce("", s.Lang.Text("connected again"))
	case n.Back:
		s.say(s.Lang.Text("Welcome back, %s!", name))
	default:
		s.say(s.Lang.Text("Welcome, %s! /help lists the commands.", name))
	}
}

// announce says something that happened now.
func (s *screen) announce(room chat.RoomID, what string) {
	lines, stamp := s.words.stamp(time.Now())
	if room != "" {
		stamp += s.words.room(room, s.current)
	}
	s.say(append(lines, stamp+s.words.warn(what))...)
}

func (s *screen) onJoined(n *client.Joined) {
	for _, u := range n.Members {
		s.seen(u.Name)
	}
	if !n.Again {
		s.say(s.words.dim("── ") + s.words.members(n.Room, n.Members, n.Count) + s.words.dim(" ──"))
	}
}

// seen keeps a name for Tab.
func (s *screen) seen(name string) {
	if name != "" {
		s.people[protocol.Visible(name)] = true
	}
}

func (s *screen) onEvent(n *client.Event) {
	s.settle(n.Room, n.CID)
	delete(s.typing, n.User.ID)
	s.seen(n.User.Name)
	if s.oldest[n.Room] == 0 {
		s.oldest[n.Room] = n.Seq
	}
	s.say(s.words.message(&n.Event, s.c.User().ID, s.current)...)
	if !n.Past {
		s.logged(s.log.event(&n.Event))
	}
}

func (s *screen) onPresence(n *client.Presence) {
	for _, u := range n.Members {
		s.seen(u.Name)
	}
	if n.User == nil {
		return
	}
	if n.User.ID == s.c.User().ID {
		if n.Change == chat.ChangeRename && n.User.Name != s.name { // once, whatever the number of rooms
			s.renamed(n.User.Name)
		}
		return
	}
	s.seen(n.User.Name)
	now := time.Now()
	lines := s.words.presence(n, now, s.current)
	s.say(lines...)
	if len(lines) > 0 {
		s.logged(s.log.announce(now, n.Room, protocol.TextChange(s.Lang, n.Presence.AsChange())))
	}
}

// onLost says once that the connection is gone; the frame says what comes next.
func (s *screen) onLost(n *client.Lost) {
	if s.lost == nil && s.c.User().ID != "" {
		s.announce("", s.Lang.Text("connection lost: %s", explain(s.Lang, n.Err)))
	}
	s.lost = &lost{why: brief(s.Lang, n.Err), until: time.Now().Add(n.Retry)}
	clear(s.typing)
}

func (s *screen) logged(err error) {
	if err != nil {
		s.warn(s.Lang.Text("cannot write the log file: %v", err))
	}
}
