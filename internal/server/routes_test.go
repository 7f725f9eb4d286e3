package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestHealthByAnyMethod asks as load balancers do: HAProxy's "option httpchk" sends OPTIONS, to / where no path is set.
func TestHealthByAnyMethod(t *testing.T) {
	status := http.StatusOK
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, "said")
	})
	s := &Server{Config: Config{Health: answer, Ready: answer, Web: map[string]func() ([]byte, error){"index.html": func() ([]byte, error) { return nil, nil }}}}
	ask := func(method, path string) int {
		w := httptest.NewRecorder()
		s.routes().ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w.Code
	}
	for _, path := range []string{"/healthz", "/readyz", "/"} {
		for _, method := range []string{http.MethodOptions, http.MethodHead, http.MethodGet} {
			if got := ask(method, path); got != http.StatusOK {
				t.Errorf("%s %s: %d", method, path, got)
			}
		}
		if got := ask(http.MethodPost, path); got != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, got)
		}
	}
	status = http.StatusServiceUnavailable
	if got := ask(http.MethodOptions, "/readyz"); got != status {
		t.Errorf("a node that is not ready: %d", got)
	}
}
