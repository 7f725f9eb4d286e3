/** The form to enter: the name, the room and, from a file, the server. */

import { isRoomName, roomName, serverURL } from '../protocol.js';
import { el, say } from './dom.js';
import { languageSwitch } from './settings.js';

/** @import { RequestError } from '../protocol.js' */
/** @import { App } from './app.js' */

export class Door {
  #app;
  #server;
  #name;
  #room;
  #problem = el('p', { class: 'problem', role: 'alert', id: 'door-problem' });
  #status = el('p', { class: 'soft', role: 'status' });
  #enter = el('button', { type: 'submit', class: 'primary' });
  #cancel;
  /** @type {RequestError|null} whose reason has been shown */ #told = null;
  element;

  /** @param {App} app  @param {{server: string|null, name: string, room: string}} known  `server`: null when the form has no such field */
  constructor(app, known) {
    const { words } = app;
    this.#app = app;
    const described = { 'aria-describedby': 'door-problem', autocomplete: 'off', spellcheck: 'false', required: true };
    this.#server = known.server === null ? null : el('input', { ...described, name: 'server', inputmode: 'url', value: known.server });
    this.#name = el('input', {
      ...described, name: 'name', maxlength: 64, value: known.name, placeholder: words.namePlaceholder,
      autocomplete: 'nickname', autofocus: true,
    });
    this.#room = el('input', { ...described, name: 'room', maxlength: 64, autocapitalize: 'none', value: known.room });
    this.#cancel = el('button', { type: 'button', class: 'plain', onclick: () => app.client.quit() }, words.cancel);
    const field = (/** @type {string} */ label, /** @type {HTMLElement} */ input) => el('label', {}, el('span', {}, label), input);
    this.element = el('main', { class: 'door' },
      el('form', { onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        el('h1', {}, el('span', { class: 'mark', 'aria-hidden': 'true' }), 'Salon'),
        el('p', { class: 'soft' }, words.tagline),
        field(words.name, this.#name),
        field(words.room, this.#room),
        this.#server ? field(words.server, this.#server) : '',
        this.#problem,
        el('div', { class: 'actions' }, this.#enter, this.#cancel),
        this.#status,
        languageSwitch(app)));
  }

  /** What is filled in, for the same form in another language. */
  get filled() {
    return { server: this.#server?.value ?? null, name: this.#name.value, room: this.#room.value };
  }

  focus() {
    this.#name.focus();
  }

  /** @returns {boolean} whether what it says changes with time */
  render() {
    const { client: { link, refused }, words } = this.#app;
    const busy = link.phase === 'connecting' || link.phase === 'waiting';
    say(this.#enter, busy ? words.entering : words.enter);
    this.#enter.disabled = busy;
    this.#cancel.hidden = !busy;
    const left = Math.max(0, Math.ceil((link.retryAt - Date.now()) / 1000));
    const waiting = `${words.unreachable}${link.reason ? ` (${link.reason})` : ''} ${words.retryIn(left)}`;
    say(this.#status, link.phase === 'waiting' ? waiting : '');
    if (refused && link.phase === 'stopped') this.#refused(refused);
    else if (link.phase === 'stopped') say(this.#problem, link.reason || words.stopped);
    else if (busy) say(this.#problem, '');
    return link.phase === 'waiting';
  }

  /** @param {RequestError} refused */
  #refused(refused) {
    say(this.#problem, this.#app.words.codes[refused.code] ?? (refused.message || refused.code));
    if (this.#told === refused) return;
    this.#told = refused;
    if (refused.code === 'name_taken' || refused.code === 'invalid_name') this.#name.select();
  }

  /** @param {string} why @param {HTMLInputElement} field */
  #wrong(why, field) {
    say(this.#problem, why);
    field.select();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const { words } = this.#app;
    const room = roomName(this.#room.value);
    const server = this.#server ? serverURL(this.#server.value) : '';
    const name = this.#name.value.trim().replace(/\s+/gu, ' ');
    if (name === '') return this.#wrong(words.noName, this.#name);
    if (!isRoomName(room)) return this.#wrong(words.badRoom, this.#room);
    if (this.#server && !server) return this.#wrong(words.badServer, this.#server);
    this.#app.enter(server, name, room);
  }
}
