-- Salon's embedded history, version 1. Times are milliseconds since 1970-01-01 UTC. References are not enforced at every
-- write, which would cost lookups; the tests check them.

-- One row: this history's lasting, random name.
CREATE TABLE meta (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	id  TEXT NOT NULL
) STRICT;

CREATE TABLE rooms (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

-- Whoever said something. An identity of its own, since a guest need not be among the users.
CREATE TABLE senders (
	id   INTEGER PRIMARY KEY,
	user TEXT NOT NULL UNIQUE
) STRICT;

-- A sender as it was when it said something.
CREATE TABLE authors (
	id     INTEGER PRIMARY KEY,
	sender INTEGER NOT NULL REFERENCES senders (id),
	name   TEXT NOT NULL,
	color  TEXT NOT NULL,
	UNIQUE (sender, name, color)
) STRICT;

-- The rooms' logs, each in one piece and in order.
CREATE TABLE events (
	room   INTEGER NOT NULL REFERENCES rooms (id),
	seq    INTEGER NOT NULL CHECK (seq > 0),
	at     INTEGER NOT NULL,
	kind   TEXT NOT NULL,
	sender INTEGER NOT NULL REFERENCES senders (id),
	author INTEGER NOT NULL REFERENCES authors (id),
	cid    TEXT NOT NULL,
	text   TEXT NOT NULL,
	PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

-- What was sent before. The cid comes first because it tells sends apart soonest.
CREATE UNIQUE INDEX sends ON events (room, cid, sender);

CREATE TABLE users (
	id      TEXT PRIMARY KEY,
	name    TEXT NOT NULL,
	color   TEXT NOT NULL,
	created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
	hash  BLOB PRIMARY KEY,
	user  TEXT NOT NULL,
	added INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_user ON tokens (user);

CREATE TABLE names (
	key   TEXT PRIMARY KEY,
	user  TEXT NOT NULL,
	until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX names_user ON names (user);

-- For people with a shell.
CREATE VIEW log AS
	SELECT r.name AS room, e.seq, strftime('%Y-%m-%d %H:%M:%f', e.at / 1000.0, 'unixepoch') AS at,
		e.kind, s.user, a.name, e.cid, e.text
	FROM events e
	JOIN rooms r ON r.id = e.room
	JOIN authors a ON a.id = e.author
	JOIN senders s ON s.id = e.sender;
