/** A banner about the connection, shown when there is something to say. */

import { el, say } from './dom.js';

/** @import { App } from './app.js' */

/** A connection that opens within this time is not announced, in milliseconds. */
const QUICK = 400;

export class Banner {
  #app;
  #text = el('span');
  #countdown = el('span', { class: 'countdown', 'aria-hidden': 'true' }); // not read aloud each second
  #retry;
  #since = 0;
  element;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
    this.#retry = el('button', { type: 'button', onclick: () => app.client.retryNow() }, app.words.retryNow);
    this.element = el('div', { class: 'banner', role: 'status', hidden: true }, this.#text, ' ', this.#countdown, this.#retry);
  }

  /** @returns {boolean} whether what it says changes with time */
  render() {
    const { client: { link, degraded }, words } = this.#app;
    const slow = link.phase === 'open' && degraded;
    this.element.dataset.state = slow ? 'slow' : link.phase;
    if (link.phase === 'open' || link.phase === 'idle') this.#since = 0;
    else this.#since ||= Date.now();
    const quick = this.element.hidden && link.phase === 'connecting' && Date.now() - this.#since < QUICK;
    this.element.hidden = link.phase === 'open' && !slow || link.phase === 'idle' || quick;
    // During an attempt the button stays when it has the focus.
    this.#retry.hidden = slow || link.phase === 'connecting' && document.activeElement !== this.#retry;
    this.#retry.setAttribute('aria-disabled', String(link.phase === 'connecting'));
    const left = Math.max(0, Math.ceil((link.retryAt - Date.now()) / 1000));
    say(this.#countdown, link.phase === 'waiting' ? words.retryIn(left) : link.phase === 'connecting' ? words.connecting : '');
    const main = slow ? words.slow : link.phase === 'stopped' ? words.stopped : words.lost;
    say(this.#text, link.reason ? `${main} (${link.reason})` : main);
    return link.phase === 'waiting' || quick;
  }
}
