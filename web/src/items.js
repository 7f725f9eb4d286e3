/**
 * The rows of a room's list, top to bottom: the events, what happened between them, and the messages on their way. Pure.
 */

import { hasOlder } from './room.js';

/** @import { Event } from './protocol.js' */
/** @import { Notice, Room } from './room.js' */
/** @import { Entry } from './outbox.js' */

/**
 * One row. `key` identifies it as long as it shows the same thing. `first`: the row shows the author, because the row before
 * has another author or is much older. `names`: everybody who came, left or is back with no message between, each by the
 * last of these.
 * @typedef {{key: string, kind: 'older'} | {key: string, kind: 'beginning'} | {key: string, kind: 'new'}
 *   | {key: string, kind: 'gap', after: number, missing: number} | {key: string, kind: 'day', at: Date}
 *   | {key: string, kind: 'notice', notice: Notice, names: string[]}
 *   | {key: string, kind: 'message', event: Event, at: Date, own: boolean, first: boolean}
 *   | {key: string, kind: 'pending', entry: Entry, first: boolean}} Item
 */

/** Messages of one author that are less apart than this form a group, in milliseconds. */
const GROUP = 5 * 60_000;

/** Notices that share one row: many users come or go at once when a server restarts or a class begins. */
const FOLDED = new Set(['join', 'leave', 'back']);

/**
 * @param {Room} room
 * @param {readonly Entry[]} pending
 * @param {string} me  the id of this page's user
 * @param {(at: Date) => string} dayKey  the same value for two times of one day
 * @returns {Item[]}
 */
export function items(room, pending, me, dayKey) {
  const list = new List(room, me, dayKey);
  if (hasOlder(room)) list.items.push({ key: 'older', kind: 'older' });
  else if (room.joined || room.segments.length > 0) list.items.push({ key: 'beginning', kind: 'beginning' });
  room.segments.forEach((segment, i) => {
    const before = room.segments[i - 1]?.at(-1);
    if (before) list.notices(before.seq);
    if (before) list.gap(before.seq, segment[0].seq - before.seq - 1);
    for (const event of segment) {
      list.notices(event.seq - 1);
      if (event.kind === 'message') list.message(event);
    }
  });
  list.notices(Infinity);
  list.flush();
  for (const entry of pending) list.pending(entry);
  return list.items;
}

/** Builds a list, and remembers what it needs of the last rows. */
class List {
  /** @type {Item[]} */ items = [];
  #room;
  #me;
  #dayKey;
  #day = '';
  #speaker = '';
  #spoke = 0;
  #notice = 0;
  /** Rows about who came and left that may still grow. @type {Map<string, {notice: Notice, names: Set<string>}>} */ #folds = new Map();

  /** @param {Room} room @param {string} me @param {(at: Date) => string} dayKey */
  constructor(room, me, dayKey) {
    this.#room = room;
    this.#me = me;
    this.#dayKey = dayKey;
  }

  /** @param {number} after @param {number} missing */
  gap(after, missing) {
    this.flush();
    this.#speaker = '';
    this.items.push({ key: `gap ${after}`, kind: 'gap', after, missing });
  }

  /** @param {Event} event */
  message(event) {
    this.flush();
    const at = new Date(event.at);
    const day = this.#dayKey(at);
    if (day !== this.#day) {
      this.#day = day;
      this.#speaker = '';
      this.items.push({ key: `day ${day} ${event.seq}`, kind: 'day', at });
    }
    if (event.seq === this.#room.newFrom) {
      this.#speaker = '';
      this.items.push({ key: `new ${event.seq}`, kind: 'new' });
    }
    const first = this.#beginsGroup(`${event.user.id} ${event.user.name}`, at.getTime());
    this.items.push({ key: `seq ${event.seq}`, kind: 'message', event, at, own: event.user.id === this.#me, first });
  }

  /** Adds the notices up to `seq` that are not in the list yet. @param {number} seq */
  notices(seq) {
    const { notices } = this.#room;
    for (; this.#notice < notices.length && notices[this.#notice].after <= seq; this.#notice++) {
      const notice = notices[this.#notice];
      this.#speaker = '';
      if (!FOLDED.has(notice.what)) this.flush();
      for (const { names } of this.#folds.values()) names.delete(notice.name); // a user who left and is back is back
      const fold = this.#folds.get(notice.what) ?? { notice, names: new Set() };
      fold.names.add(notice.name);
      this.#folds.delete(notice.what); // the kind that happened last is shown last
      this.#folds.set(notice.what, fold);
      if (!FOLDED.has(notice.what)) this.flush();
    }
  }

  /** Ends the rows that may still grow. */
  flush() {
    for (const { notice, names } of this.#folds.values()) {
      if (names.size > 0) this.items.push({ key: `notice ${notice.id}`, kind: 'notice', notice, names: [...names] });
    }
    this.#folds.clear();
  }

  /** @param {Entry} entry */
  pending(entry) {
    const first = this.#beginsGroup('', entry.typed);
    this.items.push({ key: `cid ${entry.cid}`, kind: 'pending', entry, first });
  }

  /** @param {string} speaker @param {number} at @returns {boolean} whether a group begins */
  #beginsGroup(speaker, at) {
    const mine = speaker === '' || speaker.startsWith(`${this.#me} `);
    const who = mine ? this.#me : speaker;
    const begins = who !== this.#speaker || Math.abs(at - this.#spoke) >= GROUP;
    this.#speaker = who;
    this.#spoke = at;
    return begins;
  }
}
