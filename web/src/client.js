/**
 * A user at a server: the rooms, the messages on their way, what became of them. Everything but the page.
 *
 * The page reads the public fields. `onChange` tells it that something in them has changed.
 */

import { Connection } from './connection.js';
import { Hall } from './hall.js';
import { Pages } from './pages.js';
import { caughtUp, keepProfile, readProfile } from './profile.js';
import { newSecret } from './protocol.js';
import { TYPING } from './room.js';
import { lastSeq } from './segments.js';
import { AGAIN, Sender } from './sender.js';
import { Typing } from './typing.js';

/** @import { Event, Joined, Limits, Message, RequestError, RoomInfo, User, Welcome } from './protocol.js' */
/** @import { Profile } from './profile.js' */
/** @import { Room } from './room.js' */
/** @import { Store } from './storage.js' */
/** @import { Link, Socket } from './connection.js' */

/** Events asked for on the first entry to a room. */
const FIRST_PAGE = 50;

export class Client {
  /** @type {User|null} */ user = null;
  /** @type {Limits} */ limits = { text: 65_536, rate: 0, rooms: 0, frame: 0 };
  /** @type {Link} */ link;
  /** @type {RoomInfo[]} */ elsewhere = [];
  /** @type {RequestError|null} why the server refused the hello */ refused = null;
  /** The server's address. */ url = '';
  /** @type {Profile} */ profile = { name: '', token: '', secret: '', user: null, rooms: [], current: '', active: false };

