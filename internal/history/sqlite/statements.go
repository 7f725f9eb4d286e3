package sqlite

import (
	"salon/internal/chat"
	"salon/internal/sqliteconn"
)

// What is run inside the writer's transactions.
const (
	insertEvent = `INSERT INTO events (room, seq, at, kind, sender, author, cid, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (room, cid, sender) DO NOTHING`
	insertRoom   = "INSERT INTO rooms (name) VALUES (?) RETURNING id"
	selectSender = "SELECT id FROM senders WHERE user = ?"
	insertSender = "INSERT INTO senders (user) VALUES (?) RETURNING id"
	selectAuthor = "SELECT id FROM authors WHERE sender = ? AND name = ? AND color = ?"
	insertAuthor = "INSERT INTO authors (sender, name, color) VALUES (?, ?, ?) RETURNING id"
	selectSent   = selectEvents + "WHERE e.room = ? AND e.cid = ? AND e.sender = ?"
)

const (
	// selectRoom finds a room with its head, for [roomOf].
	selectRoom = `SELECT r.id, e.seq, e.at FROM rooms r
		LEFT JOIN events e ON e.room = r.id AND e.seq = (SELECT max(seq) FROM events WHERE room = r.id)
		WHERE r.name = ?`
	// selectRooms lists rooms with their heads.
	selectRooms = `SELECT r.name, e.seq, e.at FROM rooms r
		JOIN events e ON e.room = r.id AND e.seq = (SELECT max(seq) FROM events WHERE room = r.id)
		WHERE r.name > ? ORDER BY r.name LIMIT ?`
	// selectEvents begins the statements that select events, for [eventOf].
	selectEvents = `SELECT e.seq, e.at, e.kind, s.user, a.name, a.color, e.cid, e.text FROM events e
		JOIN senders s ON s.id = e.sender JOIN authors a ON a.id = e.author `
	// selectPage selects the events of a room from one number to another.
	selectPage = selectEvents + "WHERE e.room = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq"
)

func roomOf(row sqliteconn.Row) room {
	return room{id: row.Int(0), head: uint64(row.Int(1)), at: row.Int(2)}
}

func eventOf(name chat.RoomID, row sqliteconn.Row) chat.Event {
	return chat.Event{
		Room: name, Seq: uint64(row.Int(0)), At: row.Time(1), Kind: chat.Kind(row.Text(2)),
		User: chat.User{ID: chat.UserID(row.Text(3)), Name: row.Text(4), Color: row.Text(5)},
		CID:  row.Text(6), Text: row.Text(7),
	}
}
