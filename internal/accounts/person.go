package accounts

import (
	"strings"
	"time"

	"salon/internal/chat"
)

// Person is one session's share in a user. [Directory.Identify] gives it, and the session releases it at its end.
type Person struct {
	directory *Directory
	entry     *entry
}

// User gives the user as it is now. It is cheap, since it is asked for every message that is sent.
func (p *Person) User() chat.User { return *p.entry.user.Load() }

// ID gives the user's lasting identity.
func (p *Person) ID() chat.UserID { return p.User().ID }

// Guest tells whether the user came by text mode: it has no token, and its name is free as soon as it goes.
func (p *Person) Guest() bool { return p.entry.guest }

// Created tells when the user was made.
func (p *Person) Created() time.Time { return p.entry.created }

// Renames gives the name that the user would take by [Directory.Rename], "" if that would change nothing. It asks no store,
// so that callers can count changes of names against a limit. Errors: [chat.CodeInvalidName].
func (p *Person) Renames(typed string) (string, error) {
	if strings.TrimSpace(typed) == "" {
		return "", nil
	}
	return newName(typed, p.User().Name)
}

// Release ends the session's share. Call it once; afterwards the Person may only be read. If free is set, and no other session
// has the user, its name is free at once. That is for a new user who never used its token; the name of a guest is freed in
// any case. Release may wait for the store, but not long.
func (p *Person) Release(free bool) { p.directory.leave(p.entry, free || p.entry.guest) }

// newName gives the name that was typed, "" if that is the present one, whatever rules this one was given under.
func newName(typed, present string) (string, error) {
	name, err := chat.ParseName(typed)
	if name == present {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return name, nil
}
