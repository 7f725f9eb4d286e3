package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func TestTimesFollowTheDevicesTimeZone(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String())
	ada.enter("lobby")
	ada.say("hello")
	ada.waitText("hello")
	const shown = "document.querySelector('.message[data-seq] time').textContent"
	const written = `(zone) => '[' + new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
		.format(new Date(document.querySelector('.message[data-seq] time').dateTime)) + ']'`
	ada.wait("the time in Paris", shown+" === ("+written+")('Europe/Paris')")
	_, err := chromedp.Call(ada.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Kathmandu"})
	if err != nil {
		t.Fatal(err)
	}
	value[bool](ada, "window.dispatchEvent(new Event('focus'))") // somebody comes back to the page
	ada.wait("the time in Kathmandu", shown+" === ("+written+")('Asia/Kathmandu')")
}
