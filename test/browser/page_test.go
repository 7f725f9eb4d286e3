package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// page is one person's page, with a storage of its own.
type page struct {
	t   *testing.T
	who string
	ctx context.Context
}

// openPage opens url in a browser profile of its own. Whatever the page throws fails the test.
func openPage(t *testing.T, who, url string) *page {
	t.Helper()
	browser, err := chrome()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &page{t: t, who: who, ctx: ctx}
	p.do(chromedp.Navigate("about:blank"))
	err = chromedp.Listen(ctx, func(event any) {
		if e, ok := event.(*runtime.EventExceptionThrown); ok {
			t.Errorf("%s's page threw: %s %s", who, e.ExceptionDetails.Text, describe(e.ExceptionDetails))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(url))
	return p
}

func describe(details *runtime.ExceptionDetails) string {
	if details.Exception != nil && details.Exception.Description != "" {
		return details.Exception.Description
	}
	return ""
}

// do runs browser actions, each bounded in time.
func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	for _, action := range actions {
		if chromedp.FromContext(p.ctx).Target == nil { // a target lives as long as the context that made it
			if err := chromedp.Do(p.ctx, action); err != nil {
				p.t.Fatalf("%s: %v", p.who, err)
			}
			continue
		}
		ctx, cancel := context.WithTimeout(p.ctx, patience)
		err := chromedp.Do(ctx, action)
		cancel()
		if err != nil {
			p.t.Fatalf("%s: %v", p.who, err)
		}
	}
}

// navigate opens another address in the same page.
func (p *page) navigate(url string) { p.do(chromedp.Navigate(url)) }

// value evaluates an expression in the page.
func value[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.who, expression, err)
	}
	return v
}

// wait waits until an expression is true in the page.
func (p *page) wait(what, expression string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for !value[bool](p, "Boolean("+expression+")") {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s waits in vain for: %s\n%s", p.who, what, value[string](p, "document.body.innerText"))
		}
		time.Sleep(20 * time.Millisecond) // between two looks at a condition
	}
}

// write puts text where the focus is, as a keyboard does.
func (p *page) write(text string) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		p.t.Fatalf("%s: %v", p.who, err)
	}
}

// A key, as its event names it. A keyboard gives key and text in one event, so that a page that takes the key for itself
// gets no text.
type key struct {
	name string
	code int64
	text string
}

var (
	enterKey  = key{"Enter", 13, "\r"}
	escapeKey = key{"Escape", 27, ""}
)

// Input.dispatchKeyEvent's modifiers.
const (
	control = 2
	shift   = 8
)

func (p *page) press(k key, modifiers int64) {
	p.t.Helper()
	down := input.DispatchKeyEventParams{
		Type: input.DispatchKeyEventTypeKeyDown, Key: k.name, Code: k.name, WindowsVirtualKeyCode: k.code, Text: k.text, Modifiers: modifiers,
	}
	up := down
	up.Type, up.Text = input.DispatchKeyEventTypeKeyUp, ""
	for _, event := range []input.DispatchKeyEventParams{down, up} {
		if _, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, event); err != nil {
			p.t.Fatalf("%s: %v", p.who, err)
		}
	}
}

// fill replaces what a field holds.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	p.do(chromedp.Focus(selector))
	value[bool](p, fmt.Sprintf("document.querySelector(%s).select() || true", quote(selector)))
	p.write(text)
}

func (p *page) click(selector string) { p.do(chromedp.Click(selector, chromedp.NodeVisible)) }

// enter goes through the door.
func (p *page) enter(room string) {
	p.t.Helper()
	p.wait("the door", "document.querySelector('.door input[name=name]')")
	p.fill(".door input[name=name]", p.who)
	p.fill(".door input[name=room]", room)
	p.press(enterKey, 0)
	p.waitOpen()
}

func (p *page) waitOpen() {
	p.t.Helper()
	p.wait("the room", "document.querySelector('.salon[data-state=open][data-joined=true]')")
}

// say sends a text as a person does.
func (p *page) say(text string) {
	p.t.Helper()
	p.do(chromedp.Focus(".composer textarea"))
	p.write(text)
	p.press(enterKey, 0)
}

// message is one message as the page shows it.
type message struct {
	Seq   string // empty while it is on its way
	State string // of one on its way
	Who   string
	Text  string
}

const shownMessages = `[...document.querySelectorAll('.message')].map((m) => ({
	Seq: m.dataset.seq ?? '', State: m.dataset.state ?? '',
	Who: m.querySelector('.who').textContent, Text: m.querySelector('.text').textContent }))`

func (p *page) messages() []message {
	p.t.Helper()
	return value[[]message](p, shownMessages)
}

// waitText waits until a stored message with this text is shown.
func (p *page) waitText(text string) {
	p.t.Helper()
	p.wait("the message "+text, fmt.Sprintf(
		"[...document.querySelectorAll('.message[data-seq] .text')].some((m) => m.textContent === %s)", quote(text)))
}

// scheme shows the page as in the dark, or in the light.
func (p *page) scheme(name string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// quote writes a JavaScript string.
func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return string(b)
}
