-- Version 2. The cid comes first: those of Salon's clients begin with the time, so that what all rooms store in one moment stands
-- together here, on a few pages instead of one for each room.
DROP INDEX sends;
CREATE UNIQUE INDEX sends ON events (cid, room, sender);
