package redistest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slots is how many hash slots a cluster has.
const slots = 16384

// Cluster is a Redis Cluster of three primaries without replicas.
type Cluster struct {
	Nodes [3]*Server
	ids   [3]string
	bus   [3]string // ports that the nodes speak to each other on
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
	c.await("the cluster serves", func() bool {
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

// start starts a server that is ready to be in the cluster.
func (c *Cluster) start() (node *Server, bus string) {
	c.tb.Helper()
	bus = strconv.Itoa(FreePort(c.tb))
	return Start(c.tb, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000"), bus
}

// meet makes a server known to the cluster.
func (c *Cluster) meet(node *Server) {
	c.tb.Helper()
	host, port, _ := net.SplitHostPort(c.Nodes[0].Addr)
	node.Must("CLUSTER", "MEET", host, port, c.bus[0])
}

// Failover kills a primary after giving it a replica, and makes the replica take over. What the primary had in its last
// moments may be lost. Nodes holds the replica then.
func (c *Cluster) Failover(primary int) {
	c.tb.Helper()
	replica, bus := c.start()
	c.meet(replica)
	c.await("the replica knows its primary", func() bool {
		return replica.Do("CLUSTER", "REPLICATE", c.ids[primary]).Error() == nil
	})
	c.await("the replica has the data", func() bool {
		return strings.Contains(replica.Must("INFO", "replication"), "master_link_status:up")
	})
	id := replica.Must("CLUSTER", "MYID")
	c.await("everyone knows the replica", func() bool {
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
	c.await("the others follow", func() bool {
		for _, node := range c.Nodes {
			if !strings.Contains(node.Must("CLUSTER", "INFO"), "cluster_state:ok") || c.roleOf(node, id) != "master" {
				return false
			}
		}
		return true
	})
}

// roleOf tells what a node takes the one with that id for: "master", "slave", or "" when it does not know.
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

func (c *Cluster) await(what string, ok func() bool) {
	c.tb.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			c.tb.Fatalf("waited in vain: %s", what)
		}
	}
}

// SlotOf gives the hash slot of a key or channel.
func (c *Cluster) SlotOf(key string) int {
	c.tb.Helper()
	slot, err := c.Nodes[0].Do("CLUSTER", "KEYSLOT", key).AsInt64()
	if err != nil {
		c.tb.Fatal(err)
	}
	return int(slot)
}

// OwnerOf gives the index of the node that has a slot.
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
	c.tb.Fatalf("nobody has slot %d", slot)
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
		c.Nodes[from].Must(append([]string{"MIGRATE", host, port, "", "0", "5000", "KEYS"}, keys...)...)
	}
	for _, i := range []int{to, from, 3 - to - from} {
		c.Nodes[i].Must("CLUSTER", "SETSLOT", number, "NODE", c.ids[to])
	}
	c.await(fmt.Sprintf("slot %d has moved", slot), func() bool { return c.OwnerOf(slot) == to })
}

// FlushAll empties every node.
func (c *Cluster) FlushAll() {
	c.tb.Helper()
	for _, node := range c.Nodes {
		node.FlushAll()
	}
}

// Each calls do for every node's process.
func (c *Cluster) Each(do func(*Server)) {
	for _, node := range c.Nodes {
		do(node)
	}
}

// URL is where the cluster is, as configuration names it.
func (c *Cluster) URL() string {
	return "redis://" + c.Nodes[0].Addr + "," + c.Nodes[1].Addr + "," + c.Nodes[2].Addr
}
