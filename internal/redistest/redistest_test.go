package redistest

import (
	"strings"
	"testing"
)

func TestServerComesBackEmpty(t *testing.T) {
	s := Start(t)
	s.Must("SET", "a", "1")
	if got := s.Must("GET", "a"); got != "1" {
		t.Errorf("got %q", got)
	}
	s.Kill()
	s.Kill()
	s.Restart()
	if n, err := s.Do("DBSIZE").AsInt64(); n != 0 || err != nil {
		t.Errorf("%d keys after a restart, %v", n, err)
	}
	s.Pause()
	if answers(s.Addr) {
		t.Error("a paused server answers")
	}
	s.Resume()
	s.FlushAll()
}

func TestClusterMovesASlot(t *testing.T) {
	c := StartCluster(t)
	slot := c.SlotOf("salon:{1}:rooms")
	from := c.OwnerOf(slot)
	to := (from + 1) % 3
	c.Nodes[from].Must("SET", "salon:{1}:rooms", "x")
	c.Move(slot, to)
	if got := c.Nodes[to].Must("GET", "salon:{1}:rooms"); got != "x" {
		t.Errorf("got %q", got)
	}
	if err := c.Nodes[from].Do("GET", "salon:{1}:rooms").Error(); err == nil || !strings.HasPrefix(err.Error(), "MOVED") {
		t.Errorf("the former owner answers %v", err)
	}
}

func TestClusterFailsOver(t *testing.T) {
	c := StartCluster(t)
	slot := c.SlotOf("salon:{1}:rooms")
	owner := c.OwnerOf(slot)
	c.Nodes[owner].Must("SET", "salon:{1}:rooms", "x")
	former := c.Nodes[owner].Addr
	c.Failover(owner)
	if c.Nodes[owner].Addr == former {
		t.Error("the same server")
	}
	if got := c.Nodes[owner].Must("GET", "salon:{1}:rooms"); got != "x" {
		t.Errorf("got %q", got)
	}
}
