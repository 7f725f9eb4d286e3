package browser

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"

	"salon/web"
)

func TestTwoPagesTalk(t *testing.T) {
	p := startProgram(t)
	ada, bob := openPage(t, "ada", p.url.String()), openPage(t, "bob", p.url.String())
	ada.enter("lobby")
	bob.enter("lobby")
	ada.wait("bob's coming", "document.querySelector('[data-notice=join]')?.textContent === 'bob joined the room'")
	ada.say("salut bob")
	bob.waitText("salut bob")
	bob.do(chromedp.Focus(".composer textarea"))
	bob.write("je réponds")
	ada.wait("that bob types", "document.querySelector('.typing').textContent === 'bob is typing…'")
	bob.press(enterKey, 0)
	ada.waitText("je réponds")
	checkSame(t, []string{"salut bob", "je réponds"}, ada, bob)
	if got := ada.messages(); got[0].Who != "You said" || got[1].Who != "bob said" {
		t.Errorf("ada's page says who: %q and %q", got[0].Who, got[1].Who)
	}
	ada.wait("both members", "document.querySelectorAll('.people li').length === 2")

	bob.click(".me")
	bob.fill(".settings input", "robert")
	bob.press(enterKey, 0)
	ada.wait("the new name", "document.querySelector('[data-notice=rename]')?.textContent === 'bob is now robert'")
	bob.click(".talk header [aria-label='Leave this room']")
	ada.wait("bob's leaving", "document.querySelector('[data-notice=leave]')?.textContent === 'robert left the room'")

	ada.click(".me")
	ada.click(".settings [data-language=fr]")
	ada.wait("French", "document.documentElement.lang === 'fr' && document.querySelector('.who').textContent === 'Vous avez dit'")
}

func TestServerKilledWhileTyping(t *testing.T) {
	p := startProgram(t)
	ada, bob := openPage(t, "ada", p.url.String()), openPage(t, "bob", p.url.String())
	ada.enter("lobby")
	bob.enter("lobby")
	surviveCrash(t, p, ada, bob, func() {})
}

func TestSavedFileDoesTheSame(t *testing.T) {
	p := startProgram(t)
	file := saveFile(t)
	ada, bob := openPage(t, "ada", file), openPage(t, "bob", p.url.String())
	ada.wait("the door", "document.querySelector('.door input[name=server]')")
	if got := value[string](ada, "document.querySelector('.door input[name=server]').value"); got != "ws://127.0.0.1:8888/ws" {
		t.Errorf("the file proposes %q", got)
	}
	ada.fill(".door input[name=server]", p.url.Host)
	ada.enter("lobby")
	bob.enter("lobby")
	// From a file the page outlives a reload even while the server is away, and so does what was typed.
	surviveCrash(t, p, ada, bob, func() {
		reload(ada)
		ada.wait("what was typed", "document.querySelectorAll('.pending[data-state=waiting]').length === 2")
	})
}

func TestSavedFileRemembersItsServer(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String())
	ada.enter("lobby")
	ada.click(".me")
	value[bool](ada, `(() => {
		const make = URL.createObjectURL;
		URL.createObjectURL = (blob) => { window.saved = blob; return make.call(URL, blob); };
		return true;
	})()`)
	ada.click(".settings [download]")
	ada.wait("the file", "window.saved")
	path := filepath.Join(t.TempDir(), "salon.html")
	if err := os.WriteFile(path, []byte(value[string](ada, "saved.text()")), 0o600); err != nil {
		t.Fatal(err)
	}
	bob := openPage(t, "bob", (&url.URL{Scheme: "file", Path: path}).String())
	bob.wait("the server's address", "document.querySelector('.door input[name=server]')?.value === "+quote(p.webSocket()))
	bob.fill(".door input[name=server]", "not a server!!")
	bob.fill(".door input[name=name]", "bob")
	bob.press(enterKey, 0)
	bob.wait("that this is no address", focused(".door input[name=server]")+" && document.querySelector('#door-problem').textContent !== ''")
	bob.fill(".door input[name=server]", p.webSocket())
	bob.enter("lobby")
	bob.say("from the file")
	ada.waitText("from the file")
}

// reload loads a file's page anew. Now and then, on a busy machine, Chromium shows a reloaded file an empty storage, and what
// it kept again after a further reload.
func reload(p *page) {
	p.t.Helper()
	for range 5 {
		p.do(chromedp.Reload())
		if value[int](p, "localStorage.length") > 0 {
			return
		}
		p.t.Log("the browser shows an empty storage; once more")
	}
}

