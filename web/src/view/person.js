/** A user's colour and first letter. */

import { readable } from '../color.js';
import { el } from './dom.js';

/** @import { User } from '../protocol.js' */

/** The backgrounds behind names, as in style.css. */
export const BACKGROUND = { light: '#f2ede6', dark: '#231d21' };

/**
 * Sets the user's colour on an element, one for each colour scheme. style.css uses the one it needs.
 * @template {HTMLElement} E
 * @param {E} element
 * @param {string} color
 * @returns {E}
 */
export function tint(element, color) {
  element.style.setProperty('--who-light', readable(color, BACKGROUND.light));
  element.style.setProperty('--who-dark', readable(color, BACKGROUND.dark));
  return element;
}

/** @param {Pick<User, 'name'|'color'>} user */
export function avatar(user) {
  const letters = new Intl.Segmenter().segment(user.name)[Symbol.iterator]().next().value?.segment ?? '';
  return tint(el('span', { class: 'avatar', 'aria-hidden': 'true' }, letters.toUpperCase()), user.color);
}
