package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// policy lets the page load what this server serves, and connect to it and to the servers that a person names.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (s *Server) routes() (http.Handler, error) {
	pages, err := newPages(s.Web)
	if err != nil {
		return nil, err
	}
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
	return mux, nil
}

// pages serves the files of the browser client from memory, each with an ETag, so that a new version shows at once and an
// old one is not sent again.
type pages map[string]page

type page struct {
	body []byte
	etag string
}

func newPages(files fs.FS) (pages, error) {
	p := pages{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		sum := sha256.Sum256(body)
		p["/"+name] = page{body, `"` + hex.EncodeToString(sum[:8]) + `"`}
		return err
	})
	p["/"] = p["/index.html"]
	return p, err
}

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	f, ok := p[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if !strings.HasSuffix(r.URL.Path, "salon.html") && !strings.HasSuffix(r.URL.Path, "echo.html") {
		h.Set("Content-Security-Policy", policy) // the one-file pages bring their own: their scripts are inside
	}
	name := r.URL.Path
	if name == "/" {
		name = "/index.html"
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(f.body))
}
