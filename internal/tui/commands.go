package tui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/protocol"
)

// commands are what a line that starts with a slash may ask for, in the order of /help. Usage and help are texts for people.
func commands() []command {
	return []command{
		{"/who", "/who", "who is in this room", who},
		{"/join", "/join <room>", "enter a room, or go back to it", join},
		{"/rooms", "/rooms", "the rooms there are", listRooms},
		{"/nick", "/nick <name>", "take another name", nick},
		{"/history", "/history [n]", "n earlier messages (20), each time further back", history},
		{"/leave", "/leave", "leave this room", leave},
		{"/help", "/help", "these lines", help},
		{"/quit", "/quit", "leave", func(c *conversation, _ string) { c.quit() }},
	}
}

type command struct {
	name, usage, help string
	run               func(c *conversation, argument string)
}

// runCommand does what a line that starts with a slash asks for.
func runCommand(c *conversation, line string) {
	name, argument, _ := strings.Cut(line, " ")
	for _, known := range commands() {
		if strings.EqualFold(known.name, name) {
			known.run(c, strings.TrimSpace(argument))
			return
		}
	}
	c.warning(c.Lang.Text("Unknown command %s. /help lists the commands.", protocol.Visible(name)))
}

func help(c *conversation, _ string) {
	line := func(usage, help string) { c.say(fmt.Sprintf("  %-16s %s", usage, c.words.dim(help))) }
	for _, k := range commands() {
		line(c.Lang.Text(k.usage), c.Lang.Text(k.help))
	}
	line(c.Lang.Text("//text"), c.Lang.Text("say a text that starts with a slash"))
	line(c.Lang.Text("Alt-Enter"), c.Lang.Text("new line in a message"))
	line("Tab", c.Lang.Text("complete a name"))
	line("↑ ↓", c.Lang.Text("what you said before"))
	line("Ctrl-C", c.Lang.Text("clear the line; leave when it is empty"))
}

func who(c *conversation, _ string) {
	if !c.inRoom() {
		return
	}
	room := c.current
	c.ask(func(ctx context.Context) func() {
		users, count, _, err := c.client.Who(ctx, room, "")
		return func() {
			if err != nil {
				c.fail(err)
				return
			}
			c.say(c.words.members(room, users, count))
		}
	})
}

func join(c *conversation, name string) {
	if name == "" {
		c.warning(c.Lang.Text("/join <room>"))
		return
	}
	room, err := chat.ParseTypedRoom(name)
	if err != nil {
		c.warning(c.Lang.Text("Error: %s", c.Lang.Error(err)))
		return
	}
	c.current = room
	c.client.Want(room) // a refusal comes as a notice
}

func leave(c *conversation, _ string) {
	if !c.inRoom() {
		return
	}
	room := c.current
	c.ask(func(ctx context.Context) func() {
		err := c.client.Leave(ctx, room)
		return func() {
			if err != nil {
				c.fail(err)
				return
			}
			c.say(c.words.dim(c.Lang.Text("You left %s", "#"+string(room))))
			c.leftRoom(room)
		}
	})
}

func nick(c *conversation, name string) {
	if name == "" {
		c.warning(c.Lang.Text("/nick <name>"))
		return
	}
	before := c.name
	c.ask(func(ctx context.Context) func() {
		user, err := c.client.Rename(ctx, name)
		return func() {
			if err != nil {
				c.fail(err)
				return
			}
			if user.Name == before || user.Name != c.name { // else it was told already, as presence
				c.renamed(user.Name)
			}
		}
	})
}

func history(c *conversation, number string) {
	n := 20
	if number != "" {
		var err error
		if n, err = strconv.Atoi(number); err != nil || n < 1 {
			c.warning(c.Lang.Text("/history [n]"))
			return
		}
	}
	if !c.inRoom() {
		return
	}
	room, before := c.current, c.oldest[c.current]
	if before == 1 {
		c.say(c.words.dim(c.Lang.Text("There is nothing earlier.")))
		return
	}
	c.ask(func(ctx context.Context) func() {
		page, err := c.client.Before(ctx, room, before, min(n, chat.MaxPage))
		return func() {
			if err != nil {
				c.fail(err)
				return
			}
			showEarlier(c, room, page)
		}
	})
}

// showEarlier shows a page of earlier events between two lines, since it stands below later ones.
func showEarlier(c *conversation, room chat.RoomID, page client.Page) {
	if len(page.Events) == 0 {
		c.say(c.words.dim(c.Lang.Text("There is nothing earlier.")))
		return
	}
	c.oldest[room] = page.Events[0].Seq
	c.say(c.words.dim("┌ " + c.Lang.Text("earlier in %s", "#"+string(room))))
	day := c.words.day
	c.words.day = ""
	for i := range page.Events {
		c.say(c.words.message(&page.Events[i], c.client.User().ID, room)...)
	}
	c.words.day = day
	c.say(c.words.dim("└"))
}

func listRooms(c *conversation, _ string) {
	c.ask(func(ctx context.Context) func() {
		rooms, next, err := c.client.List(ctx, "")
		return func() {
			if err != nil {
				c.fail(err)
				return
			}
			c.say(c.words.dim(c.Lang.Text("Rooms: %s", strconv.Itoa(len(rooms)))))
			for _, r := range rooms {
				c.say(roomLine(c, r))
			}
			if next != "" {
				c.say(c.words.dim(c.Lang.Text("… and more")))
			}
		}
	})
}

func roomLine(c *conversation, r protocol.RoomLine) string {
	mark := " "
	if c.isIn(r.Room) {
		mark = "*"
	}
	line := fmt.Sprintf("%s %-20s %s", mark, "#"+protocol.Visible(string(r.Room)),
		c.Lang.Text("present: %d, messages: %d", r.Count, r.Head))
	if r.At != nil {
		line += c.words.dim(r.At.Local().Format(" (2006-01-02)"))
	}
	return line
}
