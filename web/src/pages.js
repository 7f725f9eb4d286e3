/** Reads what is missing of rooms' logs: what came before, and holes. One reading of one place at a time. */

import { hasOlder, newestGap } from './room.js';

/** @import { Answered } from './connection.js' */
/** @import { Event, Message, RequestError } from './protocol.js' */
/** @import { Room } from './room.js' */

/** Events asked for in one page; hubs give at most 200. */
const PAGE = 100;
const MOST = 200;

/** A hole in what comes live is read at once up to this many events; a longer one when the person asks. */
const FILL = 1_000;

/**
 * @typedef {object} Shelf  where pages come from and go to
 * @property {(message: Message, answered: Answered) => void} request
 * @property {(name: string) => Room|undefined} room
 * @property {(name: string, page: {events: Event[], head: number}) => void} onPage
 * @property {(error: RequestError, name: string) => void} onProblem
 * @property {() => void} onChange
 */

export class Pages {
  /** What is being read: `room older`, `room gap seq`. */
  loading = /** @type {Set<string>} */ (new Set());

  #shelf;

  /** @param {Shelf} shelf */
  constructor(shelf) {
    this.#shelf = shelf;
  }

  /** Reads the page before what is here. @param {string} name */
  older(name) {
    const room = this.#shelf.room(name);
    if (room && hasOlder(room)) this.#read(name, `${name} older`, { before: room.segments[0][0].seq, limit: PAGE });
  }

  /** Reads on behind `after`, where something is missing. @param {string} name @param {number} after */
  gap(name, after) {
    this.#read(name, `${name} gap ${after}`, { after, limit: PAGE });
  }

  /** Reads all of a hole that appeared in what comes live. @param {string} name */
  fill(name) {
    const room = this.#shelf.room(name);
    const gap = room && newestGap(room);
    if (!gap || gap.before - gap.after > FILL) return;
    const limit = Math.min(MOST, gap.before - gap.after - 1);
    this.#read(name, `${name} gap ${gap.after}`, { after: gap.after, limit }, (got) => got && this.fill(name));
  }

  /**
   * @param {string} name
   * @param {string} what  its key in `loading`
   * @param {object} page  the request's fields
   * @param {(got: boolean) => void} [then]  told whether there was anything
   */
  #read(name, what, page, then = () => {}) {
    if (this.loading.has(what)) return;
    this.loading.add(what);
    this.#shelf.request({ type: 'history', room: name, ...page }, (error, answer) => {
      this.loading.delete(what);
      if (!error) {
        const events = answer.events ?? [];
        this.#shelf.onPage(name, { events, head: answer.head });
        then(events.length > 0);
      } else if (!error.temporary) {
        this.#shelf.onProblem(error, name);
      }
      this.#shelf.onChange();
    });
    this.#shelf.onChange();
  }
}
