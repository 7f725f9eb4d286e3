package edge

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/protocol"
)

const pingEvery = 32 * time.Second // a slot is visited each second

// silence has a client of one kind for a while.
func silence(t *testing.T, deaf, answers bool, sends []byte, lasts time.Duration, then func(p *peer, served chan struct{})) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, closeAll := muteServer(pingEvery)
		var sender sync.WaitGroup
		defer sender.Wait()
		defer closeAll()
		conn, served := s.visit(t)
		p := newPeer(conn, deaf, answers)
		if sends != nil {
			sender.Go(func() { p.send(sends, pingEvery/4) })
		}
		time.Sleep(lasts)
		synctest.Wait()
		then(p, served)
	})
}

func ended(served chan struct{}) bool {
	select {
	case <-served:
		return true
	default:
		return false
	}
}

// A client that says nothing is pinged once in each interval, and stays as long as it answers.
func TestPings(t *testing.T) {
	const intervals = 10
	silence(t, false, true, nil, intervals*pingEvery, func(p *peer, served chan struct{}) {
		pings := p.times(opPing)
		if len(pings) != intervals-1 && len(pings) != intervals || ended(served) {
			t.Errorf("%d pings in %d intervals, ended %t", len(pings), intervals, ended(served))
		}
		for i := 1; i < len(pings); i++ {
			if d := pings[i].Sub(pings[i-1]); d != pingEvery {
				t.Errorf("a ping %v after the one before", d)
			}
		}
	})
}

// A client that says something more often than pings come needs none.
func TestNoPingsForTheTalkative(t *testing.T) {
	silence(t, false, true, textFrame, 10*pingEvery, func(p *peer, served chan struct{}) {
		if n := len(p.times(opPing)); n > 0 || ended(served) {
			t.Errorf("%d pings, ended %t", n, ended(served))
		}
	})
}

// A client that does not answer is closed after three silent intervals, and not before.
func TestSilentIsClosed(t *testing.T) {
	silence(t, false, false, nil, 3*pingEvery, func(p *peer, served chan struct{}) {
		if p.closed() != 0 {
			t.Errorf("closed with %d before three intervals are over", p.closed())
		}
		time.Sleep(pingEvery + 10*time.Second) // until its slot is visited, and it had the time to answer the close frame
		synctest.Wait()
		if p.closed() != protocol.CloseIdle || !ended(served) {
			t.Errorf("closed with %d, ended %t", p.closed(), ended(served))
		}
	})
}

// A client that has stopped reading but sends pongs is not silent.
func TestDeafButAlive(t *testing.T) {
	silence(t, true, false, pong, 10*pingEvery, func(_ *peer, served chan struct{}) {
		if ended(served) {
			t.Error("closed, though it sends pongs")
		}
	})
}

// A client that neither reads nor sends is closed too, though it cannot be told.
func TestDeadIsClosed(t *testing.T) {
	silence(t, true, false, nil, 4*pingEvery+10*time.Second, func(_ *peer, served chan struct{}) {
		if !ended(served) {
			t.Error("a dead connection is kept")
		}
	})
}

// Sessions are spread over the slots, so that not all are pinged at once; those that have ended are forgotten.
func TestPingsAreSpread(t *testing.T) {
	p := newPingTimer(pingEvery)
	const each = 3
	all := make([]*life, each*pingSlots)
	for i := range all {
		all[i] = &life{}
		p.add(all[i])
	}
	for i := range p.slots {
		if n := len(p.slots[i].sessions); n != each {
			t.Errorf("%d sessions in slot %d, want %d", n, i, each)
		}
	}
	for _, c := range all {
		p.remove(c)
	}
	for i := range p.slots {
		if n := len(p.slots[i].sessions); n != 0 {
			t.Errorf("%d sessions left in slot %d", n, i)
		}
	}
}
