/** When to tell the server that the user types: seldom, and not right after a message. Reads the clock, otherwise pure. */

/** The shortest time between two announcements, in milliseconds. */
const EVERY = 3_000;

/** The shortest time after a send, in milliseconds: servers drop an announcement within a second of the last. */
const AFTER_SEND = 1_000;

export class Typing {
  /** When the server was last told, by room. @type {Map<string, number>} */ #told = new Map();

  /** Whether to tell the server now. Returns true only once per announcement. @param {string} room */
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
