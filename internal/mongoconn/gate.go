package mongoconn

import (
	"sync"

	"salon/internal/chat"
)

// gate lets calls in until it is shut.
type gate struct {
	mu    sync.Mutex // guards shut, and that no call enters after it
	shut  bool
	calls sync.WaitGroup
}

// Enter lets a call of an engine in. The caller calls Leave when it is through. Errors: [chat.ErrClosed].
func (g *gate) Enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return chat.ErrClosed
	}
	g.calls.Add(1)
	return nil
}

// Leave ends a call that was let in.
func (g *gate) Leave() { g.calls.Done() }

// close keeps further calls out and waits for those inside.
func (g *gate) close() {
	g.mu.Lock()
	g.shut = true
	g.mu.Unlock()
	g.calls.Wait()
}
