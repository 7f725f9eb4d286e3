package history

import (
	"context"
	"time"

	"salon/internal/chat"
)

// Identity is a user as kept: what every node must know to bring it back.
type Identity struct {
	User    chat.User
	Created time.Time // UTC, whole milliseconds
}

// Identities are the users, their tokens (as hashes) and who holds which name. Times come from the caller, so that one
// clock, the node's, decides and tests can move it.
type Identities interface {
	// PutUser stores u, new or changed (its name, its colour). Errors: [ErrUnavailable], [ErrClosed].
	PutUser(ctx context.Context, u Identity) error

	// AddToken makes hash one of user's tokens. Errors: [ErrUnavailable], [ErrClosed].
	AddToken(ctx context.Context, hash chat.TokenHash, user chat.UserID, now time.Time) error

	// UserByToken finds whose token has this hash. Errors: [ErrNotFound] (unknown or revoked), [ErrUnavailable], [ErrClosed].
	UserByToken(ctx context.Context, hash chat.TokenHash) (Identity, error)

	// RevokeToken makes hash nobody's token. One that is nobody's already is no error. Errors: [ErrUnavailable], [ErrClosed].
	RevokeToken(ctx context.Context, hash chat.TokenHash) error

	// ClaimName gives the name with this key (see [chat.NameKey]) to user until the time given, if it is free, held by
	// user, or its hold ended at or before now. It is atomic: of two users, on whatever nodes, one gets it. A hold by the
	// same user is moved to until, sooner or later. Errors: [ErrNameTaken], [ErrUnavailable], [ErrClosed].
	ClaimName(ctx context.Context, key string, user chat.UserID, now, until time.Time) error

	// FreeName ends user's hold of the name with this key, if it still ends at until, in whole milliseconds: one that was
	// claimed again or renewed since, on whatever node, stays. Errors: [ErrUnavailable], [ErrClosed].
	FreeName(ctx context.Context, key string, user chat.UserID, until time.Time) error

	// RenewNames moves the ends of many holds to until, at once; those whose name is not theirs (any more) are passed over.
	// Errors: [ErrUnavailable], [ErrClosed].
	RenewNames(ctx context.Context, held []Hold, until time.Time) error
}

// Hold is a name in a user's hands.
type Hold struct {
	Key  string // see [chat.NameKey]
	User chat.UserID
}

// Exporter and Importer carry a whole history from one engine to another, numbers and times as they are.
// Every engine of this project is both.

// Exporter reads out what [Log] does not list.
type Exporter interface {
	// ExportUsers gives the identities with their tokens and the names they hold, ordered by user id, those after the one
	// given ("" for the start), at most limit. Errors: [ErrUnavailable], [ErrClosed].
	ExportUsers(ctx context.Context, after chat.UserID, limit int) ([]UserRecord, error)
}

// Importer writes what an Exporter and [Log.Read] read.
type Importer interface {
	// SetID makes id this history's name. Only for one that holds no event and no user yet, or has this name already.
	// Errors: [ErrConflict], [ErrUnavailable], [ErrClosed].
	SetID(ctx context.Context, id string) error
	// ImportUsers stores records as they are; those stored already are replaced, with their tokens and names.
	// Errors: [ErrUnavailable], [ErrClosed].
	ImportUsers(ctx context.Context, users []UserRecord) error
	// ImportEvents stores events with the numbers and times they have; they follow room's head without a hole, save for
	// those stored already, which are passed over when they are the same. After an error some of them may be stored,
	// without a hole. Errors: [ErrConflict] (a hole, or another event has the number or the cid), [ErrTooLarge],
	// [ErrUnavailable], [ErrClosed].
	ImportEvents(ctx context.Context, room chat.RoomID, events []chat.Event) error
}

// UserRecord is all that is kept of a user.
type UserRecord struct {
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
