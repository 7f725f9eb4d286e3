package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// policy is the Content-Security-Policy of a page in several files. The page may load what this server serves, and may
// connect to this server and to the servers that the user names.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pages serves the browser client by URL path. A page is read when it is first asked for, and kept. Its ETag comes from its
// content: a browser shows a new version at once and does not load an old one again.
type pages struct {
	log    *slog.Logger
	byPath map[string]func() (page, error)
}

type page struct {
	body []byte
	etag string
}

func newPages(files map[string]func() ([]byte, error), log *slog.Logger) *pages {
	p := &pages{log: log, byPath: map[string]func() (page, error){}}
	for name, read := range files {
		p.byPath["/"+name] = sync.OnceValues(func() (page, error) {
			body, err := read()
			sum := sha256.Sum256(body)
			return page{body, `"` + hex.EncodeToString(sum[:8]) + `"`}, err
		})
	}
	p.byPath["/"] = p.byPath["/index.html"]
	return p
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	read, ok := p.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	f, err := read()
	if err != nil {
		p.log.Error("page", "path", r.URL.Path, "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if r.URL.Path != "/salon.html" && r.URL.Path != "/echo.html" { // these have inline scripts, and a policy of their own
		h.Set("Content-Security-Policy", policy)
	}
	name := r.URL.Path
	if name == "/" {
		name = "/index.html"
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(f.body))
}
