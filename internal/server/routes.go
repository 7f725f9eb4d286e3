package server

import (
	"net/http"
	"strings"
)

func (s *Server) routes() http.Handler {
	pages := newPages(s.Web, s.Logger)
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", s.serveWS)
	mux.Handle("GET /healthz", s.Health)
	mux.Handle("GET /readyz", s.Ready)
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			s.serveWS(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
	return mux
}
