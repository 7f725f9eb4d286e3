/**
 * One lasting connection to a server, over one socket after the other: opens a socket, says hello, sends pings, reconnects.
 * It knows nothing of rooms or of the page.
 */

import { comeBack } from './backoff.js';
import { SUBPROTOCOL, RequestError, byteLength, decode, encode } from './protocol.js';

/** @import { Message, Welcome } from './protocol.js' */

/** How long a socket may take from its opening to the server's welcome, in milliseconds. */
const OPENING = 10_000;

/** How long a request waits for its answer, in milliseconds. A lost socket is noticed sooner. */
const ANSWER = 30_000;

/** How long the server may take to answer after this device slept or changed its network, in milliseconds. */
const AWAKE = 5_000;

/** After a connection that lasted this long, the next loss starts from the shortest pause. In milliseconds. */
const STEADY = 5_000;

/** After this many pings without an answer the socket is given up. */
const MISSED = 2;

/** The subset of WebSocket that is used here. */
/**
 * @typedef {{send(data: string): void, close(code?: number, reason?: string): void,
 *   onopen: ((event: any) => void)|null, onmessage: ((event: any) => void)|null,
 *   onclose: ((event: any) => void)|null, onerror: ((event: any) => void)|null}} Socket
 */
/**
 * The state of the connection. `waiting` reconnects at `retryAt` (milliseconds since 1970, this device's clock). `stopped`
 * does not reconnect by itself. `reason` is the server's reason for the end, empty when it gave none.
 * @typedef {{phase: 'idle'|'connecting'|'open'|'waiting'|'stopped', retryAt: number, reason: string}} Link
 */
/** @typedef {(error: RequestError|null, answer: Message) => void} Answered */
/**
 * @typedef {object} Owner  who uses the connection
 * @property {(url: string, protocol: string) => Socket} openSocket
 * @property {() => Message} greet  returns the hello, for each socket
 * @property {(welcome: Welcome) => void} onWelcome
 * @property {(error: RequestError) => boolean} onRefused  the hello was refused; true to say another one at once
 * @property {(message: Message) => void} onMessage  what the server pushes
 * @property {(link: Link) => void} onLink
 * @property {() => number} [random]
 */

export class Connection {
  /** @type {Link} */
  link = { phase: 'idle', retryAt: 0, reason: '' };

  #owner;
  #random;
  #url = '';
  /** @type {Socket|null} */
  #socket = null;
  /** @type {Map<string, {answered: Answered, timer: any}>} */
  #waiting = new Map();
  #ids = 0;
  #attempt = 0;
  #welcomedAt = 0;
  #greetAgain = false;
  #bye = { code: 0, retryAfter: 0, reason: '' };
  #missed = 0;
  /** The largest frame that the server takes, in bytes; 0 while unknown. */
  #largest = 0;
  /** @type {any} */ #reopen;
  /** @type {any} */ #opening;
  /** @type {any} */ #pinging;
  /** @type {any} */ #waking;

  /** @param {Owner} owner */
  constructor(owner) {
    this.#owner = owner;
    this.#random = owner.random ?? Math.random;
  }

  /** @param {string} url  of the WebSocket endpoint */
  open(url) {
    this.close();
    this.#url = url;
    this.#attempt = 0;
    this.#connect();
  }

