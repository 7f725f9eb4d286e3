package docs

import (
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"salon/test/harness"
)

// TestFriendsGetIn runs the command by which the README lets others in. Each address that it prints answers, and the README
// says beforehand that the first start takes long.
func TestFriendsGetIn(t *testing.T) {
	readme := pages(t)[filepath.Join(root, "README.md")]
	m := regexp.MustCompile(`\$ go run ./cmd/salon (-a \S+)\nSalon is open: \S+\nFor others on the network: \S+\n`).FindStringSubmatch(readme)
	if m == nil || !strings.Contains(readme, "The first start takes a few minutes") {
		t.Fatal("the README does not say how friends get in, or how long the first start takes")
	}
	sh := newShell(t)
	pid := sh.start("./salon -p 0 " + m[1])
	harness.Eventually(t, "the server opens", func() bool { return opened.MatchString(sh.output(pid)) })
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	reachable := slices.ContainsFunc(own, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast()
	})
	links := regexp.MustCompile(`For others on the network: (\S+)\n`)
	if reachable {
		harness.Eventually(t, "a link for others is printed", func() bool { return links.MatchString(sh.output(pid)) })
	}
	for _, link := range links.FindAllStringSubmatch(sh.output(pid), -1) {
		answer, err := http.Get(link[1] + "?room=garden")
		if err != nil {
			t.Errorf("%s: %v", link[1], err)
			continue
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || strings.Contains(link[1], "127.0.0.1") {
			t.Errorf("%s: %s", link[1], answer.Status)
		}
	}
}
