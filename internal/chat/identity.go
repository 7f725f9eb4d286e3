package chat

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"time"
)

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func randomID(prefix string, n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return prefix + idEncoding.EncodeToString(b)
}

// NewUserID makes an identity that nobody has.
func NewUserID() UserID { return UserID(randomID("u_", 10)) }

// NewSessionID names one connection.
func NewSessionID() string { return randomID("s_", 10) }

// NewNodeID names one run of one server.
func NewNodeID() string { return randomID("n_", 10) }

// cidEncoding keeps the order of what it encodes.
var cidEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// NewCID names a send: the time in milliseconds, then 48 random bits. Names that begin alike when they are of one moment
// stand together in the index of what was sent, and storing many of them touches few pages.
func NewCID() string {
	var b [14]byte
	binary.BigEndian.PutUint64(b[:8], uint64(time.Now().UnixMilli()))
	rand.Read(b[8:])
	return cidEncoding.EncodeToString(b[2:])
}

// NewToken makes the secret that brings a user back: 256 random bits, base64url.
func NewToken() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// A new user's client may name it by a secret of its own, so that a hello whose answer was lost can be said again. Such a
// secret has from MinSecret (as many as 128 random bits need in base64) to MaxSecret bytes.
const (
	MinSecret = 22
	MaxSecret = 128
)

// IdentityOf gives the user that a new user's secret stands for, and its token: always the same. Neither tells the secret,
// nor the one the other.
func IdentityOf(secret string) (UserID, string) {
	id, token := sha256.Sum256([]byte("salon user\n"+secret)), sha256.Sum256([]byte("salon token\n"+secret))
	return UserID("u_" + idEncoding.EncodeToString(id[:10])), base64.RawURLEncoding.EncodeToString(token[:])
}

// TokenHash is what is stored of a token. A plain hash will do: nobody guesses 256 random bits.
type TokenHash [sha256.Size]byte

// HashToken gives what to store or look up for token.
func HashToken(token string) TokenHash { return sha256.Sum256([]byte(token)) }

// palette holds colours with a contrast of at least 4.5 on white (WCAG 2.2, 1.4.3), far enough apart to tell people by.
var palette = [...]string{
	"#7c3aed", "#0f766e", "#b91c1c", "#1d4ed8", "#a21caf", "#15803d", "#c2410c", "#0e7490",
	"#be185d", "#4d7c0f", "#6d28d9", "#b45309", "#0369a1", "#9f1239", "#4338ca", "#047857",
}

// ColorOf gives a user's colour, "#rrggbb", always the same for one identity.
func ColorOf(id UserID) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	return palette[h.Sum32()%uint32(len(palette))]
}
