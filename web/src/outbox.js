/**
 * The messages that are not known to be stored on the server. They are kept over losses, restarts and reloads, and sent in
 * the order in which they were typed.
 *
 * Each entry is one key of the browser's storage, so that two tabs of one user do not overwrite each other's entries. Both tabs may
 * send the same entry: it has one cid, and the server stores one cid once.
 */

import { newCID } from './protocol.js';
import { readObject } from './storage.js';

/** @import { Store } from './storage.js' */
/** @import { RequestError } from './protocol.js' */
/**
 * `waiting` to be sent (or on its way), `stored` (acknowledged as `seq`, its event not seen yet) or `failed` for good.
 * @typedef {{cid: string, room: string, text: string, typed: number, state: 'waiting'|'stored'|'failed', seq: number,
 *   code: string, reason: string}} Entry
 */

export class Outbox {
  #store;
  #prefix;
  /** @type {Entry[]} */
  #entries = [];

  /**
   * Reads what an earlier page of the same user left.
   * @param {Store} store
   * @param {string} owner  server and user, so that nothing is sent under another name
   */
  constructor(store, owner) {
    this.#store = store;
    this.#prefix = `salon.outbox.${owner}.`;
    for (const key of store.keys().filter((name) => name.startsWith(this.#prefix))) {
      const kept = readObject(store, key);
      if (typeof kept?.cid === 'string' && typeof kept.room === 'string' && typeof kept.text === 'string') {
        this.#entries.push(/** @type {Entry} */ (kept));
      }
    }
    this.#entries.sort((a, b) => a.typed - b.typed);
  }

  /** @param {string} room @param {string} text @returns {Entry} */
  add(room, text) {
    // Strictly growing, so that the order survives a reload even when two messages are typed in one millisecond.
    const typed = Math.max(Date.now(), (this.#entries.at(-1)?.typed ?? 0) + 1);
    /** @type {Entry} */
    const entry = { cid: newCID(), room, text, typed, state: 'waiting', seq: 0, code: '', reason: '' };
    this.#entries.push(entry);
    this.#keep(entry);
    return entry;
  }

  /**
   * The next entry to send: the oldest that waits, in a room that takes sends.
   * @param {(room: string) => boolean} open  whether a room takes sends now
   * @returns {Entry|undefined}
   */
  next(open) {
    return this.#entries.find((entry) => entry.state === 'waiting' && open(entry.room));
  }

  /**
   * The server has stored it. It stays in the list until its event comes.
   * @param {string} cid @param {number} seq
   */
  stored(cid, seq) {
    const entry = this.get(cid);
    if (!entry) return;
    Object.assign(entry, { state: 'stored', seq });
    this.#store.remove(this.#prefix + cid);
  }

  /** @param {string} cid @param {RequestError} error  a permanent one */
  failed(cid, error) {
    const entry = this.get(cid);
    if (!entry) return;
    Object.assign(entry, { state: 'failed', code: error.code, reason: error.message });
    this.#keep(entry);
  }

  /** The user asks to send a refused entry again. @param {string} cid */
  retry(cid) {
    const entry = this.get(cid);
    if (entry?.state !== 'failed') return;
    Object.assign(entry, { state: 'waiting', code: '', reason: '' });
    this.#keep(entry);
  }

  /** @param {string} cid */
  drop(cid) {
    this.#entries = this.#entries.filter((entry) => entry.cid !== cid);
    this.#store.remove(this.#prefix + cid);
  }

  /**
   * Drops the entries that are in the log by now.
   * @param {string} room
   * @param {number} head  the newest seq received of the room
   * @param {Set<string>} cids  cids of the user's own events that just came
   */
  seen(room, head, cids) {
    for (const entry of this.#entries) {
      const there = entry.state === 'stored' && entry.seq <= head;
      if (entry.room === room && (there || cids.has(entry.cid))) this.drop(entry.cid);
    }
  }

  /** @param {string} cid */
  get(cid) {
    return this.#entries.find((entry) => entry.cid === cid);
  }

  /** @param {string} room @returns {readonly Entry[]} in the order typed */
  of(room) {
    return this.#entries.filter((entry) => entry.room === room);
  }

  /** Takes over the entries of a user that the server forgot, typed by the same person. @param {Outbox} before */
  adopt(before) {
    for (const entry of before.#entries) {
      before.#store.remove(before.#prefix + entry.cid);
      if (entry.state === 'stored') continue;
      this.#entries.push(entry);
      this.#keep(entry);
    }
    before.#entries = [];
  }

  /** @returns {string[]} the rooms with entries */
  rooms() {
    return [...new Set(this.#entries.map((entry) => entry.room))];
  }

  /** @param {Entry} entry */
  #keep(entry) {
    this.#store.set(this.#prefix + entry.cid, JSON.stringify(entry));
  }
}
