package main

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/bson"
)

// proxy stands between the clients and FerretDB, and makes up for what FerretDB v1 lacks of what MongoDB does and Salon
// relies on:
//
//   - FerretDB reads the whole collection for every find other than by one _id. The proxy answers finds by ranges and
//     lists of strings itself, from indexes in FerretDB's database (see store).
//   - FerretDB goes on with an ordered insert after a refused document. The proxy stops (see insert).
//   - FerretDB's updates read and write in two steps, so that two at once may both see the old document. The proxy passes
//     on one update of a database at a time.
//
// Each connection of a client has one connection to FerretDB, and carries one request at a time.
type proxy struct {
	backend string // FerretDB's address
	store   *store
}

// run accepts connections until ctx ends, and waits for them.
func (p *proxy) run(ctx context.Context, l net.Listener) {
	var wait sync.WaitGroup
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		client, err := l.Accept()
		if err != nil {
			break
		}
		wait.Go(func() { p.serve(ctx, client) })
	}
	wait.Wait()
}

func (p *proxy) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.backend)
	if err != nil {
		return
	}
	defer server.Close()
	stop := context.AfterFunc(ctx, func() { client.Close(); server.Close() })
	defer stop()
	for {
		raw, err := readMessage(client)
		if err != nil {
			return
		}
		answer, err := p.answer(ctx, raw, server)
		if err != nil {
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

// forward has FerretDB answer a message.
func forward(raw []byte, server net.Conn) ([]byte, error) {
	if _, err := server.Write(raw); err != nil {
		return nil, err
	}
	return readMessage(server)
}

// answer returns the reply to one message of a client.
func (p *proxy) answer(ctx context.Context, raw []byte, server net.Conn) ([]byte, error) {
	req, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if req == nil {
		return forward(raw, server)
	}
	first, err := req.body.IndexErr(0)
	if err != nil {
		return nil, err
	}
	command, database := first.Key(), stringOf(req.body, "$db")
	collection, _ := first.Value().StringValueOK()
	switch command {
	case "find":
		if docs, ok := p.store.find(ctx, database, collection, req.body); ok {
			return req.reply(bson.D{{Key: "cursor", Value: bson.D{{Key: "firstBatch", Value: docs}, {Key: "id", Value: int64(0)},
				{Key: "ns", Value: database + "." + collection}}}, {Key: "ok", Value: 1.0}})
		}
	case "insert":
		if len(req.documents) > atOnce && req.body.Lookup("ordered").Boolean() {
			return insert(req, server)
		}
	case "update", "delete", "findAndModify":
		defer p.store.exclude(database)()
	case "createIndexes":
		answer, err := forward(raw, server)
		if err == nil {
			p.store.addIndexes(ctx, database, collection, req.body)
		}
		return answer, err
	case "drop", "dropDatabase", "renameCollection":
		p.store.forget(database)
	}
	return forward(raw, server)
}

// atOnce is how many documents FerretDB v1.24 inserts in one go. When it refuses one of them it leaves out the rest of
// these, and goes on with the next hundred.
const atOnce = 100

// insert passes on an ordered insert in parts, and stops after the first part of which a document is refused.
func insert(req *request, server net.Conn) ([]byte, error) {
	stored, before := int32(0), 0
	for part := range slices.Chunk(req.documents, atOnce) {
		answer, err := forward(req.with(part), server)
		if err != nil {
			return nil, err
		}
		body, err := bodyOf(answer)
		if err != nil {
			return nil, err
		}
		n, ok := body.Lookup("n").Int32OK()
		if !ok { // the command failed as a whole
			return answer, nil
		}
		stored += n
		refused, err := moved(body, int32(before))
		if err != nil {
			return nil, err
		}
		if len(refused) > 0 {
			return req.reply(bson.D{{Key: "n", Value: stored}, {Key: "writeErrors", Value: refused}, {Key: "ok", Value: 1.0}})
		}
		before += len(part)
	}
	return req.reply(bson.D{{Key: "n", Value: stored}, {Key: "ok", Value: 1.0}})
}

// moved returns the writeErrors of a reply, with their positions moved by so many.
func moved(reply bson.Raw, by int32) (bson.A, error) {
	var list struct {
		Refused []bson.D `bson:"writeErrors"`
	}
	if err := bson.Unmarshal(reply, &list); err != nil {
		return nil, err
	}
	var all bson.A
	for _, doc := range list.Refused {
		for i, e := range doc {
			if at, ok := e.Value.(int32); ok && e.Key == "index" {
				doc[i].Value = at + by
			}
		}
		all = append(all, doc)
	}
	return all, nil
}

func stringOf(doc bson.Raw, key string) string {
	s, _ := doc.Lookup(key).StringValueOK()
	return s
}

func logFailure(what string, err error) { slog.Error(what, "error", err) }
