/** The list of who is in the room. */

import { el, icon, nameOf, say } from './dom.js';
import { avatar } from './person.js';

/** @import { App } from './app.js' */

export class Members {
  #app;
  #title = el('h2');
  #list = el('ul', { class: 'people' });
  #crowd;
  #shown = '';
  element;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
    this.#crowd = el('p', { class: 'soft' }, app.words.crowd);
    this.element = el('aside', { class: 'members drawer', id: 'members', 'aria-label': app.words.members },
      el('div', { class: 'membershead' }, this.#title,
        el('button', {
          type: 'button', class: 'plain only-narrow', 'aria-label': app.words.close, onclick: () => app.closeDrawers(),
        }, icon('close'))),
      this.#list, this.#crowd);
  }

  render() {
    const { client, words } = this.#app;
    const room = client.rooms.get(client.current);
    this.element.hidden = !room;
    if (!room) return;
    say(this.#title, words.here(room.count));
    this.#crowd.hidden = room.members !== null || room.count === 0;
    const people = [...(room.members ?? [])].sort((a, b) => a.name.localeCompare(b.name));
    const shown = JSON.stringify([room.name, people]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#list.replaceChildren(...people.map((user) =>
      el('li', { 'data-user': user.id }, avatar(user), nameOf(user.name),
        user.id === client.user?.id ? el('span', { class: 'soft' }, words.you) : '')));
  }
}
