package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestOlderMessagesKeepThePlace(t *testing.T) {
	p := startProgram(t, "--max-rate", "0")
	var texts []string
	for i := 1; i <= 730; i++ {
		texts = append(texts, fmt.Sprintf("message %d", i))
	}
	p.speak("lobby", "bob", texts...)
	ada := openPage(t, "ada", p.url.String())
	ada.enter("lobby")
	ada.waitText("message 730")

	const scroller = "document.querySelector('.scroller')"
	for round := 0; !value[bool](ada, "Boolean(document.querySelector('[data-seq=\"1\"]'))"); round++ {
		if round > 60 {
			t.Fatal("the first message does not come")
		}
		// Scroll to the top, note a row in sight there and where it stands, wait for rows above it.
		seq := value[int](ada, scroller+`.scrollTop = 0, Number(document.querySelector('[data-seq]').dataset.seq)`)
		row := fmt.Sprintf("document.querySelector('[data-seq=\"%d\"]')", seq)
		top := value[float64](ada, row+".getBoundingClientRect().top")
		ada.wait("older messages", fmt.Sprintf("Number(document.querySelector('[data-seq]').dataset.seq) < %d", seq))
		if moved := value[float64](ada, row+".getBoundingClientRect().top") - top; moved < -2 || moved > 2 {
			t.Errorf("the row read at the top (%d) moved by %v pixels", seq, moved)
		}
		if rows := value[int](ada, "document.querySelectorAll('.row').length"); rows > 500 {
			t.Fatalf("%d rows on the page", rows)
		}
	}
	ada.wait("the beginning", "document.querySelector('.beginning')")

	// Whoever reads far back is left there, and told nothing is lost: one press leads to the newest.
	bob := openPage(t, "eve", p.url.String())
	bob.enter("lobby")
	bob.say("nearly the newest")
	bob.say("the newest")
	bob.waitText("the newest")
	ada.wait("the way back, with how much is new", "document.querySelector('.latest:not([hidden])')?.textContent === '2 new messages'")
	ada.wait("the same in the title", "document.title === '(2) lobby · Salon'")
	ada.wait("the same place", "document.querySelector('[data-seq=\"1\"]')")
	ada.click(".latest")
	ada.waitText("the newest")
	ada.wait("the end", "Math.abs("+scroller+".scrollHeight - "+scroller+".scrollTop - "+scroller+".clientHeight) < 2")
	ada.wait("nothing new any more", "document.title === 'lobby · Salon' && document.querySelector('.row.new')?.nextElementSibling.dataset.seq === '731'")
	seqs := value[[]int](ada, "[...document.querySelectorAll('[data-seq]')].map((m) => Number(m.dataset.seq))")
	for i, seq := range seqs {
		if want := 732 - len(seqs) + 1 + i; seq != want {
			t.Fatalf("row %d has the number %d, not %d: %v", i, seq, want, seqs)
		}
	}
}

func TestComingsAndGoingsAreOneLine(t *testing.T) {
	p := startProgram(t, "--max-per-address", "0")
	ada := openPage(t, "ada", p.url.String())
	ada.enter("lobby")
	for i := range 6 {
		p.speak("lobby", fmt.Sprintf("guest %d", i)) // comes and goes
	}
	const line = "document.querySelector('details[data-notice=leave]')"
	ada.wait("one line", line+"?.querySelector('summary').textContent === 'guest 0, guest 1 and 4 others left the room'")
	ada.wait("nothing else of them", "!document.querySelector('[data-notice=join]')")
	ada.do(chromedp.Focus("details[data-notice=leave] summary"))
	ada.press(enterKey, 0)
	ada.wait("all names", line+".open && "+line+".innerText.includes('guest 5')")
	p.speak("lobby", "guest 6")
	ada.wait("a further name in the open line", line+".open && "+line+".innerText.includes('guest 6')")
	ada.wait("the focus where it was", "document.activeElement === "+line+".firstElementChild")
}

func TestPhoneAndKeyboard(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String())
	ada.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	ada.enter("lobby")
	ada.do(chromedp.Focus(".composer textarea"))
	ada.write("hello")
	ada.press(enterKey, 0)
	ada.write("from a phone")
	ada.click(".send")
	ada.waitText("hello\nfrom a phone")
	ada.wait("a page no wider than the phone", "document.documentElement.scrollWidth <= 390")
	ada.wait("fields that do not make the phone zoom in",
		"[...document.querySelectorAll('input, textarea')].every((f) => parseFloat(getComputedStyle(f).fontSize) >= 16)")

	focus := func(selector string) string {
		return fmt.Sprintf("document.activeElement?.matches(%s)", quote(selector))
	}
	ada.do(chromedp.Focus("[aria-controls=rooms]"))
	ada.press(enterKey, 0)
	ada.wait("the drawer of rooms, with the focus", "document.querySelector('.sidebar').contains(document.activeElement)")
	ada.press(escapeKey, 0)
	ada.wait("the focus where it was", focus("[aria-controls=rooms]"))
	ada.wait("the drawer shut", "getComputedStyle(document.querySelector('.sidebar')).display === 'none'")

	ada.do(chromedp.EmulateViewport(1200, 800))
	ada.do(chromedp.Focus(".joinroom input"))
	ada.write("Été 2026")
	ada.press(enterKey, 0)
	ada.wait("the other room", "document.querySelector('.talk h1 bdi').textContent === 'été-2026' && document.querySelector('.salon[data-joined=true]')")
	ada.wait("the focus where one writes", focus(".composer textarea"))
	ada.write("  a")
	ada.press(enterKey, shift)
	ada.write("b")
	ada.press(enterKey, 0)
	ada.waitText("  a\nb")
	ada.wait("two rooms", "document.querySelectorAll('[data-room]').length === 2")
}

// contrasts finds text whose contrast with the nearest background behind it is under 4.5 (WCAG 2.2, 1.4.3).
const contrasts = `(() => {
	const parse = (c) => c.match(/[\d.]+/g).map(Number);
	const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c; } return [255, 255, 255]; };
	const faint = [];
	for (const e of document.querySelectorAll('#app *')) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()) continue;
		const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
		const contrast = (a + 0.05) / (b + 0.05);
		if (contrast < 4.5) faint.push(e.className + ' ' + e.textContent.slice(0, 30) + ' ' + contrast.toFixed(2));
	}
	return faint;
})()`

// unnamed finds controls that a screen reader could not name.
const unnamed = `[...document.querySelectorAll('button, input, textarea, a, [role=log], nav, aside')].filter((e) =>
	e.checkVisibility() && !e.getAttribute('aria-label') && !e.labels?.length && !e.textContent.trim()).map((e) => e.outerHTML)`

func TestEveryoneCanReadIt(t *testing.T) {
	p := startProgram(t)
	p.speak("lobby", "bob", "see https://example.org", "\U0001F389")
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			ada := openPage(t, "ada "+scheme, p.url.String())
			ada.scheme(scheme)
			ada.wait("the door", "document.querySelector('.door')")
			check := func(where string) {
				t.Helper()
				for _, faint := range value[[]string](ada, contrasts) {
					t.Errorf("%s: too faint: %s", where, faint)
				}
				for _, e := range value[[]string](ada, unnamed) {
					t.Errorf("%s: has no name: %s", where, e)
				}
			}
			check("the door")
			ada.enter("lobby")
			ada.say("hello")
			ada.waitText("hello")
			ada.wait("a log that is read aloud", "document.querySelector('[role=log][aria-live=polite][aria-label]')")
			check("the room")
			ada.click(".me")
			check("the settings")
		})
	}
}
