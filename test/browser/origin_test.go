package browser

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

// TestPageOfAnotherHostSaysSo: behind a proxy that does not pass Host on, the page is another host's to the server. The page
// must say that it may not connect, and not that the server does not answer.
func TestPageOfAnotherHostSaysSo(t *testing.T) {
	p := startProgram(t)
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: p.url.Host}) // this also sets Host to the server's
	}})
	t.Cleanup(proxy.Close)
	ada := openPage(t, "ada", proxy.URL+"/")
	ada.fill(".door input[name=name]", "Ada")
	ada.press(enterKey, 0)
	ada.wait("what is wrong", "document.querySelector('#door-problem').textContent.includes('--origin')")
}
