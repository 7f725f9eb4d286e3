/** The rooms we are in, which one is shown, and what each thing that comes does to them. Asks nothing of the server. */

import * as rooms from './room.js';
import { lastSeq } from './segments.js';

/** @import { Event, Joined, Message } from './protocol.js' */
/** @import { Notice, Room } from './room.js' */

export class Hall {
  /** @type {Map<string, Room>} */ rooms = new Map();
  current = '';
  /** Our own user's id. */
  me = '';

  #onHead;
  #looking = true;
  /** @type {Set<string>} */ #held = new Set();
  #notices = 0;

  /** @param {(room: string, head: number, cids: Set<string>) => void} onHead  told of own events and the newest seq */
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

  /** Whether the person has the page before them. @param {boolean} looking */
  look(looking) {
    this.#looking = looking;
    this.#look();
  }

  /**
   * Whether the person reads further up in a room: its old end must stay, and what comes at the other is not seen.
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

  /** The person answered: what was new to them no longer is. @param {string} name */
  answered(name) {
    this.#change(name, (room) => ({ ...room, unread: 0, newFrom: 0 }));
  }

  /** The server does not count us in any more. @param {string} [name]  in all rooms unless told */
  outside(name) {
    for (const room of name === undefined ? this.rooms.keys() : [name]) {
      this.#change(room, (known) => ({ ...known, joined: false, typing: [] }));
    }
  }

  /** @param {Joined} answer @returns {boolean} false when the room was not the one we knew, and is to be joined anew */
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

  /** Forgets who stopped typing. @param {string} name @param {() => void} changed */
  settle(name, changed) {
    this.#change(name, (room) => rooms.settled(room, Date.now()));
    changed();
  }

  /** @param {string} name @param {Notice['what']} what @param {string} who @param {string[]} [lines] */
  note(name, what, who, lines) {
    this.#change(name, (room) => rooms.noted(room, { id: ++this.#notices, what, name: who, old: '', lines }));
  }

  /** Keeps a room that took in events. @param {Room} room @param {Event[]} events */
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