  #store;
  #connection;
  #sender;
  #pages;
  #hall;
  #onChange;
  #onProblem;
  /** Messages reach users on other servers late, for now. */
  degraded = false;
  #language = 'en';
  #typing = new Typing();
  /** The server no longer knows the token: the next user is the same person as the last one. */
  #forgotten = false;
  #greeting = /** @type {'welcome'|'welcome_back'|''} */ ('');

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {(url: string, protocol: string) => Socket} parts.openSocket
   * @param {() => void} parts.onChange
   * @param {(error: RequestError, room: string) => void} [parts.onProblem]  something that the user asked for failed
   * @param {() => number} [parts.random]
   */
  constructor({ store, openSocket, onChange, onProblem, random }) {
    this.#store = store;
    this.#onChange = onChange;
    this.#onProblem = onProblem ?? (() => {});
    this.#connection = new Connection({
      openSocket,
      random,
      greet: () => this.#greet(),
      onWelcome: (welcome) => this.#welcomed(welcome),
      onRefused: (error) => this.#helloRefused(error),
      onMessage: (message) => this.#pushed(message),
      onLink: (link) => this.#linked(link),
    });
    this.link = this.#connection.link;
    /** @type {Connection['request']} */
    const request = (message, answered) => this.#connection.request(message, answered);
    this.#hall = new Hall((room, head, cids) => this.outbox.seen(room, head, cids));
    this.#pages = new Pages({
      request,
      room: (name) => this.rooms.get(name),
      onPage: (name, page) => this.#hall.page(name, page),
      onProblem: (error, name) => this.#onProblem(error, name),
      onChange,
      random: random ?? Math.random,
    });
    this.#sender = new Sender(store, {
      request,
      open: (room) => this.rooms.get(room)?.joined === true,
      head: (room) => lastSeq(this.rooms.get(room)?.segments ?? []),
      onOutside: (room) => {
        this.#hall.outside(room);
        this.#join(room);
      },
      onChange,
    });
  }

  /** The rooms that the user is in. @returns {ReadonlyMap<string, Room>} */
  get rooms() {
    return this.#hall.rooms;
  }

  /** The room that is shown, empty for none. */
  get current() {
    return this.#hall.current;
  }

  /** The messages on their way. */
  get outbox() {
    return this.#sender.outbox;
  }

  /** What is being loaded: see `Pages.loading`. */
  get loading() {
    return this.#pages.loading;
  }

  /** Reads the profile kept for a server, without connecting. @param {string} url */
  recall(url) {
    this.url = url;
    this.profile = readProfile(this.#store, url);
    return this.profile;
  }

  /**
   * Connects as the user of the profile, or under another name.
   * @param {{name: string, room?: string, language: string}} who  `room` is joined besides the rooms of the profile
   */
  enter({ name, room, language }) {
    this.#language = language;
    this.refused = null;
    const { rooms: kept, user, current } = this.profile;
    if (user) this.#become(user);
    const all = [...new Set([...kept, ...(room ? [room] : []), ...(user ? this.outbox.rooms() : [])])];
    const shown = room || (all.includes(current) ? current : (all[0] ?? ''));
    this.profile = { ...this.profile, name, rooms: all, current: shown };
    this.#hall.open(all, shown);
    this.#connection.open(this.url);
  }

  /** Leaves the server. The profile is kept for the next time. */
  quit() {
    this.#save({ active: false });
    this.#pages.stop();
    this.#connection.close();
    this.#sender.stop();
    this.#hall.open([], '');
    this.user = null;
    this.#onChange();
  }

  retryNow() {
    this.#connection.retryNow();
  }

  /** This device woke up, or has a network again. */
  check() {
    this.#connection.check();
  }

  /** Takes another name. @param {string} name @param {(error: RequestError|null) => void} done */
  rename(name, done) {
    this.#hello({ name }, done);
  }

  /** Sets the language of the server's messages. @param {string} language */
  speak(language) {
    this.#language = language;
    if (this.user && this.link.phase === 'open') this.#hello({ name: this.user.name }, () => {});
  }

  /** @param {{name: string}} fields @param {(error: RequestError|null) => void} done */
  #hello(fields, done) {
    this.#connection.request({ ...this.#greet(), type: 'hello', ...fields }, (error, answer) => {
      if (!error && answer.user) {
        this.#renamed(answer.user);
      }
      done(error);
      this.#onChange();
    });
  }

  /** The user's name changed, by this page or by another one. @param {User} user */
  #renamed(user) {
    this.#become(user);
    this.#save({ name: user.name, user });
  }

  #greet() {
    this.profile = caughtUp(this.#store, this.url, this.profile);
    if (!this.profile.token) this.#save({ secret: this.profile.secret || newSecret() });
    const { name, token, secret, user } = this.profile;
    // The token says who the user is. Sending the old name would undo a rename made elsewhere meanwhile.
    const asked = token && name === user?.name ? {} : { name };
    return { type: 'hello', ...asked, ...(token ? { token } : { secret }), lang: this.#language, client: 'web/1.0' };
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    this.limits = { ...this.limits, ...welcome.limits };
    this.degraded = welcome.degraded === true;
    this.#become(welcome.user);
    const token = welcome.token || this.profile.token;
    this.#save({ token, secret: '', name: welcome.user.name, user: welcome.user, active: true });
    this.#greeting = welcome.back ? 'welcome_back' : 'welcome';
    for (const name of this.rooms.keys()) this.#join(name);
    this.listRooms();
    this.#onChange();
  }

  /** @param {User} user */
  #become(user) {
    if (this.user?.id !== user.id) this.#sender.become(`${this.url}.${user.id}`, this.#forgotten);
    this.#forgotten = false;
    this.#hall.me = user.id;
    this.user = user;
  }

  /** @param {RequestError} error @returns {boolean} whether to say hello again */
  #helloRefused(error) {
    if (error.code === 'invalid_token' && this.profile.token) {
      this.#save({ token: '' });
      this.#forgotten = true;
      return true;
    }
    if (!error.temporary) {
      this.refused = error;
      this.#save({ active: false });
    }
    return false;
  }

  /** @param {Link} link */
  #linked(link) {
    this.link = link;
    if (link.phase !== 'open') {
      this.#sender.stop();
      this.#hall.outside();
    }
    this.#onChange();
  }

  /** Joins a room and shows it. @param {string} name */
  joinRoom(name) {
    if (!this.rooms.has(name)) {
      this.#hall.add(name);
      this.#save({ rooms: [...this.rooms.keys()] });
      this.#join(name);
    }
    this.show(name);
  }

  /** Leaves a room. What was typed in it and not sent is dropped. @param {string} name */
  leaveRoom(name) {
    this.#connection.request({ type: 'leave', room: name }, () => this.listRooms());
    for (const entry of this.outbox.of(name)) this.outbox.drop(entry.cid);
    this.#forget(name);
  }

  /** @param {string} name */
  #forget(name) {
    this.#hall.remove(name);
    this.#save({ rooms: [...this.rooms.keys()] });
    if (this.current === name) this.show([...this.rooms.keys()][0] ?? '');
    this.#onChange();
  }

  /** Shows a room. @param {string} name */
  show(name) {
    this.#hall.show(name);
    this.#save({ current: name });
    this.#onChange();
  }

  /** Tells whether the page is in sight. @param {boolean} looking */
  look(looking) {
    this.#hall.look(looking);
    if (looking) this.listRooms();
    this.#onChange();
  }

  /** Tells whether the user reads earlier messages of a room. @param {string} name @param {boolean} on */
  hold(name, on) {
    this.#hall.hold(name, on);
    this.#onChange();
  }

  /** @param {(error: RequestError|null) => void} [done] */
  listRooms(done = () => {}) {
    this.#connection.request({ type: 'rooms' }, (error, answer) => {
      if (!error && Array.isArray(answer.rooms)) this.elsewhere = answer.rooms;
      done(error);
      this.#onChange();
    });
  }

  /** @param {string} name */
  #join(name) {
    const room = this.rooms.get(name);
    if (!room || this.link.phase !== 'open') return;
    const since = lastSeq(room.segments);
    const from = since > 0 ? { since } : { last: FIRST_PAGE };
    this.#connection.request({ type: 'join', room: name, ...from }, (error, answer) => {
      if (!this.rooms.has(name)) return;
      if (!error) return this.#joined(/** @type {Joined} */ (/** @type {unknown} */ (answer)));
      if (error.code === 'closed') return;
      if (error.temporary) return void setTimeout(() => this.#join(name), error.retryAfter || AGAIN);
      this.#forget(name);
      this.#onProblem(error, name);
    });
  }

  /** @param {Joined} answer */
  #joined(answer) {
    const { room } = answer;
    if (!this.#hall.joined(answer)) return this.#join(room);
    if (room === this.current && this.#greeting && this.user) {
      this.#hall.note(room, this.#greeting, this.user.name);
      this.#greeting = '';
    }
    this.#pages.again(room);
    this.#sender.pump();
    this.#onChange();
  }

  /** Shows lines in the current room, to this user only. @param {string[]} lines */
  tell(lines) {
    this.#hall.note(this.current, 'told', '', lines);
    this.#onChange();
  }

  /** Loads the page before the events that are here. @param {string} name */
  loadOlder(name) {
    this.#pages.older(name);
  }

  /** Loads the events after `after`, where some are missing. @param {string} name @param {number} after */
  loadGap(name, after) {
    this.#pages.gap(name, after);
  }

  /** Keeps a text and sends it as soon as possible. @param {string} name @param {string} text */
  send(name, text) {
    this.#hall.answered(name);
    this.outbox.add(name, text);
    this.#typing.sent(name);
    this.#sender.pump();
    this.#onChange();
  }

  /** @param {string} cid */
  resend(cid) {
    this.outbox.retry(cid);
    this.#sender.pump();
    this.#onChange();
  }

  /** Removes a message that was refused. @param {string} cid @returns {string} its text */
  discard(cid) {
    const text = this.outbox.get(cid)?.text ?? '';
    this.outbox.drop(cid);
    this.#onChange();
    return text;
  }

  /** The user types. @param {string} name */
  typing(name) {
    if (this.rooms.get(name)?.joined && this.#typing.due(name)) this.#connection.tell({ type: 'typing', room: name });
  }

  /** @param {Message} message */
  #pushed(message) {
    if (message.type === 'degraded') {
      this.degraded = message.degraded === true;
      return this.#onChange();
    }
    const { room, user } = message;
    if (!this.rooms.has(room)) return;
    switch (message.type) {
      case 'event':
        if (this.#hall.event(/** @type {Event} */ (/** @type {unknown} */ (message)))) this.#pages.fill(room);
        break;
      case 'presence':
        this.#hall.presence(message);
        if (user && user.id === this.user?.id) this.#renamed(user);
        break;
      case 'typing':
        if (!user || user.id === this.user?.id) return;
        this.#hall.typing(message);
        setTimeout(() => this.#hall.settle(room, this.#onChange), TYPING + 50);
        break;
      case 'lag':
        this.#join(room);
        break;
      default:
        return;
    }
    this.#onChange();
  }

  /** @param {Partial<Profile>} changes */
  #save(changes) {
    this.profile = { ...this.profile, ...changes };
    keepProfile(this.#store, this.url, this.profile);
  }
}
