/** The input field. What is typed and not sent is kept for each room until the tab is closed. */

import { byteLength } from '../protocol.js';
import { bare, shows } from '../text.js';
import { byTouch, el, icon, say } from './dom.js';

/** @import { App } from './app.js' */

export class Composer {
  #app;
  #room = '';
  #text = el('textarea', { rows: 1, dir: 'auto', enterkeyhint: byTouch() ? 'enter' : 'send', autocomplete: 'off' });
  #send;
  #problem = el('p', { class: 'problem', role: 'alert', id: 'composer-problem' });
  #typing = el('p', { class: 'typing', 'aria-hidden': 'true' });
  element;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
    this.#send = el('button', { type: 'submit', class: 'send', 'aria-label': app.words.send, title: app.words.send }, icon('send'));
    this.#text.setAttribute('aria-describedby', 'composer-problem');
    if (!byTouch()) this.#text.title = app.words.messageHint;
    this.#text.addEventListener('input', () => this.#typed());
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    const form = el('form', { class: 'composer', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.#text, this.#send);
    this.element = el('div', { class: 'writing' }, this.#typing, form, this.#problem);
  }

  focus() {
    this.#text.focus({ preventScroll: true });
  }

  /** Puts a text back into the field, before what is there. @param {string} text */
  takeBack(text) {
    const typed = text.startsWith('/') ? `/${text}` : text; // one slash more, so that it is no command
    this.#text.value = this.#text.value ? `${typed}\n${this.#text.value}` : typed;
    this.#typed();
    this.focus();
  }

  render() {
    const { client, words } = this.#app;
    const room = client.rooms.get(client.current);
    this.element.hidden = !room;
    if (this.#room !== client.current) {
      this.#room = client.current;
      this.#text.value = this.#app.draft(this.#room);
      this.#measure();
    }
    const label = words.message(this.#room);
    this.#text.placeholder = label;
    this.#text.setAttribute('aria-label', label);
    this.#renderTyping(room?.typing.map((who) => who.user.name) ?? []);
  }

  /** @param {string[]} names */
  #renderTyping(names) {
    const { words } = this.#app;
    const key = names.join('\n');
    if (this.#typing.dataset.who === key) return;
    this.#typing.dataset.who = key;
    this.#typing.replaceChildren();
    if (names.length > 2) return this.#typing.append(words.several);
    names.forEach((name, i) => this.#typing.append(i > 0 ? words.and : '', el('bdi', {}, name)));
    if (names.length > 0) this.#typing.append(words.typing(names.length));
  }

  #typed() {
    this.#measure();
    this.#app.keepDraft(this.#room, this.#text.value);
    if (shows(this.#text.value) && /^[^/]/u.test(bare(this.#text.value))) this.#app.client.typing(this.#room);
  }

  /** Grows with its text, up to what style.css allows, and says when it is too long for the server. */
  #measure() {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight + 2}px`;
    const over = this.#over();
    say(this.#problem, over > 0 ? this.#app.words.tooLong(over) : '');
    this.#text.setAttribute('aria-invalid', String(over > 0));
  }

  /** By how many bytes the text is too long, if above 0. */
  #over() {
    return byteLength(bare(this.#text.value)) - this.#app.client.limits.text;
  }

  /** A command cannot be done: its line is there to be mended, unless one writes something else. @param {string} line @param {string} why */
  #refuse(line, why) {
    if (this.#text.value === '') this.#text.value = line;
    this.#app.keepDraft(this.#room, this.#text.value);
    this.#measure();
    say(this.#problem, why);
    this.#text.setAttribute('aria-invalid', 'true');
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Enter') return;
    // The keyboards of touch screens have no Shift+Enter: there Enter is the new line, and the button sends.
    if (event.ctrlKey || event.metaKey || (!event.shiftKey && !byTouch())) this.#submit(event);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = bare(this.#text.value);
    if (!shows(text) || this.#over() > 0) return;
    this.#text.value = '';
    this.#app.keepDraft(this.#room, '');
    this.#measure();
    this.focus();
    if (/^\/(?!\/)/u.test(text)) this.#app.command(text, (why) => this.#refuse(text, why));
    else this.#app.send(this.#room, text.replace(/^\/\//u, '/'));
  }
}
