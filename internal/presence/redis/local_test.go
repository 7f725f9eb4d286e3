package redis

import (
	"fmt"
	"slices"
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

func TestLocalDigest(t *testing.T) {
	local := newLocalBucket()
	m, retry := local.startJoin("lobby/s1", "u_1", "one")
	if retry || local.digest != weight("lobby/s1", "one") {
		t.Error("the first join")
	}
	local.endJoin(m, "one", fmt.Errorf("lost"))
	if _, retry = local.startJoin("lobby/s1", "u_1", "two"); !retry || local.digest != weight("lobby/s1", "two") {
		t.Error("the join after a lost one")
	}
	local.endJoin(m, "two", nil)
	if m, retry = local.startLeave("lobby/s1", time.Now()); retry || local.digest != 0 {
		t.Error("the first leave")
	}
	local.endLeave(m, fmt.Errorf("lost"))
	if m, retry = local.startLeave("lobby/s1", time.Now()); !retry || local.digest != 0 {
		t.Error("the leave after a lost one")
	}
	// The session joins again while the leave is pending, and stays.
	local.startJoin("lobby/s1", "u_1", "three")
	local.endLeave(m, nil)
	if local.memberships["lobby/s1"] == nil || local.digest != weight("lobby/s1", "three") {
		t.Error("a join during a leave")
	}
}

func TestDiffers(t *testing.T) {
	local := newLocalBucket()
	m, _ := local.startJoin("lobby/s1", "u_1", "one")
	before := local.state()
	if local.differs(before, 0) {
		t.Error("a difference during a call is believed at once")
	}
	if !local.differs(before, 0) {
		t.Error("a difference in two beats is not believed")
	}
	local.endJoin(m, "one", nil)
	if !local.differs(local.state(), 0) {
		t.Error("a difference without calls is not believed")
	}
	if local.differs(local.state(), weight("lobby/s1", "one")) {
		t.Error("no difference")
	}
}

func TestCompareLeavesOutPendingCalls(t *testing.T) {
	local := newLocalBucket()
	local.startJoin("lobby/moving", "u_1", "one")
	m, _ := local.startJoin("lobby/still", "u_2", "two")
	local.endJoin(m, "two", nil)
	got := local.compare(3, map[string]string{"lobby/extra": "x"})
	want := []change{{bucket: 3, field: "lobby/extra"}, {bucket: 3, field: "lobby/still", record: "two"}}
	if !slices.Equal(got, want) {
		t.Errorf("changes %+v, want %+v", got, want)
	}
}

func TestForgetLeft(t *testing.T) {
	local := newLocalBucket()
	m, _ := local.startJoin("lobby/s1", "u_1", "one")
	local.endJoin(m, "one", nil)
	local.forgetLeft(time.Now())
	if len(local.memberships) != 1 {
		t.Error("one that stays was forgotten")
	}
	m, _ = local.startLeave("lobby/s1", time.Now())
	local.forgetLeft(time.Now().Add(time.Hour))
	local.endLeave(m, fmt.Errorf("lost"))
	local.forgetLeft(time.Now().Add(-time.Hour))
	if len(local.memberships) != 1 {
		t.Error("forgotten too early")
	}
	local.forgetLeft(time.Now().Add(time.Hour))
	if len(local.memberships) != 0 {
		t.Error("not forgotten")
	}
}

// The times of the contract keep its promise: a lease, the wait for the next beat, and the beat's own work.
func TestDeadWithinTenSeconds(t *testing.T) {
	if sum := presence.Lease + presence.BeatEvery + presence.Lease/3; sum > 10*time.Second {
		t.Errorf("a dead node's sessions may stay for %v", sum)
	}
}
