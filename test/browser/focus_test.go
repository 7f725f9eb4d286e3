package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// focused tells whether the focus is on an element that matches, and can be seen.
func focused(selector string) string {
	return fmt.Sprintf("document.activeElement.matches(%s) && document.activeElement.getClientRects().length > 0", quote(selector))
}

// settled lets the page show what changed: where the focus is then, it stays.
func (p *page) settled() {
	p.t.Helper()
	value[bool](p, "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
}

func TestFocusStaysWhereOlderMessagesLoad(t *testing.T) {
	p := startProgram(t, "--max-rate", "0")
	var texts []string
	for i := 1; i <= 120; i++ {
		texts = append(texts, fmt.Sprintf("message %d", i))
	}
	p.speak("lobby", "bob", texts...)
	ada := openPage(t, "ada", p.url.String())
	ada.enter("lobby")
	ada.waitText("message 120")
	ada.do(chromedp.Focus(".older button"))
	ada.wait("older messages", "document.querySelector('[data-seq=\"1\"]')")
	ada.settled()
	ada.wait("the focus in the talk", focused(".scroller, .scroller *"))
}

func TestFocusAfterTheLastRoomAndAfterARetry(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String())
	ada.do(chromedp.EmulateViewport(1200, 800))
	ada.enter("lobby")
	ada.do(chromedp.Focus(".talk header [aria-label='Leave this room']"))
	ada.press(enterKey, 0)
	ada.wait("no room", "!document.querySelector('.none').hidden")
	ada.settled()
	ada.wait("the focus where a room is named", focused(".joinroom input"))
	ada.write("lobby")
	ada.press(enterKey, 0)
	ada.waitOpen()

	p.kill()
	ada.wait("word of the loss", "!document.querySelector('.banner').hidden")
	ada.do(chromedp.Focus(".banner button"))
	ada.press(enterKey, 0)
	ada.settled()
	ada.wait("the focus on the button, for a further attempt", focused(".banner button"))
	p.start()
	ada.press(enterKey, 0)
	ada.waitOpen()
	ada.settled()
	ada.wait("the focus where one writes", focused(".composer textarea"))
}

func TestSettingsStayInAnotherLanguage(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String())
	ada.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	ada.enter("lobby")
	ada.click("[aria-controls=rooms]")
	ada.click(".me")
	ada.fill(".settings input", "grace")
	ada.click(".settings [data-language=fr]")
	ada.wait("French", "document.documentElement.lang === 'fr'")
	ada.wait("the settings, and the name as typed", "document.querySelector('.settings[open] input')?.value === 'grace'")
	ada.wait("the focus on the language", focused(".settings [data-language=fr]"))
	ada.press(escapeKey, 0)
	ada.wait("no settings", "!document.querySelector('.settings')")
	ada.settled()
	ada.wait("the focus in the page", "document.activeElement !== document.body && document.activeElement.getClientRects().length > 0")
}
