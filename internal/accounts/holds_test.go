package accounts

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
)

// TestNamesAreRenewed has names held while their users are here, over an outage of the store too, and not much longer than
// they should when the node dies. The test looks, and has the store go and come back, half a second away from every renewal:
// which of two things at one moment comes first would be up to the scheduler.
func TestNamesAreRenewed(t *testing.T) {
	for _, test := range []struct {
		hold   time.Duration
		guest  bool
		outage time.Duration // that no name is lost in
		dead   time.Duration // after which it is free when the node died
	}{
		{hold: time.Hour, outage: time.Hour, dead: time.Hour + 10*time.Minute},
		{hold: 0, outage: 50 * time.Second, dead: 2 * time.Minute},
		{hold: time.Hour, guest: true, outage: 59 * time.Second, dead: guestHold},
	} {
		t.Run(fmt.Sprintf("%v/%v", test.hold, test.guest), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newMemory()
				n := newNode(t, s, test.hold)
				n.enter(Claim{Name: "ada", Guest: test.guest})
				ctx, cancel := context.WithCancel(t.Context())
				var work sync.WaitGroup
				work.Go(func() { n.Run(ctx) })
				time.Sleep(time.Second / 2)
				watch := func(span time.Duration) {
					t.Helper()
					for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(time.Second) {
						if s.left("ada") <= 0 {
							t.Fatal("the hold has ended")
						}
					}
				}
				// The worst moment for the store to go is just before a renewal.
				watch(3*time.Hour - time.Second)
				s.away(true)
				watch(test.outage)
				s.away(false)
				watch(time.Second) // it is tried again at once, not when the next renewal is due
				if l := s.left("ada"); l < test.outage || l < test.hold && !test.guest {
					t.Errorf("soon after the outage the hold lasts %v", l)
				}
				cancel()
				work.Wait()
				if l := s.left("ada"); l > test.dead {
					t.Errorf("when the node dies the name is held %v", l)
				}
			})
		})
	}
}

// TestStoreThatDoesNotAnswer has a renewal hang: it is given up, and tried again.
func TestStoreThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, hanging{newMemory()}, time.Hour)
		n.enter(Claim{Name: "ada", Guest: true})
		began := time.Now()
		if n.renewHolds(t.Context(), true) {
			t.Error("it went well")
		}
		if took := time.Since(began); took != renewTimeout {
			t.Errorf("it took %v", took)
		}
	})
}

type hanging struct{ Store }

func (hanging) RenewNames(ctx context.Context, _ []Hold, _ time.Time) error {
	<-ctx.Done()
	return ErrUnavailable
}

// TestNameOfOneWhoIsHere has the hold of one who is connected end while the store is away.
func TestNameOfOneWhoIsHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, newMemory(), time.Hour)
		ada, _ := n.enter(Claim{Name: "ada", Guest: true})
		time.Sleep(24 * time.Hour) // nothing renews
		if got := n.refused(Claim{Name: "Ada", Guest: true}); got != chat.CodeNameTaken {
			t.Errorf("another takes the name of one who is here: %q", got)
		}
		n.rename(ada, "countess")
		time.Sleep(24 * time.Hour)
		if got := n.refused(Claim{Name: "Ada", Guest: true}); got != "" {
			t.Errorf("the name that ada had before: %q", got)
		}
		if got := n.refused(Claim{Name: "countess", Guest: true}); got != chat.CodeNameTaken {
			t.Errorf("another takes the new name: %q", got)
		}
		ada.Release(false)
		if got := n.refused(Claim{Name: "countess", Guest: true}); got != "" {
			t.Errorf("the name of one who went: %q", got)
		}
	})
}

// TestManyHolds has more holds than one call renews.
func TestManyHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		n := newNode(t, s, time.Hour)
		const many = 2*renewBatch + 1
		for i := range many {
			n.enter(Claim{Name: fmt.Sprint("ada", i), Guest: true})
		}
		time.Sleep(guestRenew)
		if !n.renewHolds(t.Context(), true) || s.did("RenewNames") != 3 {
			t.Errorf("renewed in %d calls", s.did("RenewNames"))
		}
		for i := range many {
			if l := s.left(fmt.Sprint("ada", i)); l != guestHold {
				t.Fatalf("name %d is held for %v", i, l)
			}
		}
	})
}
