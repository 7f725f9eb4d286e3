/**
 * A room's list on the page. It follows the end or stays where the user reads, and has a bounded number of rows.
 */

import { items } from '../items.js';
import { alone, el, icon, say } from './dom.js';
import { row, signature } from './rows.js';

/** @import { App } from './app.js' */
/** @import { Item } from '../items.js' */

/** The most rows on the page: at the end of the list, and on each side of where the user reads. */
const AT_END = 300;
const AROUND = 200;

/** A scroll position this near to the end counts as the end, and this near to the top loads more. In CSS pixels. */
const NEAR_END = 48;
const NEAR_TOP = 600;

export class Log {
  #app;
  #list = el('div', { class: 'rows', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions' });
  #scroller = el('div', { class: 'scroller', tabindex: 0 }, this.#list);
  #latestText = el('span');
  #latest;
  element;

  #room = '';
  #following = true;
  /** @type {Item[]} */ #items = [];
  /** @type {Map<string, {element: HTMLElement, signature: string}>} */ #rows = new Map();

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
    this.#latest = el('button', { type: 'button', class: 'latest', hidden: true, onclick: () => this.toEnd() },
      icon('down'), this.#latestText);
    this.element = el('div', { class: 'log' }, this.#scroller, this.#latest);
    this.#scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#following && this.#pin()).observe(this.#scroller);
  }

  focus() {
    this.#scroller.focus({ preventScroll: true });
  }

  /** Scrolls to the newest message and stays there. */
  toEnd() {
    this.#following = true;
    this.#app.client.hold(this.#room, false);
    this.render();
  }

  render() {
    const { client, clock, words } = this.#app;
    const room = client.rooms.get(client.current);
    const other = this.#room !== client.current;
    if (other) this.#enter(client.current);
    this.#items = room ? items(room, client.outbox.of(room.name), client.user?.id ?? '', clock.dayKey) : [];
    this.#list.setAttribute('aria-label', words.log(client.current));
    const anchor = this.#following ? null : this.#anchor();
    const shown = this.#items.slice(...this.#window(anchor?.key));
    const first = this.#firstKey();
    // Rows of another room and older rows above are not new: a screen reader must not read them aloud.
    const quiet = other || (first !== undefined && shown.findIndex((item) => item.key === first) > 0);
    this.#list.setAttribute('aria-live', quiet ? 'off' : 'polite');
    this.#place(shown);
    if (this.#following) this.#pin();
    else if (anchor) this.#restore(anchor);
    this.#latest.hidden = this.#following;
    this.#latest.dataset.unread = String(room?.unread ?? 0);
    say(this.#latestText, room?.unread ? words.newCount(room.unread) : words.latest);
    this.#fillScreen();
  }

  /** @param {string} name */
  #enter(name) {
    for (const room of [this.#room, name]) this.#app.client.hold(room, false);
    this.#room = name;
    this.#following = true;
    this.#rows.clear();
    if (this.#list.contains(document.activeElement)) this.focus();
    this.#list.replaceChildren();
  }

  /** @param {string|undefined} key  of the row that is being read @returns {[number, number]} */
  #window(key) {
    const all = this.#items.length;
    const at = key === undefined ? -1 : this.#items.findIndex((item) => item.key === key);
    if (at < 0) return [Math.max(0, all - AT_END), all];
    return [Math.max(0, at - AROUND), Math.min(all, at + AROUND)];
  }

  #firstKey() {
    return /** @type {HTMLElement|null} */ (this.#list.firstElementChild)?.dataset.key;
  }

  /** Makes the page's rows those of `shown`, and changes only what differs. @param {Item[]} shown */
  #place(shown) {
    /** @type {Map<string, {element: HTMLElement, signature: string}>} */
    const rows = new Map();
    let next = this.#list.firstElementChild;
    for (const item of shown) {
      const loading = this.#loading(item);
      const wanted = signature(item, loading, this.#app.clock);
      let kept = this.#rows.get(item.key);
      if (kept?.signature !== wanted) {
        const element = alone(`row ${item.key}`, () => row(this.#app, item, loading), el('div', { class: 'row' }));
        element.dataset.key = item.key;
        if (kept) {
          if (kept.element === next) next = element;
          const focused = kept.element.contains(document.activeElement);
          element.toggleAttribute('open', kept.element.hasAttribute('open'));
          kept.element.replaceWith(element);
          if (focused) /** @type {HTMLElement} */ (element.querySelector('button, summary') ?? this.#scroller).focus({ preventScroll: true });
        }
        kept = { element, signature: wanted };
      }
      rows.set(item.key, kept);
      if (kept.element === next) next = next.nextElementSibling;
      else this.#list.insertBefore(kept.element, next);
    }
    for (const [key, { element }] of this.#rows) {
      if (rows.has(key)) continue;
      if (element.contains(document.activeElement)) this.focus();
      element.remove();
    }
    this.#rows = rows;
  }

  /** @param {Item} item */
  #loading(item) {
    const { loading } = this.#app.client;
    if (item.kind === 'gap') return loading.has(`${this.#room} gap ${item.after}`);
    return item.kind === 'older' && loading.has(`${this.#room} older`);
  }

  #pin() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** The first row in sight that will stay, and its position. */
  #anchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    const keys = new Set(this.#items.map((item) => item.key));
    for (const child of this.#list.children) {
      const element = /** @type {HTMLElement} */ (child);
      const key = element.dataset.key ?? '';
      const box = element.getBoundingClientRect();
      if (box.bottom > top && key !== 'older' && keys.has(key)) return { key, offset: box.top - top };
    }
    return null;
  }

  /** @param {{key: string, offset: number}} anchor */
  #restore({ key, offset }) {
    const element = this.#rows.get(key)?.element;
    if (!element) return;
    const now = element.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
    if (Math.abs(now - offset) >= 1) this.#scroller.scrollTop += now - offset;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const ended = scrollHeight - scrollTop - clientHeight < NEAR_END;
    const last = this.#list.lastElementChild;
    const complete = /** @type {HTMLElement|null} */ (last)?.dataset.key === this.#items.at(-1)?.key;
    const following = ended && complete;
    if (following !== this.#following) {
      this.#following = following;
      this.#app.client.hold(this.#room, !following);
      this.#latest.hidden = following;
    }
    const top = scrollTop < NEAR_TOP;
    if (top && this.#firstKey() === this.#items[0]?.key) this.#fillTop();
    else if ((top || (ended && !complete)) && this.#items.length > 0) this.#app.schedule();
  }

  #fillTop() {
    if (this.#items[0]?.kind === 'older' && !this.#loading(this.#items[0])) this.#app.loadOlder();
  }

  /** A list too short to scroll would never load more by itself. */
  #fillScreen() {
    const { scrollHeight, clientHeight } = this.#scroller;
    if (clientHeight > 0 && scrollHeight <= clientHeight + NEAR_END) this.#fillTop();
  }
}
