package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/test/checker"
)

// person is one run of a client: it joins all rooms, talks, and records what it is told until it is ended.
type person struct {
	*client.Client
	name    string
	witness *checker.Witness
	end     context.CancelFunc
	ended   chan struct{} // closed when the client has ended

	mu      sync.Mutex // guards what follows
	err     error      // why it ended by itself; nil when it was told to
	token   string
	known   bool                 // was welcomed once
	joined  map[chat.RoomID]bool // on the present connection
	lists   map[chat.RoomID]map[chat.UserID]string
	acked   []checker.Ack // as its witness has them
	losses  int           // of its connection
	reason  error         // of the last loss
	refused int           // sends refused for good
	resets  int           // rooms that began anew
}

// origin says how a person begins.
type origin struct {
	name, token string
	urls        []string     // of nodes, tried in turn from the first on; one: stays there
	pace        float64      // texts each second; 0 for silence
	quiet       *atomic.Bool // not to talk for now
	seed        uint64
}

// begin starts a client. It talks until talk ends, and runs until it is ended.
func begin(talk context.Context, o origin, t *tally) *person {
	p := &person{name: o.name, witness: checker.NewWitness(o.name), ended: make(chan struct{}), token: o.token}
	p.forget()
	dials := 0
	p.Client = client.New(client.Options{
		Name: o.name, Token: o.token, Rooms: rooms, FromStart: true, On: p.on,
		SaveToken: func(token string) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.token = token
		},
		Dial: func(ctx context.Context, _ string) (client.Conn, error) {
			url := o.urls[dials%len(o.urls)]
			dials++
			c, err := client.DialWebSocket(ctx, url)
			if err != nil {
				return nil, err
			}
			return watch(c, o.name, t), nil
		},
	})
	for _, room := range rooms {
		p.witness.Since(room, 0)
	}
	ctx, end := context.WithCancel(context.WithoutCancel(talk))
	p.end = end
	go p.live(ctx, talk, o)
	return p
}

func (p *person) live(ctx, talk context.Context, o origin) {
	defer close(p.ended)
	talk, cancel := context.WithCancel(talk)
	var talking sync.WaitGroup
	talking.Go(func() {
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
		p.talk(talk, o)
	})
	err := p.Run(ctx)
	cancel()
	talking.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !errors.Is(err, context.Canceled) {
		p.err = err
	}
}

// ahead is how many texts of one client wait at most: a slow machine is not left with more and more to do.
const ahead = 100

// talk sends texts to rooms at the person's pace until ctx ends.
func (p *person) talk(ctx context.Context, o origin) {
	if o.pace <= 0 {
		return
	}
	rng := rand.New(rand.NewPCG(o.seed, 1))
	for n := 1; ; n++ {
		pause(ctx, time.Duration(rng.ExpFloat64()/o.pace*float64(time.Second)))
		if ctx.Err() != nil {
			return
		}
		if o.quiet.Load() || p.Pending() >= ahead {
			continue
		}
		room := rooms[rng.IntN(len(rooms))]
		text := fmt.Sprintf("%s says %d%s", p.name, n, strings.Repeat(" and on", rng.IntN(40)))
		cid, err := p.Send(ctx, room, text)
		if err != nil {
			return // the client has ended; live notes why
		}
		p.witness.Sent(room, cid)
	}
}

// crash ends the client without a close frame.
func (p *person) crash() {
	p.Drop()
	p.leave()
}

// leave ends the client.
func (p *person) leave() {
	p.end()
	<-p.ended
	p.witness.Gone()
}

// forget empties what belongs to one connection. Called with mu held, or before Run.
func (p *person) forget() {
	p.joined, p.lists = map[chat.RoomID]bool{}, map[chat.RoomID]map[chat.UserID]string{}
}

func (p *person) on(n client.Notice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch n := n.(type) {
	case client.Event:
		p.witness.Saw(n.Room, checker.Sight{Seq: n.Seq, User: n.Event.User.ID, CID: n.CID, Text: n.Text})
	case client.Acked:
		a := checker.Ack{Room: n.Room, User: p.User().ID, CID: n.CID, Seq: n.Seq}
		p.witness.Acked(a)
		p.acked = append(p.acked, a)
	case client.Welcome:
		p.known = true
		p.forget()
	case client.Joined:
		p.joined[n.Room] = true
		p.lists[n.Room] = map[chat.UserID]string{}
		for _, u := range n.Members {
			p.lists[n.Room][u.ID] = u.Name
		}
	case client.Presence:
		p.applyPresence(n)
	case client.Lost:
		p.losses++
		p.reason = n.Err
		p.forget()
	case client.Refused:
		p.refused++
	case client.Reset:
		p.resets++
	}
}

// applyPresence keeps the list of members as any client would. Called with mu held.
func (p *person) applyPresence(n client.Presence) {
	list := p.lists[n.Room]
	switch {
	case list == nil:
		return
	case n.Members != nil: // the whole list anew
		clear(list)
		for _, u := range n.Members {
			list[u.ID] = u.Name
		}
	}
	if n.User == nil {
		return
	}
	switch n.Change {
	case "join", "back", "rename":
		list[n.User.ID] = n.User.Name
	case "leave":
		delete(list, n.User.ID)
	}
}

// here tells whether the client is in all rooms now.
func (p *person) here() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.joined) == len(rooms)
}

// state says how far the client has come, for the log.
func (p *person) state() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.joined) > 0:
		return fmt.Sprintf("%s (in %d rooms)", p.name, len(p.joined))
	case p.Connected():
		return p.name + " (welcomed)"
	case !p.known:
		return fmt.Sprintf("%s (never welcomed: %v)", p.name, p.reason)
	}
	return fmt.Sprintf("%s (%v)", p.name, p.reason)
}

// list gives the members of a room as the client shows them.
func (p *person) list(room chat.RoomID) map[chat.UserID]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.lists[room])
}

// credentials gives the user's token, and which of its sends were acknowledged.
func (p *person) credentials() (token string, acked []checker.Ack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.token, p.acked
}

// gone tells that the client has ended.
func (p *person) gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}
