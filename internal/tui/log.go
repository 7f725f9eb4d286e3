package tui

import (
	"fmt"
	"os"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// logFile records the talk: a line for each message and announcement since the user joined.
//
//	2026-11-22 14:00:00 +0100 #lobby ada: bonjour
//	2026-11-22 14:00:07 +0100 #lobby * Annonce : ada a quitté la chatroom
//
// Further lines of a text are indented. A nil logFile records nothing.
type logFile struct {
	f   *os.File
	err error // the first one: told once
}

const logTime = "2006-01-02 15:04:05 -0700"

func openLog(path string) (*logFile, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &logFile{f: f}, nil
}

func (l *logFile) event(e *chat.Event) error {
	return l.write(e.At, e.Room, protocol.Visible(e.User.Name)+": "+protocol.Visible(e.Text))
}

func (l *logFile) announce(at time.Time, room chat.RoomID, line string) error {
	return l.write(at, room, "* "+line)
}

// write returns the first error of a write, once.
func (l *logFile) write(at time.Time, room chat.RoomID, what string) error {
	if l == nil || l.err != nil {
		return nil
	}
	_, l.err = fmt.Fprintf(l.f, "%s #%s %s\n", at.Local().Format(logTime), protocol.Visible(string(room)), what)
	return l.err
}

func (l *logFile) close() {
	if l != nil {
		l.f.Close()
	}
}
