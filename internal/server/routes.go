package server

import (
	"net/http"
	"strings"
)

func (s *Server) routes() http.Handler {
	pages := newPages(s.Web, s.Logger)
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", s.serveWS)
	for _, method := range []string{http.MethodGet, http.MethodOptions} { // HAProxy checks with OPTIONS unless told otherwise
		mux.Handle(method+" /healthz", s.Health)
		mux.Handle(method+" /readyz", s.Ready)
	}
	mux.HandleFunc("OPTIONS /{$}", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Allow", "GET, HEAD, OPTIONS") })
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		// A proxy that does not pass Upgrade on leaves the key, by which the request is known even so.
		if r.URL.Path == "/" && (strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || r.Header.Get("Sec-Websocket-Key") != "") {
			s.serveWS(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
	return mux
}
