package node

import (
	"context"
	"io"
	"net/http"
	"time"

	"salon/internal/chat"
)

// ready answers whether a message would go through now: the history answers within a second.
func (n *Node) ready() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		if _, err := n.parts.history.Heads(ctx, []chat.RoomID{chat.DefaultRoom}); err != nil {
			http.Error(w, "not ready: history", http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "ready\n")
	})
}
