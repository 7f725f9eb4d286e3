package mongo

import (
	"context"
	"sync"
)

// turns lets one caller at a time through for each key.
type turns struct {
	mu sync.Mutex // guards what follows
	of map[string]*turn
}

type turn struct {
	free  chan struct{} // holds one token while nobody has the turn
	users int           // who has it or waits for it; guarded by turns.mu
}

// take waits for key's turn until ctx ends. The caller calls release, once, when it is through.
func (t *turns) take(ctx context.Context, key string) (release func(), err error) {
	t.mu.Lock()
	if t.of == nil {
		t.of = map[string]*turn{}
	}
	mine := t.of[key]
	if mine == nil {
		mine = &turn{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		t.of[key] = mine
	}
	mine.users++
	t.mu.Unlock()

	if err := ctx.Err(); err != nil {
		t.leave(key, mine)
		return nil, err
	}
	select {
	case <-mine.free:
		return func() { mine.free <- struct{}{}; t.leave(key, mine) }, nil
	case <-ctx.Done():
		t.leave(key, mine)
		return nil, ctx.Err()
	}
}

func (t *turns) leave(key string, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.users--; mine.users == 0 {
		delete(t.of, key)
	}
}
