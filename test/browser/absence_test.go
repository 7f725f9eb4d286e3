package browser

import (
	"fmt"
	"testing"
)

// holdSockets lets a test end the page's connection and keep it from coming back, while the rest of the world goes on.
const holdSockets = `(() => {
	const Real = WebSocket;
	window.sockets = [];
	window.WebSocket = class extends Real {
		constructor(...args) {
			if (window.away) throw new Error('away');
			super(...args);
			sockets.push(this);
		}
	};
	return true;
})()`

// hole finds two neighbouring messages between which something is missing that no gap says.
const hole = `(() => {
	let last = 0;
	for (const row of document.querySelectorAll('[data-seq], [data-gap]')) {
		if (row.dataset.gap) { last = 0; continue; }
		if (last && Number(row.dataset.seq) !== last + 1) return last + ' to ' + row.dataset.seq;
		last = Number(row.dataset.seq);
	}
	return '';
})()`

func TestLongAbsenceShowsItsGap(t *testing.T) {
	p := startProgram(t, "--max-rate", "0")
	ada := openPage(t, "ada", p.url.String())
	ada.wait("the page", "document.querySelector('.door')")
	value[bool](ada, holdSockets)
	ada.enter("lobby")
	ada.say("before")
	ada.waitText("before")

	value[bool](ada, "window.away = true, sockets.at(-1).close(), true")
	ada.wait("word of the loss", "!document.querySelector('.banner').hidden")
	ada.say("typed meanwhile")
	var texts []string
	for i := range 450 {
		texts = append(texts, fmt.Sprintf("missed %d", i))
	}
	p.speak("lobby", "bob", texts...)
	value[bool](ada, "window.away = false, true")
	ada.click(".banner button")
	ada.waitOpen()
	ada.waitText("typed meanwhile")
	ada.wait("a gap", "document.querySelectorAll('[data-gap]').length === 1")
	if got := value[string](ada, hole); got != "" {
		t.Errorf("a hole is shown as if there were none: %s", got)
	}
	for presses := 0; value[bool](ada, "document.querySelector('[data-gap]') !== null"); presses++ {
		if presses > 10 {
			t.Fatal("the gap does not close")
		}
		gap := value[string](ada, "document.querySelector('[data-gap]').dataset.gap")
		value[bool](ada, "document.querySelector('[data-gap] button').click(), true")
		ada.wait("what was missing", fmt.Sprintf("document.querySelector('[data-gap]')?.dataset.gap !== '%s'", gap))
	}
	if got := value[string](ada, hole); got != "" {
		t.Errorf("a hole is left: %s", got)
	}
	ada.wait("nothing on its way", "document.querySelectorAll('.pending').length === 0")
}

func TestRestartInOrder(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String())
	ada.enter("lobby")
	ada.say("one")
	ada.waitText("one")
	p.stop()
	ada.wait("word of the loss", "!document.querySelector('.banner').hidden")
	ada.say("two")
	p.start()
	ada.waitText("two")
	checkSame(t, []string{"one", "two"}, ada)
	ada.wait("a word of welcome", "[...document.querySelectorAll('[data-notice]')].some((n) => n.textContent === 'Welcome back, ada')")
}
