/** The rooms, the messages and the members. */

import { Banner } from './banner.js';
import { Composer } from './composer.js';
import { alone, byTouch, el, icon, say } from './dom.js';
import { Log } from './log.js';
import { Members } from './members.js';
import { Sidebar } from './sidebar.js';

/** @import { App } from './app.js' */

/** @param {Element} element */
const inSight = (element) => element.getClientRects().length > 0;

export class Salon {
  #app;
  #title = el('bdi');
  #hash = el('span', { class: 'hash', 'aria-hidden': 'true' }, '#');
  #count = el('span', { 'aria-hidden': 'true' });
  #members;
  #sidebar;
  #log;
  #composer;
  #banner;
  #people;
  #leave;
  #menu;
  #opener = /** @type {HTMLElement|null} */ (null);
  #none;
  element;

  /** @param {App} app */
  constructor(app) {
    const { words } = app;
    this.#app = app;
    this.#sidebar = new Sidebar(app);
    this.#people = new Members(app);
    this.#log = new Log(app);
    this.#composer = new Composer(app);
    this.#banner = new Banner(app);
    this.#none = el('p', { class: 'none' }, words.noRoom);
    const opens = (/** @type {string} */ id, /** @type {string} */ label) => ({
      type: /** @type {const} */ ('button'), class: 'plain only-narrow', 'aria-label': label, title: label, 'aria-controls': id, 'aria-expanded': 'false',
      onclick: (/** @type {Event} */ event) => this.#open(id, /** @type {HTMLElement} */ (event.currentTarget)),
    });
    this.#menu = el('button', opens('rooms', words.openRooms), icon('menu'));
    this.#members = el('button', opens('members', words.openMembers), icon('people'), this.#count);
    this.#leave = el('button', {
      type: 'button', class: 'plain', 'aria-label': words.leave, title: words.leave, onclick: () => app.leaveRoom(),
    }, icon('leave'));
    this.element = el('div', { class: 'salon', onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      this.#sidebar.element,
      el('main', { class: 'talk' },
        el('header', {},
          this.#menu,
          el('h1', {}, this.#hash, this.#title),
          this.#members, this.#leave),
        this.#banner.element, this.#none, this.#log.element, this.#composer.element),
      this.#people.element,
      el('div', { class: 'shade', onclick: () => this.closeDrawers() }));
  }

  get composer() {
    return this.#composer;
  }

  get log() {
    return this.#log;
  }

  /** @returns {boolean} whether something in sight changes with time */
  render() {
    const { client } = this.#app;
    const room = client.rooms.get(client.current);
    const active = document.activeElement;
    say(this.#title, client.current);
    say(this.#count, room ? String(room.count) : '');
    this.element.dataset.state = client.link.phase;
    this.element.dataset.joined = String(room?.joined ?? false);
    this.element.dataset.empty = String(room === undefined);
    this.#none.hidden = room !== undefined;
    this.#hash.hidden = this.#log.element.hidden = this.#leave.hidden = this.#members.hidden = room === undefined;
    alone('rooms', () => this.#sidebar.render(), undefined);
    alone('members', () => this.#people.render(), undefined);
    const moving = alone('banner', () => this.#banner.render(), false);
    alone('composer', () => this.#composer.render(), undefined);
    alone('messages', () => this.#log.render(), undefined);
    if (active && this.element.contains(active) && !inSight(active)) this.focus(); // the focused element is hidden now
    return moving;
  }

  /** Focuses the input field, or the field to join a room when there is none. Never a field on a touch screen. */
  focus() {
    const inRoom = !this.#log.element.hidden;
    if (inRoom) return byTouch() ? this.#log.focus() : this.#composer.focus();
    if (inSight(this.#menu)) this.#menu.focus();
    else if (!byTouch()) this.#sidebar.focus();
  }

  /** @param {string} id @param {HTMLElement} opener */
  #open(id, opener) {
    this.element.dataset.drawer = id;
    opener.setAttribute('aria-expanded', 'true');
    this.#opener = opener;
    /** @type {HTMLElement|null} */ (document.getElementById(id)?.querySelector('button'))?.focus();
  }

  closeDrawers() {
    if (!this.element.dataset.drawer) return;
    delete this.element.dataset.drawer;
    this.#opener?.setAttribute('aria-expanded', 'false');
    this.#opener?.focus();
    this.#opener = null;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape') this.closeDrawers();
  }
}
