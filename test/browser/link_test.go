package browser

import "testing"

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
