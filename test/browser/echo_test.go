package browser

import (
	"bufio"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestEchoPage(t *testing.T) {
	cmd := exec.Command(binary, "echo", "-p", "0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var host string
	for lines := bufio.NewScanner(out); host == "" && lines.Scan(); {
		host = regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(lines.Text())
	}
	path, err := filepath.Abs("../../web/echo.html")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	ada := openPage(t, "ada", (&url.URL{Scheme: "file", Path: path}).String())
	ada.fill("#address", "ws://"+host)
	ada.click("#connect")
	ada.wait("the connection", "!document.querySelector('#send').disabled")
	ada.fill("#text", "<b>hello</b>")
	ada.press(enterKey, 0)
	ada.wait("the echo", `[...document.querySelectorAll('#lines div')].map((d) => d.textContent).join('\n') ===
		'*** connected\n>>> <b>hello</b>\n<<< Hello client ! Received "<b>hello</b>"'`)
	ada.do(chromedp.EmulateViewport(390, 700, chromedp.EmulateMobile, chromedp.EmulateTouch))
	for range 30 {
		ada.fill("#text", "more")
		ada.press(enterKey, 0)
	}
	ada.wait("the echoes", "document.querySelectorAll('#lines div').length === 63")
	ada.wait("form and last line in sight", `['#text', '#lines div:last-child'].every((s) => {
		const r = document.querySelector(s).getBoundingClientRect()
		return r.top >= 0 && r.bottom <= window.innerHeight
	})`)
}
