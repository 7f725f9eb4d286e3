/** The rooms that the user is in, other rooms, and the user. */

import { isRoomName, roomName } from '../protocol.js';
import { el, icon, say } from './dom.js';
import { avatar } from './person.js';

/** @import { App } from './app.js' */

export class Sidebar {
  #app;
  #mine = el('ul', { class: 'roomlist' });
  #others = el('ul', { class: 'roomlist' });
  #othersTitle;
  #me = el('button', { type: 'button', class: 'me' });
  #field;
  #problem = el('p', { class: 'problem', role: 'alert', id: 'join-problem' });
  #shown = '';
  element;

  /** @param {App} app */
  constructor(app) {
    const { words } = app;
    this.#app = app;
    this.#othersTitle = el('h2', {}, words.otherRooms);
    this.#me.addEventListener('click', () => app.openSettings());
    this.#field = el('input', {
      'aria-label': words.joinRoom, 'aria-describedby': 'join-problem', placeholder: words.joinPlaceholder, maxlength: 64,
      autocapitalize: 'none', autocomplete: 'off', spellcheck: 'false', onfocus: () => app.client.listRooms(),
    });
    this.element = el('nav', { class: 'sidebar drawer', id: 'rooms', 'aria-label': words.rooms },
      el('div', { class: 'brand' }, el('span', { class: 'mark', 'aria-hidden': 'true' }), 'Salon',
        el('button', { type: 'button', class: 'plain only-narrow', 'aria-label': words.close, onclick: () => app.closeDrawers() },
          icon('close'))),
      el('div', { class: 'lists' }, el('h2', {}, words.rooms), this.#mine, this.#othersTitle, this.#others),
      el('form', { class: 'joinroom', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        this.#field,
        el('button', { type: 'submit', class: 'plain', 'aria-label': words.join, title: words.joinRoom }, icon('plus'))),
      this.#problem,
      this.#me);
  }

  /** Focuses the field to join a room. */
  focus() {
    this.#field.focus();
  }

  render() {
    const { client, words } = this.#app;
    const mine = [...client.rooms.values()];
    const others = client.elsewhere.filter((info) => !client.rooms.has(info.room)).slice(0, 50);
    const shown = JSON.stringify([
      client.current, client.user, mine.map((room) => [room.name, room.unread]), others.map((info) => [info.room, info.count]),
    ]);
    if (shown === this.#shown) return; // nothing has changed: the focus stays where it is
    const focused = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset.room;
    this.#shown = shown;
    this.#mine.replaceChildren(...mine.map((room) => this.#entry(room.name, room.unread, words.unread(room.unread))));
    this.#others.replaceChildren(...others.map((info) => this.#entry(info.room, info.count, words.here(info.count))));
    this.#othersTitle.hidden = others.length === 0;
    if (client.user) {
      this.#me.replaceChildren(avatar(client.user), el('bdi', { class: 'name' }, client.user.name), icon('gear'));
      this.#me.setAttribute('aria-label', `${client.user.name} — ${words.settings}`);
    }
    if (!focused) return;
    const again = this.element.querySelector(`button[data-room="${CSS.escape(focused)}"]`);
    /** @type {HTMLElement} */ (again ?? this.#me).focus();
  }

  /** @param {string} name @param {number} figure @param {string} meaning */
  #entry(name, figure, meaning) {
    const here = this.#app.client.rooms.has(name);
    const current = name === this.#app.client.current;
    const badge = el('span', { class: here ? 'badge unread' : 'badge', title: meaning },
      el('span', { 'aria-hidden': 'true' }, figure > 999 ? '999+' : String(figure)),
      el('span', { class: 'hidden' }, ` (${meaning})`));
    return el('li', {}, el('button',
      { type: 'button', 'data-room': name, 'aria-current': current ? 'page' : undefined, onclick: () => this.#app.showRoom(name) },
      el('span', { class: 'hash', 'aria-hidden': 'true' }, '#'), el('bdi', {}, name), figure > 0 ? badge : ''));
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const name = roomName(this.#field.value);
    if (name === '') return;
    const fine = isRoomName(name);
    say(this.#problem, fine ? '' : this.#app.words.badRoom);
    if (!fine) return;
    this.#field.value = '';
    this.#app.showRoom(name);
  }
}
