/** The rows of a room's list. */

import { isEmoji, isLong, pieces } from '../text.js';
import { el, nameOf } from './dom.js';
import { avatar, tint } from './person.js';

/** @import { Item } from '../items.js' */
/** @import { App } from './app.js' */
/** @import { Notice } from '../room.js' */

/** Up to this many names are shown; a longer list can be unfolded. */
const NAMED = 3;

/**
 * What a row shows besides its key. When it changes, the row is made again.
 * @param {Item} item @param {boolean} loading @param {App['clock']} clock
 */
export function signature(item, loading, clock) {
  switch (item.kind) {
    case 'message':
      return `${item.first} ${clock.zone} ${item.event.text}`;
    case 'pending':
      return `${item.first} ${item.entry.state} ${item.entry.reason}`;
    case 'gap':
      return `${item.missing} ${loading}`;
    case 'older':
      return String(loading);
    case 'notice':
      return item.names.join('\n');
    case 'day':
      return `${clock.zone} ${clock.dayKey(new Date())}`; // "today" is another day tomorrow
    default:
      return '';
  }
}

/** @param {App} app @param {Item} item @param {boolean} loading @returns {HTMLElement} */
export function row(app, item, loading) {
  const { words, clock } = app;
  switch (item.kind) {
    case 'message':
      return messageRow(app, item);
    case 'pending':
      return pendingRow(app, item);
    case 'notice':
      if (item.notice.lines) return toldRow(item.notice.lines);
      return noticeRow(app, item);
    case 'day':
      return el('div', { class: 'row day', role: 'separator' }, el('span', {}, clock.day(item.at, new Date())));
    case 'new':
      return el('div', { class: 'row new', role: 'separator' }, el('span', {}, words.newMessages));
    case 'gap':
      return el('div', { class: 'row gap', 'data-gap': item.after },
        el('button', { type: 'button', onclick: () => app.loadGap(item.after) },
          loading ? words.loading : words.gap(item.missing)));
    case 'older':
      return el('div', { class: 'row older' },
        el('button', { type: 'button', onclick: () => app.loadOlder() }, loading ? words.loading : words.older));
    case 'beginning':
      return el('p', { class: 'row beginning' }, words.beginning);
  }
}

/** @param {App} app @param {Extract<Item, {kind: 'message'}>} item */
function messageRow(app, { event, at, own, first }) {
  const who = own
    ? el('p', { class: 'who' }, app.words.youSaid)
    : el('p', { class: 'who' }, nameOf(event.user.name), el('span', { class: 'said' }, app.words.said));
  tint(who, event.user.color);
  return el('article',
    {
      class: `row message${own ? ' own' : ''}${first ? ' first' : ''}`,
      'data-seq': event.seq, 'data-cid': event.cid, 'data-user': event.user.id,
    },
    ...(own ? [] : [avatar(event.user)]),
    el('div', { class: 'turn' },
      who,
      el('div', { class: 'bubble' },
        textOf(event.text ?? ''),
        el('time', { datetime: event.at, title: app.clock.full(at) }, app.clock.time(at)))));
}

/** @param {App} app @param {Extract<Item, {kind: 'pending'}>} item */
function pendingRow(app, { entry, first }) {
  const { words } = app;
  const state = entry.state === 'failed'
    ? el('p', { class: 'state' }, `${words.failed} — ${words.codes[entry.code] ?? entry.reason}`)
    : el('p', { class: 'state' }, entry.state === 'stored' ? words.sent : words.waiting);
  const act = (/** @type {string} */ label, /** @type {() => void} */ onclick) =>
    el('button', { type: 'button', onclick }, label);
  if (entry.state === 'failed') {
    state.append(
      act(words.resend, () => app.client.resend(entry.cid)),
      act(words.edit, () => app.takeBack(entry.cid)),
      act(words.discard, () => app.client.discard(entry.cid)));
  }
  return el('article',
    {
      class: `row message own pending${first ? ' first' : ''}`,
      'data-cid': entry.cid, 'data-state': entry.state,
    },
    el('div', { class: 'turn' },
      el('p', { class: 'who' }, words.youSaid),
      el('div', { class: 'bubble' }, textOf(entry.text)),
      state));
}

/** @param {string[]} lines */
function toldRow(lines) {
  return el('div', { class: 'row told', 'data-notice': 'told' }, ...lines.map((line) => el('p', { dir: 'auto' }, line)));
}

/** @param {App} app @param {Extract<Item, {kind: 'notice'}>} item */
function noticeRow(app, { notice, names }) {
  const props = { class: 'row notice', 'data-notice': notice.what };
  const sentence = noticeText(app, notice, names);
  if (names.length <= NAMED) return el('p', props, ...sentence);
  const all = names.flatMap((name) => [', ', nameOf(name)]).slice(1);
  return el('details', props, el('summary', {}, ...sentence), el('p', {}, ...all));
}

/** @param {App} app @param {Notice} notice @param {string[]} names @returns {(Node|string)[]} */
function noticeText({ words }, { what, name, old }, names) {
  const n = names.length;
  switch (what) {
    case 'join':
      return [...listed(words, names), words.joined(n)];
    case 'leave':
      return [...listed(words, names), words.left(n)];
    case 'back':
      return [...listed(words, names), words.back(n)];
    case 'rename':
      return [nameOf(old), words.renamed, nameOf(name)];
    case 'welcome':
      return [words.welcome, nameOf(name)];
    case 'welcome_back':
      return [words.welcomeBack, nameOf(name)];
    default:
      return [];
  }
}

/** Names in a sentence: all of a few, or the first two of many. @param {App['words']} words @param {string[]} names */
function listed(words, names) {
  const many = names.length > NAMED;
  const parts = (many ? names.slice(0, 2) : names).map((name) => /** @type {Node|string} */ (nameOf(name)));
  if (many) parts.push(words.others(names.length - 2));
  return parts.flatMap((part, i) => (i === 0 ? [part] : [i === parts.length - 1 ? words.and : ', ', part]));
}

/** @param {string} text */
function textOf(text) {
  const long = isLong(text);
  const kind = isEmoji(text) ? ' emoji' : long ? ' long' : '';
  return el('p', { class: `text${kind}`, dir: 'auto', tabindex: long ? 0 : undefined },
    ...pieces(text).map(({ text: shown, href }) =>
      href ? el('a', { href, rel: 'noopener noreferrer nofollow', target: '_blank' }, shown) : shown));
}
