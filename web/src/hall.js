/** The rooms that the user is in, which one is shown, and how what comes changes them. Sends nothing to the server. */

import * as rooms from './room.js';
import { lastSeq } from './segments.js';

/** @import { Event, Joined, Message } from './protocol.js' */
/** @import { Notice, Room } from './room.js' */

export class Hall {
  /** @type {Map<string, Room>} */ rooms = new Map();
  current = '';
  /** The id of this page's user. */
  me = '';

  #onHead;
  #looking = true;
  /** @type {Set<string>} */ #held = new Set();
  #notices = 0;

  /** @param {(room: string, head: number, cids: Set<string>) => void} onHead  told the cids of the user's own events and the newest seq */
  constructor(onHead) {
    this.#onHead = onHead;
  }

  /** @param {string[]} names @param {string} current */
  open(names, current) {
    this.rooms = new Map(names.map((name) => [name, rooms.newRoom(name)]));
    this.current = current;
  }

  /** @param {string} name */
  add(name) {
    this.rooms.set(name, rooms.newRoom(name));
  }

  /** @param {string} name */
  remove(name) {
    this.rooms.delete(name);
    this.#held.delete(name);
  }

  /** @param {string} name */
  show(name) {
    if (name !== this.current) this.#change(this.current, rooms.turnedFrom);
    this.current = name;
    this.look(this.#looking);
  }

  /** Tells whether the page is in sight. @param {boolean} looking */
  look(looking) {
    this.#looking = looking;
    this.#look();
  }

  /**
   * Tells whether the user reads earlier messages of a room: those must stay, and new ones are not seen.
   * @param {string} name @param {boolean} on
   */
  hold(name, on) {
    if (on) this.#held.add(name);
    else this.#held.delete(name);
    this.#look();
  }

  #look() {
    if (this.#sees(this.current)) this.#change(this.current, rooms.seen);
  }

  /** The user sent a message: nothing above it counts as new any more. @param {string} name */
  answered(name) {
    this.#change(name, (room) => ({ ...room, unread: 0, newFrom: 0 }));
  }

  /** The user is no longer in a room, for the server. @param {string} [name]  all rooms when left out */
  outside(name) {
    for (const room of name === undefined ? this.rooms.keys() : [name]) {
      this.#change(room, (known) => ({ ...known, joined: false, typing: [] }));
    }
  }

  /** @param {Joined} answer @returns {boolean} false when the log is another one than before, and the room has to be joined again */
  joined(answer) {
    const room = this.rooms.get(answer.room);
    if (!room) return true;
    const foreign = answer.head < lastSeq(room.segments);
    this.#take(rooms.joined(room, answer, this.me, this.#sees(room.name)), answer.events ?? []);
    return !foreign;
  }

  /** @param {string} name @param {{events: Event[], head: number}} page */
  page(name, page) {
    const room = this.rooms.get(name);
    if (room) this.#take(rooms.paged(room, page), page.events);
  }

  /** @param {Event} event @returns {boolean} whether something is missing before it */
  event(event) {
    const room = this.rooms.get(event.room);
    if (!room) return false;
    const ahead = room.segments.length > 0 && event.seq > lastSeq(room.segments) + 1;
    this.#take(rooms.received(room, [event], this.me, this.#sees(room.name)), [event]);
    return ahead;
  }

  /** @param {Message} message */
  presence(message) {
    this.#change(message.room, (room) => rooms.presence(room, message, this.me, ++this.#notices));
  }

  /** @param {Message} message */
  typing(message) {
    this.#change(message.room, (room) => rooms.typed(room, message.user, Date.now()));
  }

  /** Removes users who stopped typing. @param {string} name @param {() => void} changed */
  settle(name, changed) {
    this.#change(name, (room) => rooms.settled(room, Date.now()));
    changed();
  }

  /** @param {string} name @param {Notice['what']} what @param {string} who @param {string[]} [lines] */
  note(name, what, who, lines) {
    this.#change(name, (room) => rooms.noted(room, { id: ++this.#notices, what, name: who, old: '', lines }));
  }

  /** Keeps a room after events were added. @param {Room} room @param {Event[]} events */
  #take(room, events) {
    const mine = events.filter((event) => event.cid && event.user?.id === this.me);
    this.#onHead(room.name, lastSeq(room.segments), new Set(mine.map((event) => String(event.cid))));
    this.rooms.set(room.name, rooms.trimmed(room, this.#held.has(room.name)));
  }

  /** @param {string} name */
  #sees(name) {
    return this.#looking && name === this.current && !this.#held.has(name);
  }

  /** @param {string} name @param {(room: Room) => Room} change */
  #change(name, change) {
    const room = this.rooms.get(name);
    if (room) this.rooms.set(name, change(room));
  }
}
