package rooms

import (
	"salon/internal/chat"
	"salon/internal/hub"
)

// action names what a command does. Who may do it says the table below.
type action uint8

const (
	joinRoom action = iota
	leaveRoom
	sendText
	readHistory
	listMembers
	showTyping
	listRooms
	changeName
)

// standing is what an actor is to a room.
type standing uint8

const (
	outside standing = iota // the actor's session is not in the room
	inside                  // the actor's session is in the room
	standings
)

// allowed is the code of an action that is permitted.
const allowed chat.Code = ""

// permits is the one table of who may do what: for each action, by standing, the code of the refusal.
var permits = [...][standings]chat.Code{
	//        outside             inside
	joinRoom:    {allowed, allowed},
	listRooms:   {allowed, allowed},
	changeName:  {allowed, allowed},
	leaveRoom:   {chat.CodeNotMember, allowed},
	sendText:    {chat.CodeNotMember, allowed},
	readHistory: {chat.CodeNotMember, allowed},
	listMembers: {chat.CodeNotMember, allowed},
	showTyping:  {chat.CodeNotMember, allowed},
}

// permit says whether the actor may do what the command asks, and returns the actor's place in the command's room, nil for
// none. Errors: [chat.CodeInvalidRoom], the codes of the table.
func (s *Rooms) permit(a *Actor, c Command) (*hub.Member, error) {
	act := c.action()
	if act == listRooms || act == changeName { // about no room
		return nil, nil
	}
	id, err := chat.ParseRoom(c.room())
	if err != nil {
		return nil, err
	}
	in, is := a.member(id), outside
	if in != nil {
		is = inside
	}
	switch code := permits[act][is]; code {
	case allowed:
		return in, nil
	case chat.CodeNotMember:
		return nil, chat.Errorf(code, "you are not in the room %s: join it first", id)
	default:
		return nil, chat.Errorf(code, "you may not do this")
	}
}
