package client

import (
	"context"

	"salon/internal/chat"
)

// Options say whom to connect to, as whom, and what to do with what comes. Only URL, and Name or Token, must be set.
type Options struct {
	URL   string // ws:// or wss://, see [ParseAddress]
	Name  string
	Token string // from an earlier visit, to be the same user
	// TokenOnly makes Run fail when the server does not know the token. Otherwise the client becomes a new user called Name.
	TokenOnly bool
	Lang      string // of the server's messages: "fr" or "en"
	Agent     string // names this client in the server's log

	Rooms []chat.RoomID // joined at the start
	// Last is how many events to begin a room with, at most [chat.MaxPage]; less than 0 for none, 0 for
	// [chat.DefaultPage].
	Last int
	// FromStart begins each room at its first event instead.
	FromStart bool

	// Pending bounds the sends that are not acknowledged; 0 for [DefaultPending].
	Pending int
	// FirstTry makes Run fail when the server cannot be reached at the first try.
	FirstTry bool

	// On receives every notice, in order, from Run's goroutine. Nothing more is read while it runs, so a slow On makes the
	// server wait, and does not fill this process. It may call Send, Typing and Drop, but no method that waits for an answer.
	On func(Notice)
	// SaveToken receives a new token to keep, and "" when the server no longer knows the old one.
	SaveToken func(token string)

	Dial func(ctx context.Context, url string) (Conn, error) // nil for [DialWebSocket]
}

// withDefaults fills in what is not set.
func (o Options) withDefaults() Options {
	if o.Pending <= 0 {
		o.Pending = DefaultPending
	}
	if o.Last == 0 {
		o.Last = chat.DefaultPage
	}
	if o.On == nil {
		o.On = func(Notice) {}
	}
	if o.SaveToken == nil {
		o.SaveToken = func(string) {}
	}
	if o.Dial == nil {
		o.Dial = DialWebSocket
	}
	return o
}
