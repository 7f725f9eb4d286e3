package browser

import (
	"fmt"
	"testing"
)

// told finds a line that only this page shows.
func told(text string) string {
	return fmt.Sprintf("[...document.querySelectorAll('[data-notice=told]')].some((n) => n.innerText.includes(%s))", quote(text))
}

func TestCommandsAreDoneNotSaid(t *testing.T) {
	p := startProgram(t)
	ada, bob := openPage(t, "ada", p.url.String()), openPage(t, "bob", p.url.String())
	bob.enter("lobby")
	ada.enter("lobby")
	const shown = "document.querySelector('.talk h1 bdi').textContent"

	ada.say("/help")
	ada.wait("the commands", told("/nick <name>"))
	ada.say("/who")
	ada.wait("who is here", told("In #lobby (2): ada, bob"))
	ada.say("/nick Grace")
	ada.wait("the new name", told("You are now called Grace"))
	ada.say("/NICK bob")
	ada.wait("why not", "document.querySelector('#composer-problem').textContent.includes('in use')")
	ada.wait("the line, to be mended", "document.querySelector('.composer textarea').value === '/NICK bob'")
	ada.fill(".composer textarea", "/frobnicate now")
	ada.press(enterKey, 0)
	ada.wait("that this is no command", "document.querySelector('#composer-problem').textContent === 'Unknown command /frobnicate. /help lists the commands.'")
	ada.fill(".composer textarea", "/join")
	ada.press(enterKey, 0)
	ada.wait("how it is used", "document.querySelector('#composer-problem').textContent === '/join <room>'")
	ada.fill(".composer textarea", "/join Été 2026")
	ada.press(enterKey, 0)
	ada.wait("the other room", shown+" === 'été-2026' && document.querySelector('.salon[data-joined=true]')")
	ada.say("/rooms")
	ada.wait("the rooms", told("Rooms: 2")+" && "+told("#lobby"))
	ada.say("/leave")
	ada.wait("the room before", shown+" === 'lobby'")
	ada.say("//help is what I type")
	bob.waitText("/help is what I type")
	checkSame(t, []string{"/help is what I type"}, ada, bob)
	ada.say("/quit")
	ada.wait("the door", "document.querySelector('.door')")
}

func TestNoNameIsRefused(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String())
	ada.enter("lobby")
	ada.click(".me")
	ada.fill(".settings input", "  ")
	ada.press(enterKey, 0)
	ada.wait("what is wrong", "document.querySelector('#rename-problem')?.textContent === 'Say a name.'")
}
