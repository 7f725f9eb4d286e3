package browser

import (
	"net/url"
	"path/filepath"
	"testing"
)

// Keys that go to an input method have the code 229. Safari sends the one that accepts a suggestion after the end of the
// composition, so that nothing but this code tells it from the same key typed alone.
var (
	acceptKey = key{"Enter", 229, "\r"}
	rejectKey = key{"Escape", 229, ""}
)

func TestEnterOfAnInputMethodSendsNothing(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String())

	ada.wait("the door", "document.querySelector('.door input[name=name]')")
	ada.fill(".door input[name=name]", "ada")
	ada.press(acceptKey, 0)
	ada.fill(".door input[name=room]", "lobby")
	ada.press(acceptKey, 0)
	ada.wait("the form, not sent", "document.querySelector('.door button[type=submit]').disabled === false")
	ada.press(enterKey, 0)
	ada.waitOpen()

	ada.fill(".composer textarea", "日本語")
	ada.press(acceptKey, 0)
	ada.press(acceptKey, control)
	ada.wait("the text, not sent", "document.querySelector('.composer textarea').value === '日本語'")
	ada.press(enterKey, 0)
	ada.waitText("日本語")
	checkSame(t, []string{"日本語"}, ada)

	ada.fill(".joinroom input", "部屋")
	ada.press(acceptKey, 0)
	ada.wait("the room, not joined", "document.querySelector('.joinroom input').value === '部屋'")
	ada.press(enterKey, 0)
	ada.wait("the room", "document.querySelector('.talk h1 bdi').textContent === '部屋'")

	ada.click(".me")
	ada.fill(".settings input", "アダ")
	ada.press(acceptKey, 0)
	ada.press(rejectKey, 0)
	ada.wait("the dialog, still open", "document.querySelector('dialog[open] input').value === 'アダ'")
	ada.press(enterKey, 0)
	ada.wait("the new name", "!document.querySelector('dialog') && document.querySelector('.me .name').textContent === 'アダ'")
}

func TestEnterOfAnInputMethodOnTheEchoPage(t *testing.T) {
	path, err := filepath.Abs("../../web/echo.html")
	if err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, "--origin", "null")
	ada := openPage(t, "ada", (&url.URL{Scheme: "file", Path: path}).String())
	ada.fill("#address", p.webSocket())
	ada.press(acceptKey, 0)
	ada.wait("no connection", "document.querySelectorAll('#lines div').length === 0")
	ada.press(enterKey, 0)
	ada.wait("the connection", "!document.querySelector('#send').disabled")
	ada.fill("#text", "日本語")
	ada.press(acceptKey, 0)
	ada.wait("the text, not sent", "document.querySelector('#text').value === '日本語'")
	ada.press(enterKey, 0)
	ada.wait("the text, sent", "document.querySelector('#text').value === ''")
}
