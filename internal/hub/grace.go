package hub

import "time"

// afterGrace calls f when the grace is over, or when the hub closes.
func (h *Hub) afterGrace(f func()) {
	h.work.Go(func() {
		t := time.NewTimer(h.grace)
		defer t.Stop()
		select {
		case <-t.C:
		case <-h.life.Done():
		}
		f()
	})
}
