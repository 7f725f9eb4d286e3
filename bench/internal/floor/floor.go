// Package floor is a server with no chat in it: what comes from one member of a room goes to all of them as it is, each member
// written to in its turn. It keeps nothing, numbers nothing and checks nothing, so that what it costs is what the system calls
// cost. Batched, it writes the messages that wait together.
//
// A Server owns its connections. Each has a goroutine that reads; each room has one that writes, so that no lock is held
// while writing. Locks: Server.mu and room.mu, never both.
package floor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"

	"github.com/gobwas/ws"
)

// Server is a floor server. Its zero value writes message by message.
type Server struct {
	Batch bool // several messages in one write, where several wait

	work sync.WaitGroup
	mu   sync.Mutex // guards what follows
	open map[net.Conn]struct{}
	room map[string]*room
}

type room struct {
	frames chan []byte

	mu      sync.Mutex // guards what follows
	members []net.Conn // never changed, only replaced
}

const (
	waiting   = 1024      // frames that may wait in a room; past it, senders wait
	batchSize = 64 << 10  // bytes written at once, about
	longest   = 512 << 10 // payload from a member
)

// Serve serves l until ctx ends, closes it and all connections, and waits for what it started. The error is of l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	s.open, s.room = map[net.Conn]struct{}{}, map[string]*room{}
	ctx, cancel := context.WithCancel(ctx)
	defer s.work.Wait()
	defer cancel()
	s.work.Go(func() {
		<-ctx.Done()
		l.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.open {
			c.Close()
		}
	})
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				c.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		s.mu.Lock()
		s.open[c] = struct{}{}
		s.mu.Unlock()
		s.work.Go(func() { s.talk(ctx, c) })
	}
}

// talk is one connection's life. Errors end it; the one who reads at the other end sees it close.
func (s *Server) talk(ctx context.Context, c net.Conn) {
	defer func() {
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
		c.Close()
	}()
	if _, err := ws.Upgrade(c); err != nil {
		return
	}
	r := bufio.NewReaderSize(c, 512)
	name, err := next(r)
	if err != nil {
		return
	}
	room := s.enter(ctx, string(name), c)
	defer room.leave(c)
	// Told once it is a member: nobody sends before all are.
	if _, err := c.Write(ws.MustCompileFrame(ws.NewTextFrame([]byte("joined")))); err != nil {
		return
	}
	for {
		payload, err := next(r)
		if err != nil {
			return
		}
		select {
		case room.frames <- ws.MustCompileFrame(ws.NewTextFrame(payload)):
		case <-ctx.Done():
			return
		}
	}
}

var errFrame = errors.New("not a whole text in one frame of a bearable length")

// next reads a text from a member.
func next(r *bufio.Reader) ([]byte, error) {
	h, err := ws.ReadHeader(r)
	if err != nil {
		return nil, err
	}
	if !h.Fin || h.OpCode != ws.OpText || !h.Masked || h.Length > longest {
		return nil, errFrame
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(r, payload); err != nil {
		return nil, err
	}
	ws.Cipher(payload, h.Mask, 0)
	return payload, nil
}

func (s *Server) enter(ctx context.Context, name string, c net.Conn) *room {
	s.mu.Lock()
	r := s.room[name]
	if r == nil {
		r = &room{frames: make(chan []byte, waiting)}
		s.room[name] = r
		s.work.Go(func() { r.write(ctx, s.Batch) })
	}
	s.mu.Unlock()
	r.mu.Lock()
	r.members = append(slices.Clip(r.members), c)
	r.mu.Unlock()
	return r
}

func (r *room) leave(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.members, c); i >= 0 {
		r.members = slices.Concat(r.members[:i], r.members[i+1:])
	}
}

// write writes to all members what comes to the room. A member that fails is left to its reader.
func (r *room) write(ctx context.Context, batch bool) {
	var joint []byte
	for {
		var frame []byte
		select {
		case frame = <-r.frames:
		case <-ctx.Done():
			return
		}
		if batch {
			joint = append(joint[:0], frame...)
			for len(r.frames) > 0 && len(joint) < batchSize {
				joint = append(joint, <-r.frames...)
			}
			frame = joint
		}
		r.mu.Lock()
		members := r.members
		r.mu.Unlock()
		for _, c := range members {
			c.Write(frame)
		}
	}
}
