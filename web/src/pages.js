/** Loads missing events of rooms: earlier pages, and gaps. At most one request at a time for the same place. */

import { hasOlder, newestGap } from './room.js';

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
 */

export class Pages {
  /** What is being loaded: `room older`, `room gap seq`. */
  loading = /** @type {Set<string>} */ (new Set());

  #source;

  /** @param {Source} source */
  constructor(source) {
    this.#source = source;
  }

  /** Loads the page before the events that are here. @param {string} name */
  older(name) {
    const room = this.#source.room(name);
    if (room && hasOlder(room)) this.#read(name, `${name} older`, { before: room.segments[0][0].seq, limit: PAGE });
  }

  /** Loads the events after `after`, where some are missing. @param {string} name @param {number} after */
  gap(name, after) {
    this.#read(name, `${name} gap ${after}`, { after, limit: PAGE });
  }

  /** Loads all of the newest gap, which appeared before a live event. @param {string} name */
  fill(name) {
    const room = this.#source.room(name);
    const gap = room && newestGap(room);
    if (!gap || gap.before - gap.after > FILL) return;
    const limit = Math.min(MOST, gap.before - gap.after - 1);
    this.#read(name, `${name} gap ${gap.after}`, { after: gap.after, limit }, (got) => got && this.fill(name));
  }

  /**
   * @param {string} name
   * @param {string} what  its key in `loading`
   * @param {object} page  the request's fields
   * @param {(got: boolean) => void} [then]  told whether any events came
   */
  #read(name, what, page, then = () => {}) {
    if (this.loading.has(what)) return;
    this.loading.add(what);
    this.#source.request({ type: 'history', room: name, ...page }, (error, answer) => {
      this.loading.delete(what);
      if (!error) {
        const events = answer.events ?? [];
        this.#source.onPage(name, { events, head: answer.head });
        then(events.length > 0);
      } else if (!error.temporary) {
        this.#source.onProblem(error, name);
      }
      this.#source.onChange();
    });
    this.#source.onChange();
  }
}
