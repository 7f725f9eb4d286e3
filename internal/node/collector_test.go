package node

import (
	"testing"
	"time"
)

func TestPercentFor(t *testing.T) {
	for _, test := range []struct {
		bytes uint64
		want  int
	}{{0, 25}, {5_000_000, 25}, {20_000_000, 100}, {60_000_000, 300}, {1 << 40, 400}} {
		if got := percentFor(test.bytes, 2*time.Second); got != test.want {
			t.Errorf("%d bytes in 2 s: %d %%, want %d", test.bytes, got, test.want)
		}
	}
}
