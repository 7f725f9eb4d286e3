package browser

import (
	"context"
	"os"
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// before runs a script in the page before each document's own scripts.
func (p *page) before(script string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, cdp.AddScriptToEvaluateOnNewDocument, cdp.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestOldestBrowsers(t *testing.T) {
	source, err := os.ReadFile("../../web/test/old_browser.js") // the list that the tests in node take away as well
	if err != nil {
		t.Fatal(err)
	}
	p := startProgram(t)
	ada, bob := openPage(t, "ada", "about:blank"), openPage(t, "bob", "about:blank")
	for _, who := range []*page{ada, bob} {
		who.before("(() => {" + strings.ReplaceAll(string(source), "export ", "") + "})()")
		who.navigate(p.url.String())
		who.wait("an old browser", "!Intl.Segmenter && ![].toSorted")
		who.enter("lobby")
	}
	ada.say("hello")
	bob.waitText("hello")
	bob.say("welcome")
	ada.waitText("welcome")
	ada.wait("both members", "document.querySelectorAll('.people li').length === 2")
	ada.wait("their letters", "[...document.querySelectorAll('.people .avatar')].map((a) => a.textContent).join('') === 'AB'")
}

func TestAPanelFailsAlone(t *testing.T) {
	p := startProgram(t)
	for _, panel := range []string{"roomlist", "people", "row message own first"} {
		ada := openPage(t, "ada", "about:blank")
		logged := make(chan string, 100)
		err := chromedp.Listen(ada.ctx, func(event any) {
			if e, ok := event.(*runtime.EventConsoleAPICalled); ok && e.Type == runtime.ConsoleAPICalledTypeError && len(e.Args) > 0 {
				select {
				case logged <- string(e.Args[0].Value):
				default:
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		// Nodes of this class cannot be filled.
		ada.before(`for (const name of ['replaceChildren', 'append']) {
			const real = Element.prototype[name]
			Element.prototype[name] = function (...children) {
				if (this.className === ` + quote(panel) + ` && (name === 'replaceChildren' || this.localName === 'article')) throw new Error('broken on purpose')
				return real.apply(this, children)
			}
		}`)
		ada.navigate(p.url.String())
		ada.who = strings.Fields(panel)[0]
		ada.enter("lobby-" + ada.who)
		ada.say("one")
		if !strings.HasPrefix(panel, "row") {
			ada.waitText("one")
		}
		ada.wait("the title", "document.querySelector('.talk h1 bdi').textContent.startsWith('lobby-')")
		ada.wait("the composer, empty", "document.querySelector('.composer textarea').value === ''")
		waitLogged(ada.ctx, t, panel, logged)
	}
}

func waitLogged(ctx context.Context, t *testing.T, panel string, logged <-chan string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		select {
		case line := <-logged:
			if strings.Contains(line, "cannot draw") {
				return
			}
		case <-ctx.Done():
			t.Fatalf("with %s broken nothing is logged", panel)
		}
	}
}
