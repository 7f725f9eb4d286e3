package mongo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// faultProxy stands between a store and its server, reads the requests (MongoDB's wire protocol, OP_MSG) and gives each the
// fault that a rule chooses: faults that a proxy of bytes cannot aim at one request.
type faultProxy struct {
	uri    string
	server string // its address

	mu   sync.Mutex // guards what follows
	rule rule

	held sync.WaitGroup // requests that go on after their connection was cut
}

// rule chooses the fault of a request by its command.
type rule func(command string) fault

// fault is what is done to a request and its answer. The zero fault does nothing.
type fault struct {
	drop    bool            // the request does not reach the server and the connection ends
	cut     bool            // the server does it, the answer is lost and the connection ends
	late    <-chan struct{} // with cut: the server gets it only after this is closed
	answer  bson.D          // instead of asking the server
	rewrite func(*bson.D)   // changes the server's answer
}

func newFaultProxy(t *testing.T, uri string) *faultProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &faultProxy{uri: "mongodb://" + l.Addr().String() + "/?directConnection=true", server: address(t, uri)}
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { p.serve(ctx, client) })
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		wait.Wait()
		p.held.Wait()
	})
	return p
}

// address gives the host and port of uri, where it has one and nothing else that matters.
func address(t *testing.T, uri string) string {
	t.Helper()
	server, _, _ := strings.Cut(strings.TrimPrefix(uri, "mongodb://"), "/")
	if strings.ContainsAny(server, "@,?") {
		t.Skip("the server of SALON_TEST_MONGO is not a plain host and port")
	}
	return server
}

// set changes the rule; nil lets everything through.
func (p *faultProxy) set(r rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = r
}

// once gives the next request with this command the fault f.
func (p *faultProxy) once(command string, f fault) {
	p.set(func(c string) fault {
		if c != command {
			return fault{}
		}
		p.rule = nil // under p.mu, where rules are asked
		return f
	})
}

func (p *faultProxy) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	close := sync.OnceFunc(func() { server.Close() })
	stop := context.AfterFunc(ctx, func() { client.Close(); close() })
	defer stop()
	for {
		request, err := readMessage(client)
		if err != nil {
			close()
			return
		}
		if ended, err := p.pass(ctx, request, client, server, close); err != nil {
			close()
			return
		} else if ended {
			return
		}
	}
}

// pass handles one request. When it says that the connection has ended, it closes the server's side itself.
func (p *faultProxy) pass(ctx context.Context, request []byte, client, server net.Conn, close func()) (ended bool, err error) {
	f := p.ask(request)
	switch {
	case f.drop:
		return false, io.EOF
	case f.answer != nil:
		_, err := client.Write(message(request, f.answer))
		return false, err
	case f.cut && f.late != nil:
		p.held.Go(func() {
			defer close()
			select {
			case <-f.late:
				if _, err := server.Write(request); err == nil {
					_, _ = readMessage(server) // it is done when it answers
				}
			case <-ctx.Done():
			}
		})
		return true, nil
	}
	if _, err := server.Write(request); err != nil {
		return false, err
	}
	reply, err := readMessage(server)
	if err != nil || f.cut {
		return false, errors.Join(err, io.EOF)
	}
	if f.rewrite != nil {
		var doc bson.D
		if err := bson.Unmarshal(reply[21:], &doc); err != nil {
			return false, err
		}
		f.rewrite(&doc)
		reply = message(request, doc)
	}
	_, err = client.Write(reply)
	return false, err
}

func (p *faultProxy) ask(request []byte) fault {
	const opMsg = 2013
	if binary.LittleEndian.Uint32(request[12:]) != opMsg {
		return fault{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rule == nil {
		return fault{}
	}
	return p.rule(commandOf(request[20:]))
}

// commandOf gives the first key of the body among the sections of a message: kind 0 is the body, kind 1 a list of
// documents that comes before or after it.
func commandOf(sections []byte) string {
	for len(sections) > 0 && sections[0] == 1 {
		sections = sections[1+binary.LittleEndian.Uint32(sections[1:]):]
	}
	elements, err := bson.Raw(sections[1:][:binary.LittleEndian.Uint32(sections[1:])]).Elements()
	if err != nil || len(elements) == 0 {
		return ""
	}
	return elements[0].Key()
}

func readMessage(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n < 16 || n > 48<<20 {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	m := make([]byte, n)
	copy(m, size[:])
	_, err := io.ReadFull(r, m[4:])
	return m, err
}

// message makes the answer to request.
func message(request []byte, doc bson.D) []byte {
	body, err := bson.Marshal(doc)
	if err != nil {
		panic(err) // a test's own document
	}
	m := make([]byte, 21, 21+len(body)) // header, flags, kind 0
	binary.LittleEndian.PutUint32(m, uint32(21+len(body)))
	copy(m[8:], request[4:8])
	binary.LittleEndian.PutUint32(m[12:], 2013)
	return append(m, body...)
}
