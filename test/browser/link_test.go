package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestLinkToARoom(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String()+"?room=Salle%20A")
	const room = "document.querySelector('.door input[name=room]').value"
	ada.wait("the door", "document.querySelector('.door')")
	if got := value[string](ada, room); got != "salle-a" {
		t.Errorf("the door proposes %q", got)
	}
	ada.enter("lobby")

	shown := func(name string) string {
		return "document.querySelector('.talk h1 bdi')?.textContent === " + quote(name) + " && document.querySelector('.salon[data-joined=true]')"
	}
	for _, link := range []struct{ asked, room string }{{"Ops", "ops"}, {"%23Salle%20A", "salle-a"}} {
		ada.navigate(p.url.String() + "?room=" + link.asked)
		ada.wait(link.room, shown(link.room))
	}
	ada.navigate(p.url.String() + "?room=a/b")
	ada.wait("word of a name that is none", "document.querySelector('.toast')?.textContent.includes('a/b')")
	ada.wait("the rooms there were", "document.querySelectorAll('.roomlist [data-room]').length === 3")
}

func TestNameInUseAtTheDoor(t *testing.T) {
	p := startProgram(t)
	ada, other := openPage(t, "ada", p.url.String()), openPage(t, "Ada", p.url.String())
	ada.enter("lobby")
	other.fill(".door input[name=name]", "Ada")
	other.do(chromedp.Focus(".door input[name=room]"))
	other.press(enterKey, 0)
	other.wait("why not", "document.querySelector('#door-problem').textContent.includes('kept for somebody who left')")
	other.wait("the name, to be changed", focused(".door input[name=name]")+" && getSelection().toString() === 'Ada'")
	other.fill(".door input[name=name]", " ")
	other.press(enterKey, 0)
	other.wait("that a name is missing", "document.querySelector('#door-problem').textContent === 'Say a name.'")
}

func TestProblemCanBeDismissed(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String()+"?room=a/b")
	ada.wait("a problem", "document.querySelector('.toast:not([hidden])')")
	ada.click(".toast button")
	ada.wait("none", "document.querySelector('.toast[hidden]')")
}
