/** Brings the outbox to the server, in the order typed, each entry until it is stored or refused for good. */

import { Outbox } from './outbox.js';

/** @import { Answered } from './connection.js' */
/** @import { Message } from './protocol.js' */
/** @import { Store } from './storage.js' */

/** How long a temporary refusal waits when the server names no time, in milliseconds. */
export const AGAIN = 1_000;

/**
 * @typedef {object} Way  how to the server
 * @property {(message: Message, answered: Answered) => void} request
 * @property {(room: string) => boolean} open  whether the room takes sends now
 * @property {(room: string) => number} head  the newest seq received of it
 * @property {(room: string) => void} onOutside  the server does not count us in that room
 * @property {() => void} onChange
 */

export class Sender {
  /** @type {Outbox} */ outbox;
  #store;
  #way;
  /** @type {string|null} the cid on its way */ #sending = null;
  /** @type {any} */ #again;

  /** @param {Store} store @param {Way} way */
  constructor(store, way) {
    this.#store = store;
    this.#way = way;
    this.outbox = new Outbox(store, '');
  }

  /**
   * Takes up the outbox of another user.
   * @param {string} owner  server and user
   * @param {boolean} same  it is the same person, whom the server forgot: what waits goes with them
   */
  become(owner, same) {
    const before = this.outbox;
    this.outbox = new Outbox(this.#store, owner);
    if (same) this.outbox.adopt(before);
  }

  /** Sends the next one. One at a time: a refused first must not let the second pass. */
  pump() {
    if (this.#sending !== null || this.#again !== undefined) return;
    const entry = this.outbox.next(this.#way.open);
    if (!entry) return;
    const { cid, room, text } = entry;
    this.#sending = cid;
    this.#way.request({ type: 'send', room, cid, text }, (error, answer) => {
      if (this.#sending !== cid) return; // the connection it went out on is gone
      this.#sending = null;
      if (!error) {
        this.outbox.stored(cid, answer.seq);
        this.outbox.seen(room, this.#way.head(room), new Set());
      } else if (error.code === 'not_member') {
        this.#way.onOutside(room);
      } else if (error.temporary) {
        this.#pause(error.retryAfter || AGAIN);
      } else {
        this.outbox.failed(cid, error);
      }
      this.pump();
      this.#way.onChange();
    });
  }

  /** The connection is gone: nothing is on its way any more. */
  stop() {
    this.#sending = null;
    clearTimeout(this.#again);
    this.#again = undefined;
  }

  /** @param {number} wait  milliseconds */
  #pause(wait) {
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.pump();
    }, wait);
  }
}
