package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// canaryRoom is where nodes ask whether others hear them, and say what all of them must know. No user's room starts with a dot.
const canaryRoom chat.RoomID = ".canary"

// canaries are those sent and not answered yet.
type canaries struct {
	answers lane

	mu   sync.Mutex // guards what follows
	sent map[string]chan struct{}
}

func (h *Hub) listenToAll(ctx context.Context) {
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

// Renamed tells the other nodes that a user has taken another name here, for its sessions there, whatever room they are in.
func (h *Hub) Renamed(user chat.User) {
	if h.shared() {
		h.renames.do(func() { h.publish(canaryRoom, append([]byte{wireRename}, protocol.Marshal(user)...)) })
	}
}

// receiveForAll answers another node's canary, takes the answer to one of this node's, or passes on what all must know.
func (h *Hub) receiveForAll(msg []byte) {
	if len(msg) == 0 {
		return
	}
	c := &h.canaries
	switch body := bytes.Clone(msg[1:]); msg[0] {
	case wireCanary:
		c.answers.do(func() { h.publish(canaryRoom, append([]byte{wireSong}, body...)) })
	case wireRename:
		var user chat.User
		if err := json.Unmarshal(body, &user); err == nil && h.onRename != nil {
			h.renames.do(func() { h.onRename(user) })
		}
	case wireSong:
		c.mu.Lock()
		defer c.mu.Unlock()
		if heard := c.sent[string(body)]; heard != nil {
			select {
			case heard <- struct{}{}:
			default: // another node was faster
			}
		}
	}
}
