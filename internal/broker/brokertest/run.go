package brokertest

import "testing"

// Run runs the suite. World makes a new world for each test.
func Run(t *testing.T, world func(t *testing.T) World) {
	tests := []struct {
		name string
		run  func(t *testing.T, w World)
	}{
		{"ReachesTheOthersOnly", reachesTheOthersOnly},
		{"OnlySubscribedRooms", onlySubscribedRooms},
		{"SubscribeAgain", subscribeAgain},
		{"AnyBytes", anyBytes},
		{"LargestMessage", largestMessage},
		{"CallerKeepsItsBuffer", callerKeepsItsBuffer},
		{"OneNodeKeepsItsOrder", oneNodeKeepsItsOrder},
		{"OneRoomNeverTwiceAtOnce", oneRoomNeverTwiceAtOnce},
		{"ManyRooms", manyRooms},
		{"ComeAndGo", comeAndGo},
		{"CancelledCalls", cancelledCalls},
		{"AfterClose", afterClose},
		{"AwayAndBack", awayAndBack},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, world(t)) })
	}
}
