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

// faultProxy stands between a store and its server, reads the requests (MongoDB's wire protocol, OP_MSG) and does what a
// rule says to each: the faults that a proxy of bytes cannot aim at one request.
type faultProxy struct {
	uri    string
	server string // its address

	mu   sync.Mutex // guards what follows
	rule rule

	held sync.WaitGroup // requests that go on after their connection was cut
}

// rule chooses what becomes of a request, by its command.
type rule func(command string) deed

// deed is what is done to a request and its answer. The zero deed does nothing.
type deed struct {
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
	m := &faultProxy{uri: "mongodb://" + l.Addr().String() + "/?directConnection=true", server: address(t, uri)}
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { m.serve(ctx, client) })
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		wait.Wait()
		m.held.Wait()
	})
	return m
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
func (m *faultProxy) set(r rule) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rule = r
}

// once does d to the next request with this command.
func (m *faultProxy) once(command string, d deed) {
	m.set(func(c string) deed {
		if c != command {
			return deed{}
		}
		m.rule = nil // under m.mu, where rules are asked
		return d
	})
}

func (m *faultProxy) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", m.server)
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
		if ended, err := m.pass(ctx, request, client, server, close); err != nil {
			close()
			return
		} else if ended {
			return
		}
	}
}

// pass handles one request. When it says that the connection has ended, it closes the server's side itself.
func (m *faultProxy) pass(ctx context.Context, request []byte, client, server net.Conn, close func()) (ended bool, err error) {
	d := m.ask(request)
	switch {
	case d.drop:
		return false, io.EOF
	case d.answer != nil:
		_, err := client.Write(message(request, d.answer))
		return false, err
	case d.cut && d.late != nil:
		m.held.Go(func() {
			defer close()
			select {
			case <-d.late:
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
	if err != nil || d.cut {
		return false, errors.Join(err, io.EOF)
	}
	if d.rewrite != nil {
		var doc bson.D
		if err := bson.Unmarshal(reply[21:], &doc); err != nil {
			return false, err
		}
		d.rewrite(&doc)
		reply = message(request, doc)
	}
	_, err = client.Write(reply)
	return false, err
}

func (m *faultProxy) ask(request []byte) deed {
	const opMsg = 2013
	if binary.LittleEndian.Uint32(request[12:]) != opMsg {
		return deed{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rule == nil {
		return deed{}
	}
	return m.rule(commandOf(request[20:]))
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
