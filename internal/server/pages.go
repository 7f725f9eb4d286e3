package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

// policy is the Content-Security-Policy of a page in several files. The page may load what this server serves, and may
// connect to this server and to the servers that the user names.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pages serves the browser client from memory, by URL path. The ETag of a page comes from its content: a browser shows a
// new version at once and does not load an old one again.
type pages map[string]page

type page struct {
	body []byte
	etag string
}

func newPages(files map[string][]byte) pages {
	p := pages{}
	for name, body := range files {
		sum := sha256.Sum256(body)
		p["/"+name] = page{body, `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	p["/"] = p["/index.html"]
	return p
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
	if r.URL.Path != "/salon.html" && r.URL.Path != "/echo.html" { // these have inline scripts, and a policy of their own
		h.Set("Content-Security-Policy", policy)
	}
	name := r.URL.Path
	if name == "/" {
		name = "/index.html"
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(f.body))
}
