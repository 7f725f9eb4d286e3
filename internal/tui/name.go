package tui

import (
	"context"
	"os"
	"strings"

	"salon/internal/chat"
)

// askName asks for a name and suggests the name of the system's user.
func (s *screen) askName(ctx context.Context) (string, error) {
	prompt := s.Lang.Text("Your name: ")
	usual, err := chat.ParseName(os.Getenv("USER"))
	if err != nil {
		usual = ""
	} else {
		prompt = s.Lang.Text("Your name [%s]: ", usual)
	}
	var k keyboard
	for {
		if s.display.draw(nil, prompt, prompt) != nil {
			return "", errLeave // the terminal is gone
		}
		select {
		case b, ok := <-s.typed:
			if !ok {
				return "", errLeave
			}
			name, entered, leave := s.nameKeys(k.read(b))
			if name == "" {
				name = usual
			}
			if leave {
				return "", errLeave
			}
			if entered && name != "" {
				return name, nil
			}
		case <-s.resized:
		case <-ctx.Done():
			return "", errLeave
		}
	}
}

func (s *screen) nameKeys(keys []key) (name string, entered, leave bool) {
	edit := &s.display.edit
	for keys = edit.pressAll(keys); len(keys) > 0; keys = edit.pressAll(keys[1:]) {
		switch {
		case keys[0] == keyEnter:
			name = strings.TrimSpace(edit.text)
			*edit = editor{}
			return name, true, false
		case keys[0] == keyInterrupt && edit.interrupt():
			*edit = editor{} // it is not for the talk to recall
		case keys[0] == keyInterrupt, keys[0] == keyEOF && edit.text == "":
			return "", false, true
		}
	}
	return "", false, false
}
