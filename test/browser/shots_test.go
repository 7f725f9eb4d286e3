package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// TestShots makes the pictures of the documentation, where SALON_SHOTS says:
//
//	SALON_SHOTS=../../docs/img go test ./test/browser -run TestShots
func TestShots(t *testing.T) {
	dir := os.Getenv("SALON_SHOTS")
	if dir == "" {
		t.Skip("SALON_SHOTS names no folder")
	}
	p := startProgram(t)
	p.speak("jardin", "Inès", "Les tomates sont arrivées")
	p.speak("cinéma", "Yann", "Jeudi, 20 h 30 ?")
	people := map[string]*page{}
	for _, name := range []string{"Émile", "Noor", "Kofi", "Léa", "Ada"} {
		people[name] = openPage(t, name, p.url.String())
		people[name].do(chromedp.EmulateViewport(1200, 780))
		people[name].enter("lobby")
	}
	for _, line := range []struct{ who, text string }{
		{"Émile", "Bonsoir tout le monde ! Qui est partant pour des jeux dimanche ?"},
		{"Noor", "Me! I bring three of them, and tea."},
		{"Noor", "The rules of the new one: https://example.org/rules.pdf"},
		{"Kofi", "Count me in. Is the big table free?"},
		{"Ada", "Yes, from three o’clock on."},
		{"Ada", "Two things to settle:\n– who takes the cake?\n– who is allergic to cats?"},
		{"Émile", "Le gâteau, c’est pour moi."},
	} {
		people[line.who].say(line.text)
		for _, page := range people {
			page.wait(line.text, "[...document.querySelectorAll('.message[data-seq] .text')].some((m) => m.textContent === "+quote(line.text)+")")
		}
	}
	ada := people["Ada"]
	ada.click("[data-room=jardin]")
	ada.waitText("Les tomates sont arrivées")
	people["Noor"].click("[data-room=jardin]")
	people["Noor"].say("J’en garde six pour toi, Ada.")
	ada.waitText("J’en garde six pour toi, Ada.")
	ada.click("[data-room=lobby]")
	people["Noor"].say("Et du basilic.")
	ada.wait("something unread", "document.querySelector('.badge.unread')")
	people["Léa"].do(chromedp.Focus(".composer textarea"))
	people["Léa"].write("Cats are")
	ada.wait("that Léa types", "document.querySelector('.typing').textContent !== ''")

	ada.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 600, 20)) // off the list of rooms
	ada.scheme("light")
	ada.shoot(dir, "web-light.png")
	ada.scheme("dark")
	ada.shoot(dir, "web-dark.png")
	ada.do(chromedp.EmulateViewport(390, 780, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
	ada.scheme("light")
	ada.shoot(dir, "web-phone.png")
}

// shoot takes a picture once what is shown has come to rest.
func (p *page) shoot(dir, name string) {
	p.t.Helper()
	value[bool](p, "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
	ctx := p.ctx
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		p.t.Fatal(err)
	}
	image, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), image, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
