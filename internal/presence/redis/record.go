package redis

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

// fieldOf names a session's being in a room within its node's hash. Room names have no '/'.
func fieldOf(room chat.RoomID, session string) string { return string(room) + "/" + session }

// splitField undoes fieldOf.
func splitField(field string) (chat.RoomID, string) {
	room, session, _ := strings.Cut(field, "/")
	return chat.RoomID(room), session
}

// recordOf is what Redis holds of a session: since when it is in the room, and its user.
func recordOf(s presence.Session) (string, error) {
	var b bytes.Buffer
	b.WriteString(s.At.UTC().Format(time.RFC3339))
	b.WriteByte(' ')
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // people read it
	if err := enc.Encode(s.User); err != nil {
		return "", fmt.Errorf("presence: user %s: %w", s.User.ID, err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// userFrom reads a user as a script gives it.
func userFrom(card string) (chat.User, error) {
	var u chat.User
	if err := json.Unmarshal([]byte(card), &u); err != nil {
		return chat.User{}, unavailable(fmt.Errorf("redis holds a user that cannot be read: %w", err))
	}
	return u, nil
}

// weight is what a session adds to its node's digest: the first 40 bits of a hash, as the scripts have it. Sums of a
// million stay exact in the scripts' numbers, and two sets that differ have the same sum once in a million million.
func weight(field, record string) int64 {
	sum := sha1.Sum([]byte(field + "\n" + record))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 24)
}
