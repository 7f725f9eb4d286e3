/** The dialog with the name, the language and the button to leave. */

import { reason } from './commands.js';
import { el, say } from './dom.js';
import { saveLink } from './saved.js';

/** @import { App } from './app.js' */

/** @param {App} app */
export function languageSwitch(app) {
  const choice = (/** @type {'fr'|'en'} */ language, /** @type {string} */ label) =>
    el('button', {
      type: 'button', lang: language, 'aria-pressed': String(app.language === language), 'data-language': language,
      onclick: () => app.setLanguage(language),
    }, label);
  return el('div', { class: 'languages', role: 'group', 'aria-label': app.words.language },
    choice('fr', 'Français'), choice('en', 'English'));
}

/**
 * @param {App} app
 * @param {string} [typed]  the name as it is being edited
 * @returns {HTMLDialogElement} closed
 */
export function settingsDialog(app, typed) {
  const { words, client } = app;
  const problem = el('p', { class: 'problem', role: 'alert', id: 'rename-problem' });
  const name = el('input', {
    'aria-describedby': 'rename-problem', maxlength: 64, autocomplete: 'off', spellcheck: 'false', value: typed ?? client.user?.name,
  });
  const dialog = el('dialog', { class: 'settings', 'aria-label': words.settings });
  const rename = (/** @type {Event} */ event) => {
    event.preventDefault();
    const wanted = name.value.trim().replace(/\s+/gu, ' ');
    if (wanted === '') return say(problem, words.noName);
    if (wanted === client.user?.name) return dialog.close();
    client.rename(wanted, (error) => {
      if (error) say(problem, reason(app, error));
      else dialog.close();
    });
  };
  dialog.append(
    el('form', { onsubmit: rename },
      el('label', {}, el('span', {}, words.name), name),
      el('button', { type: 'submit', class: 'primary' }, words.save), problem),
    languageSwitch(app),
    // A page from a server can be saved as one file, which works from a disk.
    app.fromFile ? '' : saveLink(words.download, client.url),
    el('div', { class: 'actions' },
      el('button', { type: 'button', class: 'plain', onclick: () => app.quit() }, words.quit),
      el('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, words.close)));
  return dialog;
}
