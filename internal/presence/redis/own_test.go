package redis

import (
	"fmt"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

func TestRecord(t *testing.T) {
	s := presence.Session{
		ID: "s_1", User: chat.User{ID: "u_1", Name: "<Ada>", Color: "#000000"},
		At: time.Date(2026, 11, 22, 13, 0, 0, 0, time.FixedZone("", 3600)),
	}
	got, err := recordOf(s)
	if want := `2026-11-22T12:00:00Z {"id":"u_1","name":"<Ada>","color":"#000000"}`; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	room, session := splitField(fieldOf("a.b-c", "s_1"))
	if room != "a.b-c" || session != "s_1" {
		t.Errorf("%s %s", room, session)
	}
}

func TestOwnDigest(t *testing.T) {
	o := newOwn()
	e, again := o.join("lobby/s1", "u_1", "one")
	if again || o.digest != weight("lobby/s1", "one") {
		t.Error("the first join")
	}
	o.joined(e, "one", fmt.Errorf("lost"))
	if _, again = o.join("lobby/s1", "u_1", "two"); !again || o.digest != weight("lobby/s1", "two") {
		t.Error("the join after a lost one")
	}
	o.joined(e, "two", nil)
	if e, again = o.leave("lobby/s1"); again || o.digest != 0 {
		t.Error("the first leave")
	}
	o.left(e, fmt.Errorf("lost"))
	if e, again = o.leave("lobby/s1"); !again || o.digest != 0 {
		t.Error("the leave after a lost one")
	}
	// It comes again while the leave is on its way, and stays.
	o.join("lobby/s1", "u_1", "three")
	o.left(e, nil)
	if o.entries["lobby/s1"] == nil || o.digest != weight("lobby/s1", "three") {
		t.Error("a join during a leave")
	}
}

func TestDiffers(t *testing.T) {
	o := newOwn()
	e, _ := o.join("lobby/s1", "u_1", "one")
	before := o.mark()
	if o.differs(before, 0) {
		t.Error("a difference during a call is believed at once")
	}
	if !o.differs(before, 0) {
		t.Error("a difference in two beats is not believed")
	}
	o.joined(e, "one", nil)
	if !o.differs(o.mark(), 0) {
		t.Error("a difference in peace is not believed")
	}
	if o.differs(o.mark(), weight("lobby/s1", "one")) {
		t.Error("no difference")
	}
}

func TestCompareLeavesCallsAlone(t *testing.T) {
	o := newOwn()
	o.join("lobby/moving", "u_1", "one")
	e, _ := o.join("lobby/still", "u_2", "two")
	o.joined(e, "two", nil)
	puts, drops := o.compare(3, map[string]string{"lobby/extra": "x"})
	if len(puts) != 1 || puts[0] != (change{bucket: 3, field: "lobby/still", record: "two"}) {
		t.Errorf("puts %+v", puts)
	}
	if len(drops) != 1 || drops[0] != (change{bucket: 3, field: "lobby/extra"}) {
		t.Errorf("drops %+v", drops)
	}
}

func TestForget(t *testing.T) {
	o := newOwn()
	e, _ := o.join("lobby/s1", "u_1", "one")
	o.joined(e, "one", nil)
	o.forget(time.Now())
	if len(o.entries) != 1 {
		t.Error("one that stays was forgotten")
	}
	e, _ = o.leave("lobby/s1")
	o.forget(time.Now().Add(time.Hour))
	o.left(e, fmt.Errorf("lost"))
	o.forget(time.Now().Add(-time.Hour))
	if len(o.entries) != 1 {
		t.Error("forgotten too early")
	}
	o.forget(time.Now().Add(time.Hour))
	if len(o.entries) != 0 {
		t.Error("not forgotten")
	}
}

// The times of the contract keep its promise: a lease, the wait for the next beat, and the beat's own work.
func TestDeadWithinTenSeconds(t *testing.T) {
	if sum := presence.Lease + presence.BeatEvery + presence.Lease/3; sum > 10*time.Second {
		t.Errorf("a dead node's sessions may stay for %v", sum)
	}
}
