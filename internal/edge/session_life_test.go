package edge

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// session serves a pipe, and returns the server's session once it has begun.
func session(t *testing.T, s *Server) (*life, *peer, chan struct{}) {
	t.Helper()
	before := s.all()
	conn, served := s.visit(t)
	synctest.Wait()
	for _, c := range s.all() {
		if !slices.Contains(before, c) {
			return c, newPeer(conn, false, true), served
		}
	}
	t.Fatal("no session was made")
	return nil, nil, nil
}

// Only a client's own faults count against it, and the last of too many ends the connection.
func TestRefusedHellosAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, closeAll := muteServer(time.Minute)
		defer closeAll()
		c, p, served := session(t, s)
		own, temporary := chat.Errorf(chat.CodeInvalidName, "bad"), chat.Errorf(chat.CodeUnavailable, "try again")
		for i := range maxHellos - 1 {
			for range maxHellos {
				if err := c.CountRefused(temporary); err != nil {
					t.Fatalf("a temporary error ends the connection: %v", err)
				}
			}
			if err := c.CountRefused(own); err != nil {
				t.Fatalf("refused hello %d: %v", i+1, err)
			}
		}
		if err := c.CountRefused(temporary); err != nil {
			t.Fatalf("a temporary error ends the connection: %v", err)
		}
		if err := c.CountRefused(own); err != ErrEnded {
			t.Fatalf("refused hello %d: %v", maxHellos, err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !slices.Equal(c.dialect.(*mute).told, []int{protocol.CloseBadHello}) || p.closed() != protocol.CloseBadHello || !ended(served) {
			t.Errorf("told %v, closed with %d, ended %t", c.dialect.(*mute).told, p.closed(), ended(served))
		}
	})
}

// A connection without a hello is closed when its time is over, and not before.
func TestNoHello(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, closeAll := muteServer(time.Minute)
		defer closeAll()
		s.Config.Hello = 10 * time.Second
		_, p, served := session(t, s)
		time.Sleep(10*time.Second - time.Nanosecond)
		synctest.Wait()
		if p.closed() != 0 {
			t.Errorf("closed with %d too early", p.closed())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if p.closed() != protocol.CloseHelloTimeout || !ended(served) {
			t.Errorf("closed with %d, ended %t", p.closed(), ended(served))
		}
	})
}

// A burst of requests is handled at once, then so many a second.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, closeAll := muteServer(time.Hour)
		defer closeAll()
		c, _, _ := session(t, s)
		began := time.Now()
		for range requestBurst {
			c.Slow()
		}
		if waited := time.Since(began); waited > 0 {
			t.Errorf("the burst took %v", waited)
		}
		for range 10 * requestRate {
			c.Slow()
		}
		if waited := time.Since(began); waited < 9*time.Second || waited > 11*time.Second {
			t.Errorf("what is said in 10 s took %v", waited)
		}
	})
}

// A pause ends with the connection, and with the server.
func TestPauseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, closeAll := muteServer(time.Hour)
		defer closeAll()
		one, _, _ := session(t, s)
		two, _, _ := session(t, s)
		began := time.Now()
		one.Pause(time.Second)
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("paused for %v", waited)
		}
		time.AfterFunc(time.Second, one.conn.Kill)
		one.Pause(time.Hour)
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("paused for %v, though the connection had ended", waited)
		}
		time.AfterFunc(time.Second, s.end)
		two.Pause(time.Hour)
		if waited := time.Since(began); waited != 3*time.Second {
			t.Errorf("paused for %v, though the server had ended", waited)
		}
	})
}

// Bye closes every session, turns away who comes then, and does not wait longer than it may for one who does not answer.
func TestBye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, closeAll := muteServer(time.Hour)
		defer closeAll()
		_, p, served := session(t, s)
		conn, deafServed := s.visit(t)
		newPeer(conn, true, false)
		synctest.Wait()
		if s.Open() != 2 {
			t.Fatalf("%d sessions are open", s.Open())
		}
		const patience = 2 * time.Second // shorter than the time to answer a close frame
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		began := time.Now()
		s.Bye(ctx)
		if waited := time.Since(began); waited != patience {
			t.Errorf("waited %v", waited)
		}
		synctest.Wait()
		if p.closed() != protocol.CloseRestart || !ended(served) || !ended(deafServed) || s.Open() != 0 {
			t.Errorf("closed with %d; ended %t, %t; %d are open", p.closed(), ended(served), ended(deafServed), s.Open())
		}
		late, lateServed := s.visit(t)
		p = newPeer(late, false, false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if p.closed() != protocol.CloseRestart || !ended(lateServed) || s.Open() != 0 {
			t.Errorf("who came late was closed with %d, ended %t", p.closed(), ended(lateServed))
		}
	})
}
