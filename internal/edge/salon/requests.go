package salon

import (
	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/hub"
	"salon/internal/protocol"
	"salon/internal/rooms"
)

// handlers has the handler of each request; hello and send are handled by themselves. A handler decodes the request to a
// command, and says how the answer is encoded. The error is told to the client.
var handlers = map[string]func(client, *protocol.Request) error{
	"join":    join,
	"leave":   leave,
	"history": readHistory,
	"who":     who,
	"rooms":   listRooms,
	"typing":  typing,
	"ping":    ping,
}

// do carries out a command. Its answer, and an error that comes later, are queued; an error at once is returned.
func (c client) do(r *protocol.Request, command rooms.Command, answer func(rooms.Answer)) error {
	id, room := r.ID, r.Room
	err := c.Do(command, func(a rooms.Answer, err *chat.Error) {
		if err != nil {
			c.failed(id, room, "", err)
			return
		}
		answer(a)
	})
	if err != nil {
		return err
	}
	return nil
}

// send is answered by ack, when the text is stored.
func (c client) send(r *protocol.Request) error {
	id, room, cid := r.ID, r.Room, r.CID
	err := c.Do(&rooms.Send{Room: room, CID: cid, Text: r.Text}, func(a rooms.Answer, err *chat.Error) {
		if err != nil {
			c.failed(id, room, cid, err)
			return
		}
		c.queue(protocol.AppendAck(make([]byte, 0, 160), id, a.(rooms.Stored).Event))
	})
	if err != nil {
		return err
	}
	return nil
}

// rename is what a further hello does.
func rename(c client, r *protocol.Request) error {
	return c.do(r, &rooms.Rename{Name: r.Name}, func(rooms.Answer) { c.welcome(r.ID, "") })
}

func join(c client, r *protocol.Request) error {
	from := hub.From{Last: chat.DefaultPage}
	if r.Last != nil {
		if *r.Last < 0 {
			return outOfRange("last")
		}
		from.Last = min(*r.Last, chat.MaxPage)
	}
	if r.Since != nil {
		from.Resume, from.Since = true, *r.Since
	}
	return c.do(r, &rooms.Join{Room: r.Room, From: from}, func(a rooms.Answer) { c.joined(r.ID, a.(rooms.Joined)) })
}

func (c client) joined(id string, a rooms.Joined) {
	j := protocol.Joined{
		Room: a.Room, Head: a.Head, Lines: a.Lines(), More: a.More, Members: a.Members, Count: a.Count, Crowd: a.Crowd,
	}
	size := 256 + 96*len(j.Members)
	for _, l := range j.Lines {
		size += len(l) + 1
	}
	c.queue(protocol.AppendJoined(make([]byte, 0, size), id, &j))
}

func leave(c client, r *protocol.Request) error {
	return c.do(r, &rooms.Leave{Room: r.Room}, func(a rooms.Answer) {
		c.answer(protocol.Plain{Type: "left", ID: r.ID, Room: a.(rooms.Left).Room})
	})
}

func readHistory(c client, r *protocol.Request) error {
	q, err := query(r)
	if err != nil {
		return err
	}
	return c.do(r, &rooms.History{Room: r.Room, Query: q}, func(a rooms.Answer) {
		p := a.(rooms.Page)
		c.queue(protocol.AppendHistory(nil, r.ID, p.Room, p.Head, p.Lines(), p.More))
	})
}

func who(c client, r *protocol.Request) error {
	limit, err := limitOf(r, chat.MaxPage)
	if err != nil {
		return err
	}
	return c.do(r, &rooms.Who{Room: r.Room, Cursor: r.Cursor, Limit: limit}, func(a rooms.Answer) {
		m := a.(rooms.Members)
		if m.Users == nil {
			m.Users = []chat.User{}
		}
		c.answer(protocol.Who{Type: "who", ID: r.ID, Room: m.Room, Members: m.Users, Count: m.Count, Next: m.Next})
	})
}

func listRooms(c client, r *protocol.Request) error {
	limit, err := limitOf(r, chat.MaxPage)
	if err != nil {
		return err
	}
	return c.do(r, &rooms.List{After: chat.RoomID(r.Cursor), Limit: limit}, func(a rooms.Answer) {
		listed := a.(rooms.Listed)
		lines := make([]protocol.RoomLine, len(listed.Rooms))
		for i, l := range listed.Rooms {
			lines[i] = protocol.RoomLine{Room: l.Room, Head: l.Head, Count: l.Count}
			if !l.At.IsZero() {
				lines[i].At = &protocol.Time{Time: l.At}
			}
		}
		c.answer(protocol.Rooms{Type: "rooms", ID: r.ID, Rooms: lines, Next: string(listed.Next)})
	})
}

// typing has no answer.
func typing(c client, r *protocol.Request) error {
	return c.do(r, &rooms.Typing{Room: r.Room}, func(rooms.Answer) {})
}

func ping(c client, r *protocol.Request) error {
	c.answer(protocol.Plain{Type: "pong", ID: r.ID})
	return nil
}

// query reads which page is asked for. Errors: [chat.CodeBadRequest].
func query(r *protocol.Request) (history.Query, error) {
	q := history.Query{Limit: chat.DefaultPage}
	set := 0
	if r.Before != nil {
		if q.Before = *r.Before; q.Before == 0 {
			return q, outOfRange("before")
		}
		set++
	}
	if r.After != nil {
		q.After, q.IsAfter = *r.After, true
		set++
	}
	if r.Around != nil {
		if q.Around = *r.Around; q.Around == 0 {
			return q, outOfRange("around")
		}
		set++
	}
	if set > 1 {
		return q, chat.Errorf(chat.CodeBadRequest, "only one of before, after and around")
	}
	limit, err := limitOf(r, chat.DefaultPage)
	q.Limit = limit
	return q, err
}

// limitOf returns the limit asked for, at most [chat.MaxPage]. Errors: [chat.CodeBadRequest].
func limitOf(r *protocol.Request, usual int) (int, error) {
	if r.Limit == nil {
		return usual, nil
	}
	if *r.Limit < 1 {
		return 0, outOfRange("limit")
	}
	return min(*r.Limit, chat.MaxPage), nil
}

func outOfRange(field string) error {
	return chat.Errorf(chat.CodeBadRequest, "the field %q is out of range", field)
}
