package text

import (
	"slices"
	"strconv"
	"strings"

	"salon/internal/chat"
	"salon/internal/edge"
	"salon/internal/history"
	"salon/internal/hub"
	"salon/internal/protocol"
	"salon/internal/rooms"
)

// commands has the handler of each command; quit is handled by itself. Arg is what follows the command's name. The error is
// told to the person.
var commands = map[string]func(p *person, arg string) *chat.Error{
	"help":    help,
	"who":     who,
	"rooms":   listRooms,
	"join":    join,
	"nick":    nick,
	"history": showHistory,
}

// command carries out a line that begins with a slash. The error ends the connection.
func (p *person) command(line string) error {
	name, arg, _ := strings.Cut(line, " ")
	key := strings.ToLower(name)
	if key == "quit" {
		p.Close(1000, "")
		return edge.ErrEnded
	}
	handle, ok := commands[key]
	if !ok {
		p.say("Unknown command %s. /help lists the commands.", protocol.Visible("/"+clip(name)))
		return nil
	}
	if err := handle(p, strings.TrimSpace(arg)); err != nil {
		p.refuse(err)
	}
	return nil
}

// clip keeps short what is repeated to its sender.
func clip(s string) string {
	if len(s) > 32 {
		return s[:32]
	}
	return s
}

func help(p *person, _ string) *chat.Error {
	p.say("Commands: /who, /join <room>, /rooms, /nick <name>, /history [n], /help, /quit. A line starting with // says the rest with one slash.")
	return nil
}

func who(p *person, _ string) *chat.Error {
	return p.Do(&rooms.Who{Room: string(p.room), Limit: chat.CrowdSize}, func(a rooms.Answer, _ *chat.Error) {
		m := a.(rooms.Members)
		if m.Count > len(m.Users) {
			p.say("In %s: %d people", m.Room, m.Count)
			return
		}
		names := make([]string, len(m.Users))
		for i, u := range m.Users {
			names[i] = protocol.Visible(u.Name)
		}
		slices.Sort(names)
		p.say("In %s (%d): %s", m.Room, m.Count, strings.Join(names, ", "))
	})
}

func listRooms(p *person, _ string) *chat.Error {
	return p.Do(&rooms.List{Limit: chat.CrowdSize}, func(a rooms.Answer, _ *chat.Error) {
		listed := a.(rooms.Listed)
		names := make([]string, len(listed.Rooms))
		for i, l := range listed.Rooms {
			names[i] = string(l.Room) + " (" + strconv.Itoa(l.Count) + ")"
		}
		if listed.Next != "" {
			names = append(names, "…")
		}
		p.say("Rooms: %s", strings.Join(names, ", "))
	})
}

// join goes to another room.
func join(p *person, arg string) *chat.Error {
	if arg == "" {
		p.say("/join <room>")
		return nil
	}
	id, err := chat.ParseTypedRoom(arg)
	if err != nil {
		return rooms.Problem(err)
	}
	if id != p.room {
		if err := p.Do(&rooms.Move{Room: string(id), From: hub.From{Last: p.last}}, p.show); err != nil {
			return err
		}
		p.room = id
	}
	p.say("You are now in %s", id)
	return nil
}

func nick(p *person, arg string) *chat.Error {
	if arg == "" {
		p.say("/nick <name>")
		return nil
	}
	return p.Do(&rooms.Rename{Name: arg}, func(a rooms.Answer, _ *chat.Error) {
		p.say("You are now called %s", a.(rooms.Renamed).User.Name)
	})
}

func showHistory(p *person, arg string) *chat.Error {
	n := chat.DefaultPage
	if arg != "" {
		var err error
		if n, err = strconv.Atoi(arg); err != nil || n < 1 {
			p.say("/history [n]")
			return nil
		}
	}
	return p.Do(&rooms.History{Room: string(p.room), Query: history.Query{Limit: min(n, chat.MaxPage)}}, p.show)
}
