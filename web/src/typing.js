/** When to say that the person is typing: seldom, and not at once after a message, which said it. Pure but for the time. */

/** How often we say so, at most, in milliseconds. */
const EVERY = 3_000;

/** How soon after a send we may, in milliseconds: servers drop what comes within a second of the last. */
const AFTER_SEND = 1_000;

export class Typing {
  /** When it was said last, room by room. @type {Map<string, number>} */ #told = new Map();

  /** Whether it is to be said now; from then on it has been. @param {string} room */
  due(room) {
    const now = Date.now();
    if (now - (this.#told.get(room) ?? 0) < EVERY) return false;
    this.#told.set(room, now);
    return true;
  }

  /** @param {string} room */
  sent(room) {
    this.#told.set(room, Date.now() - EVERY + AFTER_SEND);
  }
}
