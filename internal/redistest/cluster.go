package redistest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
)

// slots is how many hash slots a cluster has.
const slots = 16384

// Cluster is a Redis Cluster of three primaries without replicas.
type Cluster struct {
	Nodes [3]*Server
	ids   [3]string
	bus   [3]string // the ports on which the nodes talk to each other
	tb    testing.TB
}

// StartCluster starts a cluster and waits until it serves; it is stopped at the test's end.
func StartCluster(tb testing.TB) *Cluster {
	tb.Helper()
	c := &Cluster{tb: tb}
	for i := range c.Nodes {
		c.Nodes[i], c.bus[i] = c.start()
	}
	for i, node := range c.Nodes {
		c.ids[i] = node.Must("CLUSTER", "MYID")
		node.Must("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		node.Must("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(slots*i/3), strconv.Itoa(slots*(i+1)/3-1))
		if i > 0 {
			c.meet(node)
		}
	}
	Await(c.tb, "the cluster serves", func() bool {
		for _, node := range c.Nodes {
			info := node.Must("CLUSTER", "INFO")
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:3") {
				return false
			}
		}
		return true
	})
	return c
}

// start starts a server in cluster mode. It knows no other node yet.
func (c *Cluster) start() (node *Server, bus string) {
	c.tb.Helper()
	bus = strconv.Itoa(freePort(c.tb))
	// The timeout is long, so that a slow machine's nodes do not consider each other dead.
	return Start(c.tb, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "60000"), bus
}

// meet makes a server known to the cluster.
func (c *Cluster) meet(node *Server) {
	c.tb.Helper()
	host, port, _ := net.SplitHostPort(c.Nodes[0].Addr)
	node.Must("CLUSTER", "MEET", host, port, c.bus[0])
}

// Failover gives a primary a replica, kills the primary, and makes the replica take over. The primary's last writes may be lost.
// Afterwards Nodes holds the replica in the primary's place.
func (c *Cluster) Failover(primary int) {
	c.tb.Helper()
	replica, bus := c.start()
	c.meet(replica)
	Await(c.tb, "the replica knows its primary", func() bool {
		return replica.Do("CLUSTER", "REPLICATE", c.ids[primary]).Error() == nil
	})
	Await(c.tb, "the replica has the data", func() bool {
		return strings.Contains(replica.Must("INFO", "replication"), "master_link_status:up")
	})
	id := replica.Must("CLUSTER", "MYID")
	Await(c.tb, "everyone knows the replica", func() bool {
		for _, node := range append(c.Nodes[:], replica) {
			if !strings.Contains(node.Must("CLUSTER", "INFO"), "cluster_known_nodes:4") || c.roleOf(node, id) != "slave" {
				return false
			}
		}
		return true
	})
	c.Nodes[primary].Kill()
	c.Nodes[primary], c.bus[primary], c.ids[primary] = replica, bus, id
	replica.Must("CLUSTER", "FAILOVER", "TAKEOVER")
	Await(c.tb, "the others follow", func() bool {
		for _, node := range c.Nodes {
			if !strings.Contains(node.Must("CLUSTER", "INFO"), "cluster_state:ok") || c.roleOf(node, id) != "master" {
				return false
			}
		}
		return true
	})
}

// roleOf returns the role that a node ascribes to the node with that id: "master", "slave", or "" when it does not know it.
func (c *Cluster) roleOf(node *Server, id string) string {
	c.tb.Helper()
	for line := range strings.Lines(node.Must("CLUSTER", "NODES")) {
		if fields := strings.Fields(line); fields[0] == id {
			for flag := range strings.SplitSeq(fields[2], ",") {
				if flag == "master" || flag == "slave" {
					return flag
				}
			}
		}
	}
	return ""
}

// SlotOf returns the hash slot of a key or channel.
func (c *Cluster) SlotOf(key string) int {
	c.tb.Helper()
	slot, err := c.Nodes[0].Do("CLUSTER", "KEYSLOT", key).AsInt64()
	if err != nil {
		c.tb.Fatal(err)
	}
	return int(slot)
}

// OwnerOf returns the index of the node that has a slot.
func (c *Cluster) OwnerOf(slot int) int {
	c.tb.Helper()
	ranges, err := c.Nodes[0].Do("CLUSTER", "SLOTS").ToArray()
	if err != nil {
		c.tb.Fatal(err)
	}
	for _, r := range ranges {
		fields, _ := r.ToArray()
		from, _ := fields[0].AsInt64()
		to, _ := fields[1].AsInt64()
		if int64(slot) < from || int64(slot) > to {
			continue
		}
		owner, _ := fields[2].ToArray()
		id, _ := owner[2].ToString()
		for i := range c.ids {
			if c.ids[i] == id {
				return i
			}
		}
	}
	c.tb.Fatalf("no node has slot %d", slot)
	return 0
}

// Move moves a slot and its keys to another node, as resharding does.
func (c *Cluster) Move(slot, to int) {
	c.tb.Helper()
	from, number := c.OwnerOf(slot), strconv.Itoa(slot)
	if from == to {
		return
	}
	c.Nodes[to].Must("CLUSTER", "SETSLOT", number, "IMPORTING", c.ids[from])
	c.Nodes[from].Must("CLUSTER", "SETSLOT", number, "MIGRATING", c.ids[to])
	host, port, _ := net.SplitHostPort(c.Nodes[to].Addr)
	for {
		keys, err := c.Nodes[from].Do("CLUSTER", "GETKEYSINSLOT", number, "100").AsStrSlice()
		if err != nil {
			c.tb.Fatal(err)
		}
		if len(keys) == 0 {
			break
		}
		c.Nodes[from].Must(append([]string{"MIGRATE", host, port, "", "0", "60000", "KEYS"}, keys...)...)
	}
	for _, i := range []int{to, from, 3 - to - from} {
		c.Nodes[i].Must("CLUSTER", "SETSLOT", number, "NODE", c.ids[to])
	}
	Await(c.tb, fmt.Sprintf("slot %d has moved", slot), func() bool { return c.OwnerOf(slot) == to })
}

// FlushAll empties every node.
func (c *Cluster) FlushAll() {
	c.tb.Helper()
	for _, node := range c.Nodes {
		node.FlushAll()
	}
}

// URL returns the cluster's address as the configuration has it.
func (c *Cluster) URL() string {
	return "redis://" + c.Nodes[0].Addr + "," + c.Nodes[1].Addr + "," + c.Nodes[2].Addr
}