  /** Ends the connection for good, until `open`. */
  close() {
    this.#drop(new RequestError('closed', '', true), 1000);
    clearTimeout(this.#reopen);
    this.#set('idle');
  }

  /** Reconnects now instead of after the pause. */
  retryNow() {
    if (this.link.phase !== 'waiting' && this.link.phase !== 'stopped') return;
    clearTimeout(this.#reopen);
    this.#connect();
  }

  /** This device woke up or has a network again: checks quickly that the server answers. */
  check() {
    if (this.link.phase === 'waiting') return this.retryNow();
    if (this.link.phase !== 'open' || this.#waking) return;
    this.#waking = setTimeout(() => this.#lost(0), AWAKE);
    this.tell({ type: 'ping' });
  }

  /**
   * Sends a request. `answered` is called once, while the frame of the answer is read, before the rest of that frame is
   * handled. It gets an error when the server refuses, when the connection ends first, or after half a minute. The error is
   * `too_large` when the server takes no frame of that length.
   * @param {Message} message
   * @param {Answered} [answered]
   */
  request(message, answered = () => {}) {
    if (this.link.phase !== 'open') {
      answered(new RequestError('closed', '', true), message);
      return;
    }
    this.#ask(message, answered);
  }

  /**
   * Sends a request whose answer does not matter.
   * @param {Message} message
   */
  tell(message) {
    if (this.link.phase === 'open') this.#socket?.send(encode(message));
  }

  /** @param {Message} message @param {Answered} answered */
  #ask(message, answered) {
    const id = String(++this.#ids);
    const frame = encode({ ...message, id });
    // The server would end the connection each time it gets this frame.
    if (this.#largest > 0 && byteLength(frame) > this.#largest) return answered(new RequestError('too_large', '', false), message);
    const timer = setTimeout(() => this.#answer(id, new RequestError('timeout', '', true), message), ANSWER);
    this.#waiting.set(id, { answered, timer });
    this.#socket?.send(frame);
  }

  /** @param {string} id @param {RequestError|null} error @param {Message} answer */
  #answer(id, error, answer) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return false;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.answered(error, answer);
    return true;
  }

  /** @param {Link['phase']} phase */
  #set(phase, retryAt = 0, reason = '') {
    this.link = { phase, retryAt, reason };
    this.#owner.onLink(this.link);
  }

  #connect() {
    this.#bye = { code: 0, retryAfter: 0, reason: '' };
    this.#greetAgain = false;
    this.#set('connecting');
    let socket;
    try {
      socket = this.#owner.openSocket(this.#url, SUBPROTOCOL);
    } catch {
      return this.#lost(0); // an address this browser refuses, such as ws:// from an https page
    }
    this.#socket = socket;
    this.#opening = setTimeout(() => this.#lost(0), OPENING);
    const mine = () => this.#socket === socket; // a socket that was given up may still have events
    socket.onopen = () => mine() && this.#hello();
    socket.onmessage = (event) => mine() && this.#read(event.data);
    socket.onclose = (event) => mine() && this.#lost(event.code, event.reason);
    socket.onerror = () => {}; // a close event always follows, and says more
  }

  #hello() {
    this.#ask({ ...this.#owner.greet(), type: 'hello' }, (error, answer) => {
      if (!error) return this.#welcomed(/** @type {Welcome} */ (answer));
      if (error.code === 'closed' || error.code === 'timeout') return;
      if (this.#owner.onRefused(error)) {
        this.#greetAgain = true;
        return this.#hello();
      }
      if (error.temporary) return this.#lost(0, error.message, error.retryAfter);
      this.#drop(new RequestError('closed', '', true), 1000);
      this.#set('stopped', 0, error.message);
    });
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    clearTimeout(this.#opening);
    this.#welcomedAt = Date.now();
    this.#missed = 0;
    this.#largest = welcome.limits?.frame ?? 0;
    const seconds = welcome.ping > 0 ? welcome.ping : 25;
    this.#pinging = setInterval(() => this.#ping(), seconds * 1000);
    this.#set('open');
    this.#owner.onWelcome(welcome);
  }

  #ping() {
    if (this.#missed >= MISSED) return this.#lost(0);
    this.#missed++;
    this.tell({ type: 'ping' });
  }

  /** @param {unknown} frame */
  #read(frame) {
    const socket = this.#socket;
    this.#missed = 0;
    clearTimeout(this.#waking);
    this.#waking = undefined;
    for (const message of decode(frame)) {
      if (this.#socket !== socket) return; // the owner closed the connection because of an answer
      if (message.type === 'bye') {
        this.#bye = {
          code: Number(message.code) || 0,
          retryAfter: Number(message.retry_after_ms) || 0,
          reason: String(message.message ?? message.reason ?? ''),
        };
        continue;
      }
      const error = message.type === 'error' ? RequestError.from(message) : null;
      if (typeof message.id === 'string' && this.#answer(message.id, error, message)) continue;
      this.#owner.onMessage(message);
    }
  }

  /**
   * The socket is lost or given up: tells the owner and plans the next one.
   * @param {number} code  its close code, 0 for none
   * @param {string} [reason]
   * @param {number} [retryAfter]  milliseconds, 0 when the server named none
   */
  #lost(code, reason = '', retryAfter = this.#bye.retryAfter) {
    const known = this.#bye.code || code;
    if (this.#welcomedAt && Date.now() - this.#welcomedAt >= STEADY) this.#attempt = 0;
    this.#welcomedAt = 0;
    this.#drop(new RequestError('closed', '', true));
    // A server may close after it refused the first of two hellos. Such a close says nothing about the second.
    const wait = comeBack(this.#greetAgain ? 0 : known, retryAfter, this.#attempt, this.#random);
    const why = this.#bye.reason || reason;
    if (wait === null) return this.#set('stopped', 0, why);
    this.#attempt++;
    this.#reopen = setTimeout(() => this.#connect(), wait);
    this.#set('waiting', Date.now() + wait, why);
  }

  /** @param {RequestError} error  for whoever waits for an answer @param {number} [code]  to close with */
  #drop(error, code) {
    const socket = this.#socket;
    this.#socket = null;
    clearTimeout(this.#opening);
    clearTimeout(this.#waking);
    clearInterval(this.#pinging);
    this.#waking = undefined;
    try {
      if (code) socket?.close(code);
      else socket?.close();
    } catch {
      // Already closed.
    }
    for (const id of [...this.#waiting.keys()]) this.#answer(id, error, { type: 'error' });
  }
}
