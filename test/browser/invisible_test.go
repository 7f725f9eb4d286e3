package browser

import "testing"

func TestATextThatShowsNothingIsNotSent(t *testing.T) {
	p := startProgram(t)
	ada := openPage(t, "ada", p.url.String())
	ada.enter("lobby")
	for _, text := range []string{"\u200b", "\ufeff", "\u3164", "\u0301", "\u202e", "\u2800"} {
		ada.fill(".composer textarea", text)
		ada.press(enterKey, 0)
	}
	ada.fill(".composer textarea", "seen")
	ada.press(enterKey, 0)
	ada.waitText("seen")
	checkSame(t, []string{"seen"}, ada)
}
