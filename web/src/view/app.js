/** The page: shows the form to enter or the rooms, in one language, and passes what the user does to the client. */

import { Client } from '../client.js';
import { catalog, chooseLanguage, clock } from '../lang.js';
import { isRoomName } from '../protocol.js';
import { command, reason } from './commands.js';
import { Door } from './door.js';
import { byTouch, el, icon, say } from './dom.js';
import { shieldComposition } from './keys.js';
import { Salon } from './salon.js';
import { settingsDialog } from './settings.js';

/** @import { Language } from '../lang.js' */
/** @import { Store } from '../storage.js' */

/** How long a problem stays on the page, in milliseconds. */
const PROBLEM = 8_000;

/** How often the page asks for the time zone, and draws "today" anew, in milliseconds. Asking takes about a millisecond. */
const MINUTE = 60_000;

export class App {
  /** @type {Language} */ language;
  words;
  clock;
  client;
  fromFile;

  #root;
  #store;
  #drafts;
  /** @type {Door|Salon|null} */ #view = null;
  #problem = el('span', { role: 'alert' });
  #toast = el('div', { class: 'toast', hidden: true });
  #scheduled = false;
  /** @type {any} */ #tick;
  /** @type {any} */ #forget;

  /**
   * @param {HTMLElement} root
   * @param {{store: Store, drafts: Store, server: string, fromFile: boolean, room: string}} given  `server`: the address
   *   to go to, or, from a file, to propose
   */
  constructor(root, { store, drafts, server, fromFile, room }) {
    this.#root = root;
    shieldComposition(root);
    this.#store = store;
    this.#drafts = drafts;
    this.fromFile = fromFile;
    const kept = store.get('salon.language');
    this.language = kept === 'fr' || kept === 'en' ? kept : chooseLanguage(navigator.languages);
    this.words = catalog[this.language];
    this.clock = clock(this.language);
    this.client = new Client({
      store,
      openSocket: (url, protocol) => new WebSocket(url, protocol),
      onChange: () => this.schedule(),
      onProblem: (error, about) => this.#report(this.words.failedAbout(about, reason(this, error))),
    });
    const { name, active, current } = this.client.recall(server);
    const known = room === '' || isRoomName(room);
    if (active && name) this.client.enter({ name, room: known ? room : '', language: this.language });
    this.#build({ server: fromFile ? server : null, name, room: room || current || 'lobby' });
    setInterval(() => this.renewClock(), MINUTE);
    if (!known) this.#report(this.words.failedAbout(room, this.words.badRoom));
  }

  // ---- what the user does

  /** @param {string} server  empty for the server that the page came from @param {string} name @param {string} room */
  enter(server, name, room) {
    if (server) {
      this.#store.set('salon.server', server);
      this.client.recall(server);
    }
    this.client.enter({ name, room, language: this.language });
  }

