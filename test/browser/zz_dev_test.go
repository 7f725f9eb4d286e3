package browser

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestZZDev(t *testing.T) {
	where := os.Getenv("DEV")
	if where == "" {
		t.Skip()
	}
	shot := func(p *page, name string) {
		b, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile("/tmp/webdev/"+name+".png", b, 0o644)
	}
	ada := openPage(t, "ada", where)
	ada.do(chromedp.EmulateViewport(1200, 760))
	ada.scheme("light")
	ada.wait("x", "document.querySelector('.door')")
	shot(ada, "door")
	ada.enter("lobby")
	time.Sleep(1200 * time.Millisecond)
	ada.say("Yes! I bring tea, and the big table if someone helps me carry it.")
	ada.say("And a question:\nwho is allergic to cats?")
	time.Sleep(300 * time.Millisecond)
	shot(ada, "light")
	ada.scheme("dark")
	time.Sleep(200 * time.Millisecond)
	shot(ada, "dark")
	ada.do(chromedp.EmulateViewport(390, 780, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
	time.Sleep(300 * time.Millisecond)
	shot(ada, "phone")
	ada.scheme("light")
	ada.click("[aria-controls=rooms]")
	time.Sleep(300 * time.Millisecond)
	shot(ada, "drawer")
}