// surviveCrash kills the server while both type, and starts it again: all that was typed arrives once, in order, for both.
func surviveCrash(t *testing.T, p *program, ada, bob *page, meanwhile func()) {
	t.Helper()
	ada.say("one")
	bob.waitText("one")
	bob.say("two")
	ada.waitText("two")
	ada.do(chromedp.Focus(".composer textarea"))
	ada.write("thr")
	p.kill()
	ada.wait("word of the loss", "!document.querySelector('.banner').hidden")
	ada.write("ee")
	ada.press(enterKey, 0)
	ada.say("four")
	bob.wait("word of the loss", "!document.querySelector('.banner').hidden")
	ada.wait("both to be kept", "document.querySelectorAll('.pending[data-state=waiting]').length === 2")
	meanwhile()
	p.start()
	ada.waitOpen()
	bob.waitOpen()
	for _, page := range []*page{ada, bob} {
		page.waitText("four")
		page.wait("nothing on its way", "document.querySelectorAll('.pending').length === 0")
		page.wait("no more word of the loss", "document.querySelector('.banner').hidden")
	}
	bob.say("five")
	ada.waitText("five")
	bob.waitText("five")
	checkSame(t, []string{"one", "two", "three", "four", "five"}, ada, bob)
}

// checkSame finds the same messages on all pages, numbered without a hole.
func checkSame(t *testing.T, want []string, pages ...*page) {
	t.Helper()
	for _, page := range pages {
		page.wait("all to be stored", fmt.Sprintf("document.querySelectorAll('.message[data-seq]').length >= %d", len(want)))
		var texts []string
		for i, m := range page.messages() {
			texts = append(texts, m.Text)
			if m.Seq != strconv.Itoa(i+1) {
				t.Errorf("%s's message %d %q has the number %q", page.who, i+1, m.Text, m.Seq)
			}
		}
		if !slices.Equal(texts, want) {
			t.Errorf("%s sees %q, not %q", page.who, texts, want)
		}
	}
}

// saveFile puts the one file where a person would, and gives its address.
func saveFile(t *testing.T) string {
	t.Helper()
	page, err := web.Pages()["salon.html"]()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "my salon.html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func TestHostileTextStaysText(t *testing.T) {
	p := startProgram(t)
	name := "<b onclick=pwn()>x</b>"
	texts := []string{
		`<img src=x onerror="window.pwned=1">`,
		`<script>window.pwned=1</script>`,
		`javascript:window.pwned=1`,
		`https://a.org/"onmouseover="window.pwned=1`,
		"\u202egnp.evil\u202c \u2066x",
		"{{constructor.constructor('window.pwned=1')()}}",
		"\x1b[31mred\x1b[0m\x00",
		"a" + repeat("\u0301", 500),
		repeat("W", 2000),
	}
	p.speak("lobby", name, texts...)
	for what, where := range map[string]string{"served": p.url.String(), "file": saveFile(t)} {
		t.Run(what, func(t *testing.T) {
			ada := openPage(t, "ada "+what, where)
			ada.wait("the door", "document.querySelector('.door')")
			if what == "file" {
				ada.fill(".door input[name=server]", p.url.Host)
			}
			ada.enter("lobby")
			ada.wait("all messages", fmt.Sprintf("document.querySelectorAll('.message').length === %d", len(texts)))
			for i, m := range ada.messages() {
				if m.Text != texts[i] || m.Who != name+" said" {
					t.Errorf("%q said %q, shown as %q %q", name, texts[i], m.Who, m.Text)
				}
			}
			ada.wait("nothing but text", `window.pwned === undefined && !document.querySelector('#app :is(img, script, b)') &&
				[...document.querySelectorAll('#app *')].every((e) => e.getAttributeNames().every((n) => !n.startsWith('on'))) &&
				[...document.querySelectorAll('.text a')].every((a) => a.protocol === 'https:' && a.rel.includes('noopener'))`)
			ada.wait("a page no wider than its window", "document.documentElement.scrollWidth <= innerWidth && document.querySelector('.scroller').scrollWidth <= document.querySelector('.scroller').clientWidth")
			blocked := value[string](ada, `(() => { try { document.querySelector('.text').innerHTML = '<img>'; return ''; } catch (e) { return e.name; } })()`)
			if blocked != "TypeError" {
				t.Errorf("markup can be parsed in this page (%q)", blocked)
			}
		})
	}
}

func repeat(text string, n int) string {
	out := ""
	for range n {
		out += text
	}
	return out
}
