/** Sends the outbox to the server, in the order typed. An entry is sent until it is stored or refused for good. */

import { Outbox } from './outbox.js';

/** @import { Answered } from './connection.js' */
/** @import { Message } from './protocol.js' */
/** @import { Store } from './storage.js' */

/** How long a temporary refusal waits when the server names no time, in milliseconds. */
export const AGAIN = 1_000;

/**
 * @typedef {object} Server  what the sender needs of the connection and the rooms
 * @property {(message: Message, answered: Answered) => void} request
 * @property {(room: string) => boolean} open  whether the room takes sends now
 * @property {(room: string) => number} head  the newest seq received of it
 * @property {(room: string) => void} onOutside  the user is not in that room, for the server
 * @property {() => void} onChange
 */

export class Sender {
  /** @type {Outbox} */ outbox;
  #store;
  #server;
  /** @type {string|null} the cid on its way */ #sending = null;
  /** @type {any} */ #again;

  /** @param {Store} store @param {Server} server */
  constructor(store, server) {
    this.#store = store;
    this.#server = server;
    this.outbox = new Outbox(store, '');
  }

  /**
   * Switches to the outbox of another user.
   * @param {string} owner  server and user
   * @param {boolean} same  it is the same person, whom the server forgot: what waits is taken along
   */
  become(owner, same) {
    const before = this.outbox;
    this.outbox = new Outbox(this.#store, owner);
    if (same) this.outbox.adopt(before);
  }

  /** Sends the next entry. One at a time: when the first is refused for now, the second must not overtake it. */
  pump() {
    if (this.#sending !== null || this.#again !== undefined) return;
    const entry = this.outbox.next(this.#server.open);
    if (!entry) return;
    const { cid, room, text } = entry;
    this.#sending = cid;
    this.#server.request({ type: 'send', room, cid, text }, (error, answer) => {
      if (this.#sending !== cid) return; // it was sent on a connection that is lost
      this.#sending = null;
      if (!error) {
        this.outbox.stored(cid, answer.seq);
        this.outbox.seen(room, this.#server.head(room), new Set());
      } else if (error.code === 'not_member') {
        this.#server.onOutside(room);
      } else if (error.temporary) {
        this.#pause(error.retryAfter || AGAIN);
      } else {
        this.outbox.failed(cid, error);
      }
      this.pump();
      this.#server.onChange();
    });
  }

  /** The connection is lost: nothing is on its way any more. */
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
