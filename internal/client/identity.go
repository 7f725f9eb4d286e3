package client

import (
	"salon/internal/chat"
	"salon/internal/protocol"
)

// identity is who the client is. It is guarded by session.mu.
type identity struct {
	user        chat.User // as of the last welcome
	known       bool      // the server has welcomed the client at least once
	name        string    // as the server last told it; before that, as asked for
	unconfirmed bool      // name was asked for, and the server has not confirmed it
	token       string
	secret      string // sent while there is no token, so that the server recognises a repeated first hello
}

func (i *identity) hello() *protocol.Request {
	if i.token == "" && i.secret == "" {
		i.secret = chat.NewToken()
	}
	q := &protocol.Request{Type: "hello", Name: i.name, Token: i.token, Secret: i.secret}
	if i.token != "" && !i.unconfirmed {
		q.Name = "" // the token says who it is; a name would undo a rename by another client of the user
	}
	return q
}

// confirm takes the user as the server tells it.
func (i *identity) confirm(u chat.User) {
	i.user, i.name, i.unconfirmed = u, u.Name, false
}
