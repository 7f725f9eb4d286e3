package rooms

import (
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
)

// endIn ends a session that is in two rooms, and returns one who watches there.
func endIn(t *testing.T, grace time.Duration, claim accounts.Claim, goodbye bool) (w *world, ada, watch *guest) {
	w = open(t, func(c *Config) { c.Grace = grace })
	ada, err := w.identify(claim)
	if err != nil {
		t.Fatal(err)
	}
	watch = w.enter("watch")
	for _, room := range []string{"one", "two"} {
		watch.join(room)
		ada.join(room)
	}
	synctest.Wait()
	ada.End(goodbye, false)
	synctest.Wait()
	return w, ada, watch
}

func TestEndWithGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, ada, watch := endIn(t, time.Minute, accounts.Claim{Name: "ada"}, true)
		if n := watch.saw("leave ada"); n != 2 {
			t.Errorf("her leaving was told %d times in two rooms", n)
		}
		if ada.count() != 0 {
			t.Errorf("she is in %d rooms", ada.count())
		}
	})
}

func TestEndWithoutGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const grace = 30 * time.Second
		_, _, watch := endIn(t, grace, accounts.Claim{Name: "ada"}, false)
		time.Sleep(grace - time.Second)
		synctest.Wait()
		if n := watch.saw("leave ada"); n != 0 {
			t.Errorf("her leaving was told %d times within the grace period", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := watch.saw("leave ada"); n != 2 {
			t.Errorf("her leaving was told %d times in two rooms", n)
		}
	})
}

func TestBackWithinTheGracePeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const grace = 30 * time.Second
		w, ada, watch := endIn(t, grace, accounts.Claim{Name: "ada"}, false)
		time.Sleep(grace / 2)
		again, err := w.identify(accounts.Claim{Token: ada.token})
		if err != nil {
			t.Fatal(err)
		}
		if !again.Back() || again.User() != ada.User() {
			t.Errorf("came back as %+v", again.User())
		}
		again.join("one")
		again.join("two")
		time.Sleep(2 * grace)
		synctest.Wait()
		if n := watch.saw("leave ada") + watch.saw("back ada"); n != 0 {
			t.Errorf("%d announcements of one who was back in time", n)
		}
	})
}

// A guest of text mode has nothing to come back with, and leaves at once.
func TestGuestEndsWithoutGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, watch := endIn(t, time.Minute, accounts.Claim{Name: "ada", Guest: true}, false)
		if n := watch.saw("leave ada"); n != 2 {
			t.Errorf("the leaving was told %d times in two rooms", n)
		}
		w.enter("ada") // the name is free
	})
}

func TestNameAfterTheEnd(t *testing.T) {
	w := open(t, nil)
	w.enter("ada").End(true, false)
	if _, err := w.identify(accounts.Claim{Name: "ada"}); codeOf(err) != chat.CodeNameTaken {
		t.Errorf("the name of a user who may come back: %v", err)
	}
	w.enter("bob").End(true, true)
	w.enter("bob") // its client never got the token
}
