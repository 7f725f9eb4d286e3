package cluster

import (
	"context"

	"salon/internal/chat"
)

const (
	// maxAnswers bounds the answers to probes that wait for the broker. Older ones would come too late anyway.
	maxAnswers = 16
	// maxChanged bounds the users changed that wait to be told of. A node that misses one has the old name until the user's
	// next join or message.
	maxChanged = 256
)

// Left tells the other nodes that a user left a room because its node died. It does not wait, and has a queue of its own:
// many may leave with a node.
func (c *Cluster) Left(room chat.RoomID, u chat.User) {
	if c.Alone() {
		return
	}
	c.do(&c.departures, func() {
		if c.life.Err() == nil {
			c.publish(room, appendChange(appendHeader(nil, kindChange), &chat.Change{Kind: chat.ChangeLeave, User: u}))
		}
	})
}

// UserChanged tells the other nodes that a user has another name, for its sessions there, whatever room they are in. It does
// not wait.
func (c *Cluster) UserChanged(u chat.User) {
	if !c.Alone() {
		c.do(&c.changed, func() { c.publish(nodesRoom, appendUser(appendHeader(nil, kindUserChanged), &u)) })
	}
}

// Probe asks the other nodes for an answer, by the way that every message takes, and waits until one of them has answered. It
// returns false when none has before ctx ends, and so it does when there is no other node. A node that is alone gets true.
func (c *Cluster) Probe(ctx context.Context) bool {
	if c.Alone() {
		return true
	}
	name := c.node + " " + chat.NewCID()
	answered := c.probes.add(name)
	defer c.probes.remove(name)
	if err := c.broker.Publish(ctx, nodesRoom, appendProbe(appendHeader(nil, kindProbe), name)); err != nil {
		return false
	}
	select {
	case <-answered:
		return true
	case <-ctx.Done():
		return false
	}
}

// answer answers another node's probe.
func (c *Cluster) answer(name string) {
	c.do(&c.answers, func() { c.publish(nodesRoom, appendProbe(appendHeader(nil, kindProbeAnswer), name)) })
}
