package presencetest

import "testing"

// Run runs the suite. World makes a new store for each test.
func Run(t *testing.T, world func(t *testing.T) World) {
	tests := []struct {
		name string
		run  func(t *testing.T, w World)
	}{
		{"JoinAndLeave", joinAndLeave},
		{"UserWithSeveralSessions", userWithSeveralSessions},
		{"SessionInSeveralRooms", sessionInSeveralRooms},
		{"RepeatedCalls", repeatedCalls},
		{"Rename", rename},
		{"SessionChangesItsUser", sessionChangesItsUser},
		{"Pages", pages},
		{"PagesWhileOthersMove", pagesWhileOthersMove},
		{"CountsAndRooms", countsAndRooms},
		{"HostileNames", hostileNames},
		{"Concurrent", concurrent},
		{"FirstAndLastToOneCaller", firstAndLastToOneCaller},
		{"DeadNode", deadNode},
		{"DeadNodeSharedUser", deadNodeSharedUser},
		{"LeaseEndedWhileAlive", leaseEndedWhileAlive},
		{"Emptied", emptied},
		{"AwayAndBack", awayAndBack},
		{"CloseTakesSessionsOut", closeTakesSessionsOut},
		{"AfterClose", afterClose},
		{"CancelledCalls", cancelledCalls},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, world(t)) })
	}
}
