package cluster

import "sync"

// probes are those that this node has sent and that nobody has answered yet.
type probes struct {
	mu   sync.Mutex // guards what follows
	sent map[string]chan struct{}
}

// add notes a probe and gives the channel that gets its first answer. Call remove when nobody waits for it any more.
func (p *probes) add(name string) <-chan struct{} {
	answered := make(chan struct{}, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sent == nil {
		p.sent = map[string]chan struct{}{}
	}
	p.sent[name] = answered
	return answered
}

func (p *probes) remove(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sent, name)
}

// answered takes an answer. Most answers are to other nodes' probes, or come after another node's.
func (p *probes) answered(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case p.sent[name] <- struct{}{}: // a channel that is nil, or full, takes nothing
	default:
	}
}
