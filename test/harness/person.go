package harness

import (
	"context"
	"errors"
	"sync"
	"testing"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/test/checker"
)

// Person is a client that records what it is told.
type Person struct {
	*client.Client
	Witness *checker.Witness

	mu   sync.Mutex // guards what follows
	lags int
	lost int
}

// NewPerson starts a client; change, which may be nil, may change its options. It ends with the test.
func NewPerson(tb testing.TB, url, name string, change func(*client.Options)) *Person {
	tb.Helper()
	p := &Person{Witness: checker.NewWitness(name)}
	o := client.Options{URL: url, Name: name, FromStart: true, On: p.on}
	if change != nil {
		change(&o)
	}
	p.Client = client.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
			tb.Errorf("%s: %v", name, err)
		}
	}()
	tb.Cleanup(func() {
		cancel()
		<-done
	})
	return p
}

func (p *Person) on(n client.Notice) {
	switch n := n.(type) {
	case client.Event:
		p.Witness.Saw(n.Room, checker.Sight{Seq: n.Seq, User: n.Event.User.ID, CID: n.CID, Text: n.Text})
	case client.Acked:
		p.Witness.Acked(checker.Ack{Room: n.Room, User: p.User().ID, CID: n.CID, Seq: n.Seq})
	case client.Lagged:
		p.mu.Lock()
		p.lags++
		p.mu.Unlock()
	case client.Lost:
		p.mu.Lock()
		p.lost++
		p.mu.Unlock()
	}
}

// Lags tells how often the server told the client that it lags.
func (p *Person) Lags() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lags
}

// Losses tells how often the client lost its connection.
func (p *Person) Losses() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Say gives the client a text to send, and records that it must be acknowledged.
func (p *Person) Say(ctx context.Context, room chat.RoomID, text string) error {
	cid, err := p.Send(ctx, room, text)
	if err == nil {
		p.Witness.Sent(room, cid)
	}
	return err
}

// Log reads a room's whole log through a client.
func (p *Person) Log(tb testing.TB, room chat.RoomID) []chat.Event {
	tb.Helper()
	var log []chat.Event
	for after := uint64(0); ; {
		page, err := p.After(tb.Context(), room, after, chat.MaxPage)
		if err != nil {
			tb.Fatal(err)
		}
		log = append(log, page.Events...)
		if !page.More || len(page.Events) == 0 {
			return log
		}
		after = page.Events[len(page.Events)-1].Seq
	}
}
