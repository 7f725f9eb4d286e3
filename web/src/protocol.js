/**
 * The protocol `salon.v1.json`: what is sent and what is received. Pure: no socket, no page.
 *
 * A frame holds one or more JSON objects separated by line feeds; unknown types and fields are ignored.
 */

/** @typedef {{id: string, name: string, color: string}} User */
/**
 * A stored event of a room. Kinds other than `message` count in `seq` and show nothing.
 * @typedef {{room: string, seq: number, kind: string, at: string, user: User, cid?: string, text?: string}} Event
 */
/** @typedef {{text: number, rate: number, rooms: number, frame: number}} Limits  bytes, per second, at once, bytes */
/** @typedef {{room: string, head: number, count: number, at?: string}} RoomInfo */
/** @typedef {{type: string, [field: string]: any}} Message  one decoded object */
/**
 * @typedef {{type: string, id?: string, session: string, token?: string, user: User, back: boolean,
 *   limits: Limits, ping: number, degraded?: boolean}} Welcome
 */
/**
 * @typedef {{room: string, head: number, events: Event[], more: boolean, members?: User[], count: number}} Joined
 */

export const SUBPROTOCOL = 'salon.v1.json';

/** The longest room name, in bytes of UTF-8. */
export const MAX_ROOM = 64;

/** An error that the server answered, or the end of a request that got no answer. */
export class RequestError extends Error {
  /**
   * @param {string} code  of the protocol, or `closed` or `timeout` for a request that got no answer
   * @param {string} message  for people, in the language of the session
   * @param {boolean} temporary  the same request may succeed later
   * @param {number} retryAfter  milliseconds to wait before; 0 when the server does not say
   */
  constructor(code, message, temporary, retryAfter = 0) {
    super(message);
    this.code = code;
    this.temporary = temporary;
    this.retryAfter = retryAfter;
  }

  /** @param {Message} answer  one of type `error` */
  static from(answer) {
    const text = typeof answer.message === 'string' ? answer.message : '';
    return new RequestError(String(answer.code), text, answer.temporary === true, Number(answer.retry_after_ms) || 0);
  }
}

/** @param {Message} request */
export function encode(request) {
  return JSON.stringify(request);
}

/**
 * Returns the objects of one frame in order. Anything but an object with a type is left out: a client must not stop at what
 * a newer server sends.
 * @param {unknown} frame
 * @returns {Message[]}
 */
export function decode(frame) {
  if (typeof frame !== 'string') return [];
  const messages = [];
  for (const line of frame.split('\n')) {
    if (line.trim() === '') continue;
    try {
      const value = JSON.parse(line);
      if (value && typeof value.type === 'string') messages.push(value);
    } catch {
      // Not JSON: nothing that this client can show.
    }
  }
  return messages;
}

/** Returns a unique name for one send: the time in milliseconds, then 50 random bits. */
export function newCID() {
  // The time comes first, so that the cids of one time are close together in the server's index. crypto.randomUUID does not
  // do: browsers have it only on https and localhost, and a class uses http://192.168.….
  const random = crypto.getRandomValues(new Uint8Array(10));
  return Date.now().toString(32).padStart(10, '0') + Array.from(random, (byte) => (byte % 32).toString(32)).join('');
}

/** Returns 160 random bits, by which the server recognises a repeated first hello when its answer was lost. */
export function newSecret() {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => (byte % 32).toString(32)).join('');
}

/** @param {string} text */
export function byteLength(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * Returns the room name for what a person typed. Spaces and `#` before the name do not count, nor spaces after it; a run of
 * spaces inside is a hyphen; the case does not matter, nor which of its forms Unicode gives an accent. The server has the same
 * rule (`chat.ParseTypedRoom`); internal/chat/testdata/typed_rooms.jsonl holds both to it.
 * @param {string} typed
 */
export function roomName(typed) {
  const name = typed.replace(/^[\p{White_Space}#]+|\p{White_Space}+$/gu, '').replace(/\p{White_Space}+/gu, '-');
  return foldRoom(name);
}

/**
 * Folds the case by Unicode's simple mappings, one character at a time: to upper case and then to lower case, because some
 * letters have two lower-case forms (σ and ς) and some two upper-case ones (I and İ). Composing (NFC) before each step gives a
 * letter and its decomposed form the same result.
 * @param {string} name
 */
function foldRoom(name) {
  const upper = Array.from(name.normalize('NFC'), (letter) => simple(letter.toUpperCase(), letter)).join('');
  return Array.from(upper.normalize('NFC'), (letter) => (letter === 'İ' ? 'i' : simple(letter.toLowerCase(), letter))).join('').normalize('NFC');
}

/**
 * JavaScript has Unicode's full mappings, which may make one letter several (ß to SS). A letter for which they do has either no
 * simple upper case, or one whose lower case is the letter itself.
 * @param {string} mapped @param {string} letter
 */
const simple = (mapped, letter) => (Array.from(mapped).length === 1 ? mapped : letter);

/**
 * Tells whether the server accepts a room name (`chat.ParseRoom`). The rule: letters, marks and digits of any script that
 * show something, `-`, `_` and `.`, no dot first, in composed form, at most {@link MAX_ROOM} bytes.
 * @param {string} name
 */
export function isRoomName(name) {
  return /^(?!\.)(?:(?![\p{DI}\p{Cf}])[\p{L}\p{M}\p{Nd}._-])+$/u.test(name)
    && name.normalize('NFC') === name && byteLength(name) <= MAX_ROOM;
}

/** A host as URL writes it: a name in ASCII, or an address. Browsers accept characters that no host name can have. */
const HOST = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$|^\[[0-9a-f:.]+\]$/;

/**
 * Returns the server's WebSocket address for what a person typed: `host`, `host:port`, or any http or ws URL.
 * @param {string} typed
 * @returns {string} empty when it is no address
 */
export function serverURL(typed) {
  const text = typed.trim();
  if (text === '') return '';
  try {
    const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `ws://${text}`);
    url.protocol = { 'http:': 'ws:', 'https:': 'wss:' }[url.protocol] ?? url.protocol;
    if ((url.protocol !== 'ws:' && url.protocol !== 'wss:') || !HOST.test(url.hostname)) return '';
    if (url.pathname === '/') url.pathname = '/ws';
    url.hash = '';
    return url.href;
  } catch {
    return '';
  }
}
