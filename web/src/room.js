/**
 * One room as this client knows it, and how what comes changes it. Pure: every function returns a new room.
 */

import { add, ends, gaps, lastSeq, newest, size } from './segments.js';

/** @import { Event, Joined, Message, User } from './protocol.js' */
/** @import { Segment } from './segments.js' */

/**
 * Something that happened and is not in the log. It is shown after the event `after`. Only `told` has `lines`.
 * @typedef {{id: number, after: number, what: 'join'|'leave'|'back'|'rename'|'welcome'|'welcome_back'|'told', name: string,
 *   old: string, lines?: string[]}} Notice
 */
/**
 * @typedef {object} Room
 * @property {string} name
 * @property {boolean} joined  the user is in the room; false until the server says so, and while the connection is lost
 * @property {number} head  the newest seq that is known to exist
 * @property {Segment[]} segments
 * @property {User[]|null} members  null when there are too many to list
 * @property {number} count  how many users are in the room
 * @property {Notice[]} notices
 * @property {{user: User, until: number}[]} typing
 * @property {number} unread  messages of others that the user has not seen
 * @property {number} newFrom  seq of the first of them, 0 for none; stays while the user looks at the room
 */

/** How long a user counts as typing after the server last said so, in milliseconds. */
export const TYPING = 6_000;

/** Events kept of a room that shows its newest ones, and the number at which older ones are dropped. */
const KEPT = 400;
const GROWN = 600;

/** The most events kept while the user reads far back. Past that, half of them are kept from the old end. */
const HELD = 5_000;

/** Notices kept: enough for a full room whose members all leave and come back. */
const NOTICES = 400;

/** @param {string} name @returns {Room} */
export function newRoom(name) {
  return {
    name, joined: false, head: 0, segments: [], members: null, count: 0, notices: [], typing: [], unread: 0, newFrom: 0,
  };
}

/**
 * The answer to `join`. When its head is below what was seen before, the server has lost its data: the client drops what it
 * has of the room.
 * @param {Room} room
 * @param {Joined} answer
 * @param {string} me  the id of this page's user
 * @param {boolean} looking
 */
export function joined(room, answer, me, looking) {
  const other = answer.head < lastSeq(room.segments);
  const known = other ? { ...newRoom(room.name), notices: [] } : room;
  const filled = received({ ...known, head: answer.head }, answer.events ?? [], me, looking || known.segments.length === 0);
  return {
    ...filled,
    joined: true,
    members: answer.members ?? (answer.count === 0 ? [] : null),
    count: answer.count ?? answer.members?.length ?? 0,
    typing: [],
  };
}

/**
 * Adds live events, or those of an absence.
 * @param {Room} room
 * @param {Event[]} events
 * @param {string} me
 * @param {boolean} looking  the user sees them come: they are not unread
 * @returns {Room}
 */
export function received(room, events, me, looking) {
  const before = lastSeq(room.segments);
  const segments = add(room.segments, events);
  const news = events.filter((event) => event.seq > before && event.kind === 'message' && event.user?.id !== me);
  const said = new Set(events.map((event) => event.user?.id));
  const unread = looking ? 0 : room.unread + news.length;
  return {
    ...room,
    segments,
    head: Math.max(room.head, lastSeq(segments)),
    typing: room.typing.filter((who) => !said.has(who.user.id)),
    unread,
    newFrom: !looking && room.unread === 0 && news.length > 0 ? news[0].seq : room.newFrom,
  };
}

/**
 * Adds a page of the history.
 * @param {Room} room
 * @param {{events?: Event[], head?: number}} answer
 * @returns {Room}
 */
export function paged(room, answer) {
  return {
    ...room,
    segments: add(room.segments, answer.events ?? []),
    head: Math.max(room.head, answer.head ?? 0),
  };
}

/**
 * Takes in who came, left or changed name. When there are too many to list, only the count comes, and the list is dropped.
 * @param {Room} room
 * @param {Message} message  of type `presence`
 * @param {string} me
 * @param {number} id  a number for the notice, not used before
 * @returns {Room}
 */
export function presence(room, message, me, id) {
  const count = Number(message.count) || room.count;
  const user = /** @type {User|undefined} */ (message.user);
  // When few enough are left, the count comes with the list.
  if (message.change === 'count' || !user) return { ...room, count, members: message.members ?? null };
  const others = room.members?.filter((member) => member.id !== user.id) ?? null;
  const members = others && (message.change === 'leave' ? others : [...others, user]);
  const next = {
    ...room,
    count,
    members,
    typing: message.change === 'leave' ? room.typing.filter((who) => who.user.id !== user.id) : room.typing,
  };
  if (user.id === me || !['join', 'leave', 'back', 'rename'].includes(message.change)) return next;
  return noted(next, { id, what: message.change, name: user.name, old: String(message.old ?? '') });
}

/**
 * Adds a notice, but not the same twice in a row: a connection that comes and goes causes the same again and again.
 * @param {Room} room
 * @param {Omit<Notice, 'after'>} notice
 * @returns {Room}
 */
export function noted(room, notice) {
  const after = lastSeq(room.segments);
  const latest = room.notices.at(-1);
  if (!notice.lines && latest?.after === after && latest.what === notice.what && latest.name === notice.name) return room;
  return { ...room, notices: [...room.notices, { ...notice, after }].slice(-NOTICES) };
}

/** @param {Room} room @param {User} user @param {number} now  milliseconds @returns {Room} */
export function typed(room, user, now) {
  const others = room.typing.filter((who) => who.user.id !== user.id);
  return { ...room, typing: [...others, { user, until: now + TYPING }] };
}

/** Removes users who stopped typing. @param {Room} room @param {number} now @returns {Room} */
export function settled(room, now) {
  const typing = room.typing.filter((who) => who.until > now);
  return typing.length === room.typing.length ? room : { ...room, typing };
}

/** The user looks at another room: what was new here and was seen no longer counts as new. @param {Room} room @returns {Room} */
export function turnedFrom(room) {
  return room.unread === 0 ? { ...room, newFrom: 0 } : room;
}

/** The user looks at the room. @param {Room} room @returns {Room} */
export function seen(room) {
  return room.unread === 0 ? room : { ...room, unread: 0 };
}

/**
 * Bounds what is kept, so that a room that is open for a week takes no more memory than a new one.
 * @param {Room} room
 * @param {boolean} held  the user reads far back: the old events are in sight
 * @returns {Room}
 */
export function trimmed(room, held) {
  const count = size(room.segments);
  let segments = room.segments;
  if (!held && count > GROWN) segments = newest(segments, KEPT);
  else if (held && count > HELD) segments = ends(segments, HELD / 2, KEPT);
  if (segments === room.segments) return room;
  const oldest = segments[0][0].seq;
  return { ...room, segments, notices: room.notices.filter((notice) => notice.after >= oldest) };
}

/** Whether there are events before those that are here. @param {Room} room */
export function hasOlder(room) {
  return room.segments.length > 0 ? room.segments[0][0].seq > 1 : false;
}

/** @param {Room} room */
export function newestGap(room) {
  return gaps(room.segments).at(-1);
}

/** Whether events are missing right after one. @param {Room} room @param {number} after  its seq */
export function hasGap(room, after) {
  return gaps(room.segments).some((gap) => gap.after === after);
}
