package accounts

import (
	"context"
	"errors"
	"time"

	"salon/internal/chat"
)

// The errors of every engine. Others are bugs or broken data.
var (
	// ErrUnavailable says that the store did not answer or could not write. What was asked may or may not have happened.
	ErrUnavailable = chat.ErrUnavailable
	// ErrClosed says that the store was closed.
	ErrClosed = chat.ErrClosed
	// ErrNotFound says that there is no such user or token.
	ErrNotFound = errors.New("accounts: not found")
	// ErrNameTaken says that another user holds the name.
	ErrNameTaken = errors.New("accounts: name taken")
)

// Identity is a user as stored: what every node must know to recognise the user again.
type Identity struct {
	User    chat.User
	Created time.Time // UTC, whole milliseconds
}

// Store keeps the users, their tokens (as hashes) and who holds which name. Times come from the caller, so that one
// clock, the node's, decides and tests can move it.
type Store interface {
	// PutUser stores u, new or changed (its name, its colour). Errors: [ErrUnavailable], [ErrClosed].
	PutUser(ctx context.Context, u Identity) error

	// AddToken makes hash one of user's tokens. Errors: [ErrUnavailable], [ErrClosed].
	AddToken(ctx context.Context, hash chat.TokenHash, user chat.UserID, now time.Time) error

	// UserByToken finds the user whose token has this hash. Errors: [ErrNotFound] (unknown or revoked), [ErrUnavailable],
	// [ErrClosed].
	UserByToken(ctx context.Context, hash chat.TokenHash) (Identity, error)

	// RevokeToken makes hash nobody's token. Revoking a token that is nobody's already is no error. Errors:
	// [ErrUnavailable], [ErrClosed].
	RevokeToken(ctx context.Context, hash chat.TokenHash) error

	// ClaimName gives the name with this key (see [chat.NameKey]) to user until the time given, if the name is free, is held
	// by user, or was held until now or earlier. It is atomic: of two users, on whatever nodes, one gets the name. A hold by
	// the same user is moved to until, sooner or later. Errors: [ErrNameTaken], [ErrUnavailable], [ErrClosed].
	ClaimName(ctx context.Context, key string, user chat.UserID, now, until time.Time) error

	// FreeName ends user's hold of the name with this key, if the hold still ends at until, in whole milliseconds. A hold
	// that was claimed again or renewed since, on whatever node, stays. Errors: [ErrUnavailable], [ErrClosed].
	FreeName(ctx context.Context, key string, user chat.UserID, until time.Time) error

	// RenewNames moves the ends of many holds to until, at once. Holds whose name belongs to another user by now are passed
	// over. Errors: [ErrUnavailable], [ErrClosed].
	RenewNames(ctx context.Context, held []Hold, until time.Time) error
}

// Hold is a name that belongs to a user for some time.
type Hold struct {
	Key  string // see [chat.NameKey]
	User chat.UserID
}

// Exporter reads out everything that is stored about users, for a move to another engine. Every engine of this project is
// an Exporter and an [Importer].
type Exporter interface {
	// ExportUsers gives the identities with their tokens and the names they hold, ordered by user id: those after the id
	// given ("" for the start), at most limit. Errors: [ErrUnavailable], [ErrClosed].
	ExportUsers(ctx context.Context, after chat.UserID, limit int) ([]Record, error)
}

// Importer writes what an [Exporter] reads.
type Importer interface {
	// ImportUsers stores records as they are. Users that are stored already are replaced, with their tokens and names.
	// Errors: [ErrUnavailable], [ErrClosed].
	ImportUsers(ctx context.Context, users []Record) error
}

// Record is all that is stored about a user.
type Record struct {
	Identity Identity
	Tokens   []Token
	Names    []HeldName
}

// Token is a stored token.
type Token struct {
	Hash  chat.TokenHash
	Added time.Time
}

// HeldName is a name and until when it is held.
type HeldName struct {
	Key   string
	Until time.Time
}
