package tui

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/protocol"
)

// commands are what a line that starts with a slash may say, in the order of /help.
var commands = []struct{ name, usage, help string }{
	{"/who", "/who", "who is in this room"},
	{"/join", "/join <room>", "enter a room, or go back to it"},
	{"/rooms", "/rooms", "the rooms there are"},
	{"/nick", "/nick <name>", "take another name"},
	{"/history", "/history [n]", "n earlier messages (20), each time further back"},
	{"/leave", "/leave", "leave this room"},
	{"/help", "/help", "these lines"},
	{"/quit", "/quit", "leave"},
}

// callTimeout bounds how long a command waits for the server.
const callTimeout = 15 * time.Second

// command does what a line that starts with a slash asks for.
func (s *screen) command(line string) {
	name, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(name) {
	case "/who":
		s.who()
	case "/join":
		s.join(rest)
	case "/rooms":
		s.listRooms()
	case "/nick":
		s.nick(rest)
	case "/history":
		s.history(rest)
	case "/leave":
		s.leave()
	case "/help":
		s.say(s.words.help()...)
	case "/quit":
		s.quit()
	default:
		s.say(s.words.warn(s.Lang.Text("Unknown command %s. /help lists the commands.", protocol.Visible(name))))
	}
}

// ask runs f beside the screen; what it returns is done by the screen.
func (s *screen) ask(f func(context.Context) func()) {
	running := s.running
	s.beside.Go(func() {
		s.term.guard(func() {
			ctx, cancel := context.WithTimeout(running, callTimeout)
			defer cancel()
			then := f(ctx)
			select {
			case s.todo <- then:
			case <-running.Done():
			}
		})
	})
}

// fail says why a command did not do what it should.
func (s *screen) fail(err error) {
	if err == context.DeadlineExceeded {
		s.say(s.words.warn(s.Lang.Text("the server does not answer")))
		return
	}
	s.say(s.words.warn(s.Lang.Text("Error: %s", explain(s.Lang, err))))
}

// here tells whether there is a room to act in.
func (s *screen) here() bool {
	if s.current == "" {
		s.say(s.words.warn(s.Lang.Text("You are in no room: /join <room>")))
		return false
	}
	return true
}

func (s *screen) who() {
	if !s.here() {
		return
	}
	room := s.current
	s.ask(func(ctx context.Context) func() {
		users, count, _, err := s.c.Who(ctx, room, "")
		return func() {
			if err != nil {
				s.fail(err)
				return
			}
			s.say(s.words.members(room, users, count))
		}
	})
}

func (s *screen) join(name string) {
	if name == "" {
		s.say(s.words.warn(s.Lang.Text("/join <room>")))
		return
	}
	room, err := chat.ParseTypedRoom(name)
	if err != nil {
		s.say(s.words.warn(s.Lang.Text("Error: %s", s.Lang.Error(err))))
		return
	}
	s.current = room
	s.c.Want(room)
	s.ask(func(ctx context.Context) func() {
		err := s.c.Join(ctx, room)
		return func() {
			// A refusal comes as a notice too. With no connection it is joined later.
			if err != nil && s.in(room) {
				s.fail(err)
			}
		}
	})
}

func (s *screen) leave() {
	if !s.here() {
		return
	}
	room := s.current
	s.ask(func(ctx context.Context) func() {
		err := s.c.Leave(ctx, room)
		return func() {
			if err != nil {
				s.fail(err)
				return
			}
			s.say(s.words.dim(s.Lang.Text("You left %s", "#"+string(room))))
			s.leftRoom(room)
		}
	})
}

func (s *screen) nick(name string) {
	if name == "" {
		s.say(s.words.warn(s.Lang.Text("/nick <name>")))
		return
	}
	before := s.name
	s.ask(func(ctx context.Context) func() {
		user, err := s.c.Rename(ctx, name)
		return func() {
			if err != nil {
				s.fail(err)
				return
			}
			if user.Name == before || user.Name != s.name { // else it was told already, as presence
				s.renamed(user.Name)
			}
		}
	})
}

// renamed takes over the user's new name, whichever of its windows asked for it.
func (s *screen) renamed(name string) {
	s.name = name
	s.keepToken(s.token)
	s.say(s.words.dim(s.Lang.Text("You are now called %s", protocol.Visible(name))))
}

func (s *screen) history(number string) {
	n := 20
	if number != "" {
		var err error
		if n, err = strconv.Atoi(number); err != nil || n < 1 {
			s.say(s.words.warn(s.Lang.Text("/history [n]")))
			return
		}
	}
	if !s.here() {
		return
	}
	room, before := s.current, s.oldest[s.current]
	if before == 1 {
		s.say(s.words.dim(s.Lang.Text("There is nothing earlier.")))
		return
	}
	s.ask(func(ctx context.Context) func() {
		page, err := s.c.Before(ctx, room, before, min(n, chat.MaxPage))
		return func() {
			if err != nil {
				s.fail(err)
				return
			}
			s.earlier(room, page)
		}
	})
}

// earlier shows a page from before what was shown, between two marks: it stands below what came after it.
func (s *screen) earlier(room chat.RoomID, page client.Page) {
	if len(page.Events) == 0 {
		s.say(s.words.dim(s.Lang.Text("There is nothing earlier.")))
		return
	}
	s.oldest[room] = page.Events[0].Seq
	s.say(s.words.dim("┌ " + s.Lang.Text("earlier in %s", "#"+string(room))))
	day := s.words.day
	s.words.day = ""
	for i := range page.Events {
		s.say(s.words.message(&page.Events[i], s.c.User().ID, room)...)
	}
	s.words.day = day
	s.say(s.words.dim("└"))
}

func (s *screen) listRooms() {
	s.ask(func(ctx context.Context) func() {
		rooms, next, err := s.c.List(ctx, "")
		return func() {
			if err != nil {
				s.fail(err)
				return
			}
			s.say(s.words.dim(s.Lang.Text("Rooms: %s", strconv.Itoa(len(rooms)))))
			for _, r := range rooms {
				s.say(s.roomLine(r))
			}
			if next != "" {
				s.say(s.words.dim(s.Lang.Text("… and more")))
			}
		}
	})
}

func (s *screen) roomLine(r protocol.RoomLine) string {
	mark := " "
	if s.in(r.Room) {
		mark = "*"
	}
	line := fmt.Sprintf("%s %-20s %s", mark, "#"+protocol.Visible(string(r.Room)),
		s.Lang.Text("present: %d, messages: %d", r.Count, r.Head))
	if r.At != nil {
		line += s.words.dim(r.At.Local().Format(" (2006-01-02)"))
	}
	return line
}