  /** @param {string} name */
  showRoom(name) {
    this.client.joinRoom(name);
    this.closeDrawers();
    this.#render(); // now, not with the next frame: what is typed next belongs to this room
    if (this.#view instanceof Salon) this.#view.composer.focus();
  }

  leaveRoom() {
    const { client } = this;
    if (client.outbox.of(client.current).some((entry) => entry.state !== 'stored') && !confirm(this.words.leaveUnsent)) return;
    client.leaveRoom(client.current);
  }

  /** @param {string} room @param {string} text */
  send(room, text) {
    this.client.send(room, text);
    if (this.#view instanceof Salon) this.#view.log.toEnd();
  }

  /** Runs the command in a line that starts with a slash. @param {string} line @param {(why: string) => void} refuse */
  command(line, refuse) {
    command(this, line, refuse);
  }

  /** Shows lines in the current room, to this user only. @param {string[]} lines */
  tell(lines) {
    this.client.tell(lines);
    if (this.#view instanceof Salon) this.#view.log.toEnd();
  }

  /** Puts a refused text back into the input field. @param {string} cid */
  takeBack(cid) {
    const text = this.client.discard(cid);
    if (this.#view instanceof Salon) this.#view.composer.takeBack(text);
  }

  loadOlder() {
    this.client.loadOlder(this.client.current);
  }

  /** @param {number} after */
  loadGap(after) {
    this.client.loadGap(this.client.current, after);
  }

  /** @param {string} [name]  the name as it is being edited */
  openSettings(name) {
    const dialog = settingsDialog(this, name);
    this.#root.append(dialog);
    dialog.showModal();
    dialog.querySelector('input')?.select();
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (document.activeElement === document.body) this.#view?.focus(); // the element that opened it is gone
    });
  }

  quit() {
    this.client.quit();
  }

  /** @param {Language} language */
  setLanguage(language) {
    this.language = language;
    this.words = catalog[language];
    this.clock = clock(language);
    this.#store.set('salon.language', language);
    this.client.speak(language);
    const name = this.#root.querySelector('dialog')?.querySelector('input')?.value;
    this.#build(this.#view instanceof Door ? this.#view.filled : undefined);
    if (name !== undefined) this.openSettings(name);
    /** @type {HTMLElement|null} */ (this.#root.querySelector('[aria-pressed="true"]'))?.focus();
  }

  /** The day or the time zone may be another one. */
  renewClock() {
    this.clock.renew();
    this.schedule();
  }

  closeDrawers() {
    if (this.#view instanceof Salon) this.#view.closeDrawers();
  }

  /** @param {string} room */
  draft(room) {
    return this.#drafts.get(`salon.draft.${this.client.url}.${room}`) ?? '';
  }

  /** @param {string} room @param {string} text */
  keepDraft(room, text) {
    const key = `salon.draft.${this.client.url}.${room}`;
    if (text) this.#drafts.set(key, text);
    else this.#drafts.remove(key);
  }

  // ---- what is shown

  /** Something changed: draws once with the next frame, however many changes come until then. */
  schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const now = () => {
      this.#scheduled = false;
      this.#render();
    };
    // A page in the background gets no frames, but its title shows how much is unread.
    if (document.hidden) setTimeout(now, 250);
    else requestAnimationFrame(now);
  }

  /** Whether to show the rooms: from the first welcome on, also while the connection is lost. */
  #inside() {
    return this.client.profile.active && this.client.user !== null;
  }

  /** @param {{server: string|null, name: string, room: string}} [door]  what the form to enter is filled in with */
  #build(door) {
    const { profile, url } = this.client;
    const known = door ?? { server: this.fromFile ? url : null, name: profile.name, room: profile.current || 'lobby' };
    this.#view = this.#inside() ? new Salon(this) : new Door(this, known);
    document.documentElement.lang = this.language;
    const { close } = this.words;
    this.#toast.replaceChildren(this.#problem, el('button', {
      type: 'button', class: 'plain', 'aria-label': close, title: close, onclick: () => this.#dismiss(),
    }, icon('close')));
    this.#root.replaceChildren(this.#view.element, this.#toast);
    this.#render();
    if (this.#view instanceof Door || !byTouch()) this.#view.focus();
  }

  #render() {
    if (!this.#view) return;
    if (this.#inside() !== this.#view instanceof Salon) return this.#build();
    const moving = this.#view.render();
    const unread = [...this.client.rooms.values()].reduce((sum, room) => sum + room.unread, 0);
    const place = this.#inside() && this.client.current ? `${this.client.current} · Salon` : 'Salon';
    say(document.head.querySelector('title') ?? el('title'), unread > 0 ? `(${unread}) ${place}` : place);
    clearTimeout(this.#tick);
    if (moving) this.#tick = setTimeout(() => this.schedule(), 250);
  }

  /** @param {string} text */
  #report(text) {
    this.#toast.hidden = false;
    say(this.#problem, text);
    clearTimeout(this.#forget);
    this.#forget = setTimeout(() => this.#dismiss(), PROBLEM);
  }

  #dismiss() {
    const focused = this.#toast.contains(document.activeElement);
    this.#toast.hidden = true;
    say(this.#problem, '');
    if (focused) this.#view?.focus();
  }
}
