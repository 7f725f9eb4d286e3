package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
)

// FuzzServer says anything to a client, after a proper welcome: whatever comes, what it shows of a room has no hole.
func FuzzServer(f *testing.F) {
	const event = `{"type":"event","room":"lobby","seq":2,"kind":"message","at":"2026-11-22T13:00:00.123Z","user":{"id":"u_b","name":"b"},"text":"x"}`
	for _, s := range []string{
		event,
		`{"type":"joined","id":"2","room":"lobby","head":1,"events":[{"seq":1,"kind":"message","text":"x"}],"count":1}` + "\n" + event,
		`{"type":"joined","id":"2","room":"lobby","head":9,"events":[{"seq":0}],"more":true}` + "\n" +
			`{"type":"history","id":"3","room":"lobby","head":18446744073709551615,"events":[{"seq":18446744073709551615}]}`,
		`{"type":"error","id":"2","code":"unavailable","temporary":true,"retry_after_ms":-5}`,
		`{"type":"error","id":"2","code":4,"message":null}`,
		`{"type":"bye","code":"x"}` + "\n" + `{"type":"lag","room":"lobby"}`,
		`{"type":"ack","room":"lobby","cid":"","seq":1}`, `{"type":"presence","user":null}`, `[]`, `null`, `{"type":7}`,
		`{"type":"joined","id":"2","events":null}`, `{"type":"welcome","id":"2","ping":-1}`, `{"type":"degraded","degraded":true}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, said []byte) { synctest.Test(t, func(t *testing.T) { hear(t, said) }) })
}

// hear runs a client whose server says this after the welcome.
func hear(t *testing.T, said []byte) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	last := map[chat.RoomID]uint64{}
	c := New(Options{
		Name: "ada", Rooms: []chat.RoomID{"lobby"}, FirstTry: true,
		On: func(n Notice) {
			switch n := n.(type) {
			case Event:
				if before, ok := last[n.Room]; ok && n.Seq != before+1 || n.Seq == 0 {
					t.Errorf("event %d was shown after %d", n.Seq, before)
				}
				last[n.Room] = n.Seq
			case Reset:
				delete(last, n.Room)
			case Lost:
				cancel()
			}
		},
		Dial: func(context.Context, string) (Conn, error) {
			welcome := []byte(`{"type":"welcome","id":"1","user":{"id":"u_a","name":"ada"},"ping":25}`)
			return &scripted{lines: []string{string(welcome), string(bytes.Clone(said))}}, nil
		},
	})
	if _, err := c.Send(ctx, "lobby", "hello"); err != nil {
		t.Fatal(err)
	}
	var refused *Error
	var closed *CloseError
	if err := c.Run(ctx); !errors.Is(err, context.Canceled) && !errors.As(err, &refused) && !errors.As(err, &closed) && !errors.Is(err, io.EOF) {
		t.Errorf("ended with %v", err)
	}
}

// TestWholeListIsPassedOn has the server tell who is in a room anew, as at the end of a crowd.
func TestWholeListIsPassedOn(t *testing.T) { synctest.Test(t, wholeListIsPassedOn) }

func wholeListIsPassedOn(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var got []Presence
	c := New(Options{
		Name: "ada", Rooms: []chat.RoomID{"lobby"}, FirstTry: true,
		On: func(n Notice) {
			switch n := n.(type) {
			case Presence:
				got = append(got, n)
			case Lost:
				cancel()
			}
		},
		Dial: func(context.Context, string) (Conn, error) {
			return &scripted{lines: []string{
				`{"type":"welcome","id":"1","user":{"id":"u_a","name":"ada"},"ping":25}`,
				`{"type":"joined","id":"2","room":"lobby","head":0,"events":[],"count":101}`,
				`{"type":"presence","room":"lobby","change":"count","count":2,"members":[{"id":"u_a","name":"ada"},{"id":"u_b","name":"bob"}]}`,
			}}, nil
		},
	})
	_ = c.Run(ctx)
	if len(got) != 1 || got[0].User != nil || len(got[0].Members) != 2 || got[0].Members[1].Name != "bob" {
		t.Errorf("told %+v", got)
	}
}
