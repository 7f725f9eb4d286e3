package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/protocol"
	"salon/test/checker"
)

// visit makes connections with the tokens of clients that are present, to any node. Each joins a room at any place of its log and
// sends again, with another text, what the client sent long ago. This must be acknowledged with the number that it has.
func (c *clients) visit(ctx context.Context, f fault) error {
	rng := rand.New(rand.NewPCG(f.seed, 0))
	ctx, cancel := context.WithTimeout(ctx, f.lasts)
	defer cancel()
	for ctx.Err() == nil {
		all := c.present()
		if len(all) == 0 {
			return nil
		}
		p := all[rng.IntN(len(all))]
		token, acked := p.credentials()
		if token == "" || len(acked) == 0 {
			pause(ctx, 100*time.Millisecond)
			continue
		}
		v := &visitor{token: token, ack: acked[rng.IntN(len(acked))], witness: checker.NewWitness("visitor as " + p.name)}
		v.since = uint64(rng.Int64N(int64(v.ack.Seq + 1)))
		v.witness.Gone() // it does not stay to the end
		err := v.call(ctx, c.urls[rng.IntN(len(c.urls))], c.tally)
		c.mu.Lock()
		c.others = append(c.others, v.witness)
		c.again += v.witness.Acks()
		if err == nil {
			c.visits++
		}
		c.mu.Unlock()
	}
	return nil
}

// visitor is one connection that sends one thing again.
type visitor struct {
	token   string
	ack     checker.Ack // of what it sends again
	since   uint64
	witness *checker.Witness
}

// call makes the visit. Its errors are those of a connection under faults.
func (v *visitor) call(ctx context.Context, url string, t *tally) error {
	raw, err := client.DialWebSocket(ctx, url)
	if err != nil {
		return err
	}
	conn := watch(raw, v.witness.Name, t)
	stop := context.AfterFunc(ctx, conn.Kill)
	defer stop()
	defer conn.Kill()
	v.say(conn, map[string]any{"type": "hello", "id": "h", "token": v.token})
	v.say(conn, map[string]any{"type": "join", "id": "j", "room": v.ack.Room, "since": v.since})
	v.say(conn, map[string]any{"type": "send", "id": "s", "room": v.ack.Room, "cid": v.ack.CID, "text": "once more"})
	for {
		message, err := conn.Read()
		if err != nil {
			return err
		}
		for line := range protocol.Requests(message) {
			done, err := v.take(line)
			if done || err != nil {
				return err
			}
		}
	}
}

func (v *visitor) say(conn client.Conn, what map[string]any) { conn.Write(protocol.Marshal(what)) }

// take notes what the server says. It is done with the acknowledgement.
func (v *visitor) take(line []byte) (done bool, err error) {
	var s struct {
		Type string      `json:"type"`
		Room chat.RoomID `json:"room"`
		CID  string      `json:"cid"`
		Seq  uint64      `json:"seq"`
		Code string      `json:"code"`
	}
	if json.Unmarshal(line, &s) != nil {
		return false, nil // not one of those that matter here
	}
	switch s.Type {
	case "ack":
		v.witness.Acked(checker.Ack{Room: s.Room, User: v.ack.User, CID: s.CID, Seq: s.Seq})
		return true, nil
	case "error":
		return false, fmt.Errorf("refused: %s", s.Code)
	}
	return false, nil
}
