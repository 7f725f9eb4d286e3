package chat

// ChangeKind says what changed in who is in a room.
type ChangeKind string

// The kinds of change.
const (
	ChangeJoin   ChangeKind = "join"   // the user came: its first session in the room
	ChangeBack   ChangeKind = "back"   // the same, of a user that was known before
	ChangeLeave  ChangeKind = "leave"  // the user went: its last session left
	ChangeRename ChangeKind = "rename" // the user has another name
	ChangeCount  ChangeKind = "count"  // a crowd has another number of users, or is a crowd no more
)

// Change is a change in who is in a room. Nothing of it is stored: a member that misses one has lost nothing.
type Change struct {
	Kind    ChangeKind
	User    User   // who; the zero User in a ChangeCount
	Old     string // the name before, in a ChangeRename
	Count   int    // how many users are in the room afterwards
	Members []User // all of them, by name, where a crowd ends; else nil
}
