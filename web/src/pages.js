/**
 * Loads missing events of rooms: earlier pages, and gaps. At most one request at a time for the same place. One that fails
 * for now is tried again: after a pause that grows, and at once when the user is in the room again or asks.
 */

import { pause } from './backoff.js';
import { hasGap, hasOlder, newestGap } from './room.js';

/** @import { Answered } from './connection.js' */
/** @import { Event, Message, RequestError } from './protocol.js' */
/** @import { Room } from './room.js' */

/** Events asked for in one page, and the most that a server gives. */
const PAGE = 100;
const MOST = 200;

/** A gap before a live event is loaded at once up to this many events; a longer one when the user asks. */
const FILL = 1_000;

/**
 * @typedef {object} Source  where pages come from and go to
 * @property {(message: Message, answered: Answered) => void} request
 * @property {(name: string) => Room|undefined} room
 * @property {(name: string, page: {events: Event[], head: number}) => void} onPage
 * @property {(error: RequestError, name: string) => void} onProblem
 * @property {() => void} onChange
 * @property {() => number} random
 */
/**
 * A place to load. `needed` tells whether it is still missing; `then` is told whether any events came.
 * @typedef {{name: string, what: string, page: object, needed: (room: Room) => boolean, then: (got: boolean) => void}} Place
 */

export class Pages {
  /** What is being loaded, also between two tries: `room older`, `room gap seq`. */
  loading = /** @type {Set<string>} */ (new Set());

  /** What failed and is tried again later, by its key in `loading`. @type {Map<string, {place: Place, timer: any}>} */
  #later = new Map();
  /** How often each failed in a row. @type {Map<string, number>} */
  #failures = new Map();
  #source;

  /** @param {Source} source */
  constructor(source) {
    this.#source = source;
  }

  /** Loads the page before the events that are here. @param {string} name */
  older(name) {
    const room = this.#source.room(name);
    if (!room || !hasOlder(room)) return;
    const before = room.segments[0][0].seq;
    const needed = (/** @type {Room} */ now) => now.segments[0]?.[0].seq === before;
    this.#load({ name, what: `${name} older`, page: { before, limit: PAGE }, needed, then: () => {} });
  }

  /** Loads the events after `after`, where some are missing. @param {string} name @param {number} after */
  gap(name, after) {
    this.#loadGap(name, after, PAGE, () => {});
  }

  /** Loads all of the newest gap, which appeared before a live event. @param {string} name */
  fill(name) {
    const room = this.#source.room(name);
    const gap = room && newestGap(room);
    if (!gap || gap.before - gap.after > FILL) return;
    this.#loadGap(name, gap.after, Math.min(MOST, gap.before - gap.after - 1), (got) => got && this.fill(name));
  }

  /** Tries at once what failed in a room: the user is in it again. @param {string} name */
  again(name) {
    for (const { place } of [...this.#later.values()]) if (place.name === name) this.#load(place);
  }

  /** Gives up everything: the user leaves the server. */
  stop() {
    for (const { timer } of this.#later.values()) clearTimeout(timer);
    this.#later.clear();
    this.#failures.clear();
    this.loading.clear();
  }

  /** @param {string} name @param {number} after @param {number} limit @param {(got: boolean) => void} then */
  #loadGap(name, after, limit, then) {
    const needed = (/** @type {Room} */ now) => hasGap(now, after);
    this.#load({ name, what: `${name} gap ${after}`, page: { after, limit }, needed, then });
  }

  /** @param {Place} place */
  #load(place) {
    const { name, what, page } = place;
    const waiting = this.#later.get(what);
    if (this.loading.has(what) && !waiting) return;
    clearTimeout(waiting?.timer);
    this.#later.delete(what);
    this.loading.add(what);
    this.#source.request({ type: 'history', room: name, ...page }, (error, answer) => {
      if (error?.temporary && this.#retryLater(place, error)) return;
      this.loading.delete(what);
      this.#failures.delete(what);
      if (!error) {
        const events = answer.events ?? [];
        this.#source.onPage(name, { events, head: answer.head });
        place.then(events.length > 0);
      } else if (!error.temporary) {
        this.#source.onProblem(error, name);
      }
      this.#source.onChange();
    });
    this.#source.onChange();
  }

  /** @param {Place} place @param {RequestError} error @returns {boolean} false when it is no longer missing */
  #retryLater(place, error) {
    const { name, what, needed } = place;
    const room = this.#source.room(name);
    if (!this.loading.has(what) || !room || !needed(room)) return false;
    const failures = this.#failures.get(what) ?? 0;
    this.#failures.set(what, failures + 1);
    const timer = setTimeout(() => {
      const now = this.#source.room(name);
      if (now && needed(now)) return this.#load(place);
      this.#later.delete(what);
      this.loading.delete(what);
      this.#failures.delete(what);
      this.#source.onChange();
    }, Math.max(error.retryAfter, pause(failures, this.#source.random)));
    this.#later.set(what, { place, timer });
    return true;
  }
}
