package hub

import (
	"bytes"
	"context"
	"sync"
	"time"

	"salon/internal/chat"
)

// canaryRoom is where nodes ask whether others hear them. No user's room starts with a dot.
const canaryRoom chat.RoomID = ".canary"

// canaries are those sent and not answered yet.
type canaries struct {
	answers lane

	mu   sync.Mutex // guards what follows
	sent map[string]chan struct{}
}

func (h *Hub) listenForCanaries(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_ = h.broker.Subscribe(ctx, canaryRoom) // while the broker is away the wish is kept
}

// Canary sends a message to the other nodes and waits until one of them has answered: what a message would go through. It says
// false when none has before ctx ends; so it does when there is none. On a node that is alone it says true.
func (h *Hub) Canary(ctx context.Context) bool {
	if !h.shared() {
		return true
	}
	name := h.node + " " + chat.NewCID()
	heard := make(chan struct{}, 1)
	c := &h.canaries
	c.mu.Lock()
	if c.sent == nil {
		c.sent = map[string]chan struct{}{}
	}
	c.sent[name] = heard
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.sent, name)
		c.mu.Unlock()
	}()
	if err := h.broker.Publish(ctx, canaryRoom, append([]byte{wireCanary}, name...)); err != nil {
		return false
	}
	select {
	case <-heard:
		return true
	case <-ctx.Done():
		return false
	}
}

// receiveCanary answers another node's canary, or takes the answer to one of this node's.
func (h *Hub) receiveCanary(msg []byte) {
	if len(msg) == 0 {
		return
	}
	c := &h.canaries
	switch name := bytes.Clone(msg[1:]); msg[0] {
	case wireCanary:
		c.answers.do(func() { h.publish(canaryRoom, append([]byte{wireSong}, name...)) })
	case wireSong:
		c.mu.Lock()
		defer c.mu.Unlock()
		if heard := c.sent[string(name)]; heard != nil {
			select {
			case heard <- struct{}{}:
			default: // another node was faster
			}
		}
	}
}
